package dev.graft.nn.table;

import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LastBatch;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.data.table.EncodedRows;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.nn.loss.BceWithLogitsLoss;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.CosineLr;
import dev.graft.nn.optim.LinearWarmup;
import dev.graft.nn.optim.LrSchedule;
import dev.graft.nn.optim.ParameterGroup;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.History;
import dev.graft.nn.train.Scores;
import dev.graft.nn.train.Trainer;
import dev.graft.nn.train.TrainerBuilder;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Trains networks on encoded rows, and asks them. */
final class TableTraining {
    private static final double WARM_UP = 0.1;
    private static final int PREDICTED_TOGETHER = 4096;

    private TableTraining() {}

    /** A new network, trained. */
    static TableNetwork train(TableEncoder encoder, EncodedRows rows, boolean[] positive, TableSettings settings) {
        return train(encoder, rows, positive, settings, builder -> builder);
    }

    static TableNetwork train(
            TableEncoder encoder,
            EncodedRows rows,
            boolean[] positive,
            TableSettings settings,
            UnaryOperator<TrainerBuilder> more) {
        TableNetwork network = TableNetwork.of(
                encoder, settings.hidden(), settings.dropout(), RandomStream.of(settings.seed(), "table.network"));
        try {
            network.scaleEmbeddings(settings.embeddings());
            network.startAt(startingProbability(positive));
            fit(network, rows, positive, settings, Optional.empty(), more);
            network.eval();
            return network;
        } catch (RuntimeException | Error e) {
            network.close();
            throw e;
        }
    }

    /** The share of yes, away from 0 and 1. */
    static double startingProbability(boolean[] positive) {
        double yes = 0;
        for (boolean answer : positive) {
            yes += answer ? 1 : 0;
        }
        return (yes + 0.5) / (positive.length + 1);
    }

    /**
     * Trains what is not frozen.
     *
     * @param held rows to judge each epoch by
     */
    static History fit(
            Module network,
            EncodedRows rows,
            boolean[] positive,
            TableSettings settings,
            Optional<Data> held,
            UnaryOperator<TrainerBuilder> more) {
        try (Data data = new Data(rows, positive);
                DataLoader loader = data.loader(settings);
                AdamW optimizer = new AdamW(groups(network, settings.rate(), settings.decay()))) {
            return fit(
                    more.apply(Trainer.builder(network, new BceWithLogitsLoss(), optimizer)
                            .epochs(settings.epochs())
                            .schedulePerStep(schedule(Trainer.steps(loader, settings.epochs(), 1)))),
                    loader,
                    held);
        }
    }

    /** Trains to the end of the schedule: the last weights are the best, and held rows only show how it goes. */
    static History fit(TrainerBuilder builder, DataLoader loader, Optional<Data> held) {
        Trainer trainer = builder.restoreBest(false).build();
        if (held.isEmpty()) {
            return trainer.fit(loader);
        }
        try (DataLoader judged = held.get().inOrder()) {
            return trainer.fit(loader, judged);
        }
    }

    /** Biases and norms do not decay: their decay would pull the mean prediction away from the prevalence. */
    static List<ParameterGroup<AdamW.Options>> groups(Module network, double rate, double decay) {
        AdamW.Options decaying = AdamW.lr(rate).weightDecay(decay);
        AdamW.Options staying = AdamW.lr(rate).weightDecay(0);
        return ParameterGroup.of(
                network, (name, parameter) -> ParameterGroup.isBiasOrNorm(name, parameter) ? staying : decaying);
    }

    /** Up over the first tenth of the steps, then along half a cosine. */
    static LrSchedule schedule(long steps) {
        long warmUp = Math.max(1, Math.round(WARM_UP * steps));
        return new LinearWarmup(warmUp, new CosineLr(Math.max(1, steps - warmUp)));
    }

    /** Rows and answers as tensors. */
    static final class Data implements AutoCloseable {
        private final Tensor codes;
        private final Tensor numbers;
        private final Tensor labels;

        Data(EncodedRows rows, boolean[] positive) {
            codes = rows.codesTensor();
            numbers = rows.numbersTensor();
            long[] classes = new long[positive.length];
            for (int i = 0; i < classes.length; i++) {
                classes[i] = positive[i] ? 1 : 0;
            }
            labels = Tensor.of(classes, classes.length);
        }

        /** Gathering rows is so cheap that a thread of its own would only take time from the network. */
        DataLoader loader(TableSettings settings) {
            return DataLoader.of(
                            new TensorDataset(List.of(codes, numbers), List.of(labels)),
                            Math.min(settings.batch(), labels.dim(0)))
                    .workers(0)
                    .lastBatch(LastBatch.MERGE_SINGLE)
                    .shuffled(RandomStream.seed(settings.seed(), "table.order"));
        }

        /** All rows once, in their order. */
        DataLoader inOrder() {
            return DataLoader.of(
                            new TensorDataset(List.of(codes, numbers), List.of(labels)),
                            Math.min(PREDICTED_TOGETHER, labels.dim(0)))
                    .workers(0);
        }

        @Override
        public void close() {
            codes.close();
            numbers.close();
            labels.close();
        }
    }

    /** The probability of yes for each row. */
    @SuppressWarnings("try")
    static double[] predict(Module network, EncodedRows rows) {
        return network.evaluating(() -> {
            double[] probabilities = new double[rows.size()];
            for (int from = 0; from < rows.size(); from += PREDICTED_TOGETHER) {
                int to = Math.min(rows.size(), from + PREDICTED_TOGETHER);
                int[] part = new int[to - from];
                for (int i = 0; i < part.length; i++) {
                    part[i] = from + i;
                }
                EncodedRows some = rows.only(part);
                try (Scope scope = Scope.open();
                        Autograd.Guard guard = Autograd.noGrad()) {
                    float[] logits = network.forward(List.of(some.codesTensor(), some.numbersTensor()))
                            .get(0)
                            .toFloatArray();
                    for (int i = 0; i < part.length; i++) {
                        probabilities[from + i] = 1 / (1 + Math.exp(-logits[i]));
                    }
                }
            }
            return probabilities;
        });
    }

    /** An epoch for {@code metrics.json}. */
    static Map<String, Object> toMap(EpochResult result) {
        Optional<Scores> scores = result.validation();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("epoch", result.epoch());
        map.put("learning_rate", result.learningRate());
        map.put("train_loss", result.trainLoss());
        map.put("train_accuracy", result.trainAccuracy());
        map.put("val_loss", scores.map(Scores::loss).orElse(Double.NaN));
        map.put("val_accuracy", scores.map(Scores::accuracy).orElse(Double.NaN));
        map.put("val_auroc", scores.map(Scores::auroc).orElse(Double.NaN));
        map.put("seconds", result.seconds());
        map.put("rows_per_second", result.examplesPerSecond());
        return map;
    }
}
