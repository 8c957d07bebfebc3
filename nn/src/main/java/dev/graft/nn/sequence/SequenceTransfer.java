package dev.graft.nn.sequence;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.LastBatch;
import dev.graft.nn.data.Subset;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.CosineLr;
import dev.graft.nn.optim.LinearWarmup;
import dev.graft.nn.optim.ParameterGroup;
import dev.graft.nn.train.History;
import dev.graft.nn.train.Trainer;
import dev.graft.nn.train.TrainerBuilder;
import dev.graft.nn.train.TrainerCallback;
import dev.graft.nn.train.Training;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * How a network that was pretrained on a genome learns the classes of sequences: a new head first, while the body is
 * frozen, then everything at a third of the rate, with the body's running statistics kept. Biases and norms do not
 * decay.
 *
 * <pre>{@code
 * SequenceSplit split = SequenceSplit.grouped(LabelledSequences.read(Path.of("promoters.tsv")), 0);
 * SequenceTransfer recipe = new SequenceTransfer(SequenceClassifier.Head.POOLED, 0);
 * try (SequenceClassifier network = recipe.transfer(body, split.sequences(), split.train(200))) {
 *     float[][] probabilities = SequenceTransfer.probabilities(network, List.of("ACGT..."));
 * }
 * }</pre>
 *
 * @param head what the new layers see
 * @param seed of the new weights, dropout, and the order of sequences
 */
public record SequenceTransfer(SequenceClassifier.Head head, long seed) {
    private static final double HEAD_RATE = 3e-3;
    private static final double ALL_RATE = 1e-3;
    private static final double SCRATCH_RATE = 3e-3;
    private static final double DECAY = 0.01;
    private static final int MOST_EPOCHS = 30;
    /** Sequences up to so many bases get more epochs. */
    private static final int SHORT = 100;

    private static final int FEW = 300;
    private static final int TOGETHER = 256;

    /** The number of epochs of each of the two phases, for so many sequences of a length. */
    public static int epochs(int sequences, int length) {
        int base = length <= SHORT ? 6000 : 4000;
        int least = length <= SHORT ? 4 : 3;
        return Math.max(least, Math.min(MOST_EPOCHS, base / sequences));
    }

    private static int batch(int sequences) {
        return sequences <= FEW ? 16 : 32;
    }

    /**
     * A classifier on a pretrained body, which it takes over.
     *
     * @param train the sequences to learn from
     */
    public SequenceClassifier transfer(DilatedResNet body, LabelledSequences sequences, int... train) {
        SequenceClassifier network = untrained(body, sequences);
        try {
            fitHead(network, sequences, train);
            fitAll(network, sequences, train, builder -> builder);
            network.eval();
            return network;
        } catch (RuntimeException | Error e) {
            network.close();
            throw e;
        }
    }

    /** A classifier from random weights, whose body is SpliceAI's network of this context. */
    public SequenceClassifier scratch(int context, LabelledSequences sequences, int... train) {
        RandomStream random = RandomStream.of(seed, "transfer.scratch");
        SequenceClassifier network = new SequenceClassifier(
                DilatedResNet.spliceAi(context, random),
                head,
                sequences.length(),
                sequences.classes().size(),
                random);
        try {
            Dataset<Example> examples = new Subset(encoded(sequences, context), train);
            fit(network, examples, SCRATCH_RATE, sequences.length(), builder -> builder);
            network.eval();
            return network;
        } catch (RuntimeException | Error e) {
            network.close();
            throw e;
        }
    }

    /** The network before its training. */
    SequenceClassifier untrained(DilatedResNet body, LabelledSequences sequences) {
        return new SequenceClassifier(
                body, head, sequences.length(), sequences.classes().size(), RandomStream.of(seed, "transfer.head"));
    }

    private static LabelledSequences encoded(LabelledSequences sequences, int context) {
        return sequences.encoding(OneHotBases.zeros().context(context));
    }

    /** The first phase. The body's answers do not change, so they are computed once. */
    void fitHead(SequenceClassifier network, LabelledSequences sequences, int... train) {
        network.eval();
        float[] seen;
        int[] shape;
        try (Tensor features = features(network, sequences, train)) {
            shape = features.shape().toArray();
            seen = features.toFloatArray();
        }
        long[] classes = Arrays.stream(train).mapToLong(sequences::label).toArray();
        try (Tensor features = Tensor.of(seen, shape);
                Tensor labels = Tensor.of(classes, train.length)) {
            fit(network.head(), new TensorDataset(features, labels), HEAD_RATE, sequences.length(), builder -> builder);
        }
    }

    /** The second phase. */
    History fitAll(
            SequenceClassifier network, LabelledSequences sequences, int[] train, UnaryOperator<TrainerBuilder> more) {
        return fitAll(network, sequences, train, new int[0], more);
    }

    /** @param judges sequences to judge each epoch by; they have no influence */
    History fitAll(
            SequenceClassifier network,
            LabelledSequences sequences,
            int[] train,
            int[] judges,
            UnaryOperator<TrainerBuilder> more) {
        LabelledSequences all = encoded(sequences, network.body().context());
        UnaryOperator<TrainerBuilder> keeping = builder -> more.apply(builder.callback(new TrainerCallback() {
            @Override
            public void epochStarted(Training training) {
                network.body().eval(); // the weights are trained, the running statistics are kept
            }
        }));
        Dataset<Example> examples = new Subset(all, train);
        if (judges.length == 0) {
            return fit(network, examples, ALL_RATE, sequences.length(), keeping);
        }
        try (DataLoader judged = DataLoader.of(new Subset(all, judges), TOGETHER)) {
            return fit(network, examples, judged, ALL_RATE, sequences.length(), keeping);
        }
    }

    private History fit(
            Module network, Dataset<Example> examples, double rate, int length, UnaryOperator<TrainerBuilder> more) {
        return fit(network, examples, null, rate, length, more);
    }

    private History fit(
            Module network,
            Dataset<Example> examples,
            @org.jspecify.annotations.Nullable DataLoader judged,
            double rate,
            int length,
            UnaryOperator<TrainerBuilder> more) {
        int epochs = epochs(examples.size(), length);
        try (DataLoader loader = DataLoader.of(examples, batch(examples.size()))
                        .shuffled(RandomStream.seed(seed, "transfer.order"))
                        .lastBatch(LastBatch.MERGE_SINGLE);
                AdamW adam = new AdamW(groups(network, rate))) {
            long steps = (long) epochs * loader.batches();
            long warmUp = Math.max(1, steps / 10);
            Trainer trainer = more.apply(Trainer.builder(network, new CrossEntropyLoss(), adam)
                            .epochs(epochs)
                            .schedulePerStep(new LinearWarmup(warmUp, new CosineLr(Math.max(1, steps - warmUp))))
                            .restoreBest(false))
                    .build();
            return judged == null ? trainer.fit(loader) : trainer.fit(loader, judged);
        }
    }

    /** Biases and norms do not decay. */
    private static List<ParameterGroup<AdamW.Options>> groups(Module network, double rate) {
        AdamW.Options decaying = AdamW.lr(rate).weightDecay(DECAY);
        AdamW.Options staying = AdamW.lr(rate).weightDecay(0);
        return ParameterGroup.of(
                network, (name, parameter) -> ParameterGroup.isBiasOrNorm(name, parameter) ? staying : decaying);
    }

    /** What the head sees of sequences. */
    @SuppressWarnings("try")
    private static Tensor features(SequenceClassifier network, LabelledSequences sequences, int... rows) {
        OneHotBases encoding = OneHotBases.zeros().context(network.body().context());
        List<Tensor> pieces = new ArrayList<>();
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            for (int at = 0; at < rows.length; at += TOGETHER) {
                List<String> some = Arrays.stream(rows, at, Math.min(rows.length, at + TOGETHER))
                        .mapToObj(sequences.sequences()::get)
                        .toList();
                pieces.add(network.features(encoding.encode(some)));
            }
            return Tensor.concat(0, pieces).keep();
        }
    }

    /**
     * The probability of each class for each sequence, {@code [sequences][classes]}.
     *
     * @throws IllegalArgumentException if a length is not that of the sequences which the network has learnt from
     */
    @SuppressWarnings("try")
    public static float[][] probabilities(SequenceClassifier network, List<String> sequences) {
        OneHotBases encoding = OneHotBases.zeros().context(network.body().context());
        for (String letters : sequences) {
            if (letters.length() != network.length()) {
                throw new IllegalArgumentException("sequence classifier: a sequence has " + letters.length()
                        + " bases, the network has learnt from " + network.length()
                        + ". Hint: cut it, or pad it with N, to that length.");
            }
        }
        return network.evaluating(() -> {
            float[][] all = new float[sequences.size()][];
            for (int at = 0; at < all.length; at += TOGETHER) {
                List<String> some = sequences.subList(at, Math.min(all.length, at + TOGETHER));
                try (Scope scope = Scope.open();
                        Autograd.Guard guard = Autograd.noGrad()) {
                    float[] p =
                            network.forward(encoding.encode(some)).softmax(1).toFloatArray();
                    int classes = p.length / some.size();
                    for (int i = 0; i < some.size(); i++) {
                        all[at + i] = Arrays.copyOfRange(p, i * classes, (i + 1) * classes);
                    }
                }
            }
            return all;
        });
    }

    /** A network with the same weights. */
    static DilatedResNet copy(DilatedResNet network) {
        DilatedResNet copy = network.untrained(RandomStream.of(0, "transfer.copy"));
        try (StateDict state = network.stateDict()) {
            copy.load(state);
        }
        return copy;
    }
}
