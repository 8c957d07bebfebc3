package dev.graft.examples.genomics;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.Folds;
import dev.graft.nn.data.LastBatch;
import dev.graft.nn.data.Subset;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.data.sequence.Kmers;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.nn.linear.LogisticRegression;
import dev.graft.nn.linear.SparseRows;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.metric.Average;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.CosineLr;
import dev.graft.nn.optim.LinearWarmup;
import dev.graft.nn.optim.ParameterGroup;
import dev.graft.nn.sequence.DilatedResNet;
import dev.graft.nn.train.Trainer;
import dev.graft.nn.train.TrainerCallback;
import dev.graft.nn.train.Training;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A network of the human genome on another task, beside what it must be compared with: the same network from scratch,
 * logistic regressions on k-mers, on positions and on the content of G and C, and, for splice junctions, the network as
 * it is.
 */
public final class Transfer {
    /** Folds, by group, of the sequences to train on, which must be in as many groups at least. */
    public static final int INNER_FOLDS = 3;

    private static final double[] STRENGTHS = {0.003, 0.03, 0.3, 3};
    /** Of regressions: enough for their ranking. */
    private static final double PRECISION = 1e-5;

    private static final double HEAD_RATE = 3e-3;
    private static final double ALL_RATE = 1e-3;
    private static final double SCRATCH_RATE = 3e-3;
    private static final int MOST_EPOCHS = 30;
    private static final int SHORT = 100;
    private static final int FEW = 300;
    private static final int DONOR = 29;

    private final TransferData data;
    private final Supplier<DilatedResNet> pretrained;
    private final SequenceClassifier.Head head;
    private final long seed;
    private final int[] train;
    private final int[] test;
    private final LabelledSequences sequences;

    /** The probabilities of the held sequences by one way, and the area under the curve with its interval. */
    public record Answer(float[][] probabilities, Estimate auroc) {}

    /**
     * Prepares a comparison.
     *
     * @param pretrained makes a new network with the human weights for each call
     * @param size how many sequences of the pool to train on
     */
    public Transfer(
            TransferData data, Supplier<DilatedResNet> pretrained, SequenceClassifier.Head head, int size, long seed) {
        this.data = data;
        this.pretrained = pretrained;
        this.head = head;
        this.seed = seed;
        this.train = data.train(size);
        this.test = data.test();
        try (DilatedResNet body = pretrained.get()) {
            this.sequences = data.sequences().encoding(OneHotBases.zeros().context(body.context()));
        }
    }

    /**
     * All ways, in the order transfer, scratch, kmer, positional, gc and, for splice junctions, zero_shot.
     *
     * @param done is told of each as soon as it is there
     */
    public Map<String, Answer> run(Consumer<String> done) {
        Map<String, Answer> answers = new LinkedHashMap<>();
        add(answers, "transfer", transfer(), done);
        add(answers, "scratch", scratch(), done);
        add(answers, "kmer", regression(Kmers.of(1, 6)::logCounts), done);
        add(answers, "positional", regression(Transfer::positions), done);
        add(answers, "gc", regression(Transfer::gc), done);
        if (data.isSplice()) {
            add(answers, "zero_shot", zeroShot(), done);
        }
        return answers;
    }

    private void add(Map<String, Answer> answers, String name, float[][] probabilities, Consumer<String> done) {
        int[] groups = data.groups().groupOf();
        int[] labels = labels(test);
        Cases cases = Cases.of(probabilities, labels)
                .groups(Arrays.stream(test).mapToObj(i -> "group " + groups[i]).toList());
        Intervals intervals = Intervals.defaults().resamples(1000);
        Estimate auroc = probabilities[0].length == 2
                ? intervals.bootstrap(BinaryMetrics.auroc(), cases.positiveClass())
                : intervals.bootstrap(Average.MACRO.of(BinaryMetrics.auroc()), cases);
        answers.put(name, new Answer(probabilities, auroc));
        done.accept(name + ": " + auroc);
    }

    private int[] labels(int[] rows) {
        int[] all = sequences.labels();
        return Arrays.stream(rows).map(i -> all[i]).toArray();
    }

    private int epochs() {
        int base = sequences.length() <= SHORT ? 6000 : 4000;
        int least = sequences.length() <= SHORT ? 4 : 3;
        return Math.max(least, Math.min(MOST_EPOCHS, base / train.length));
    }

    private int batch() {
        return train.length <= FEW ? 16 : 32;
    }

    private float[][] transfer() {
        RandomStream random = RandomStream.of(seed, "transfer.head");
        try (SequenceClassifier model = classifier(pretrained.get(), random)) {
            model.eval();
            float[][] seen = new float[1][];
            int[] shape;
            try (Tensor features = features(model)) {
                shape = features.shape().toArray();
                seen[0] = features.toFloatArray();
            }
            try (Tensor features = Tensor.of(seen[0], shape);
                    Tensor labels = Tensor.of(longs(labels(train)), train.length)) {
                fit(model.head(), new TensorDataset(features, labels), HEAD_RATE, false);
            }
            fit(model, new Subset(sequences, train), ALL_RATE, true);
            return probabilities(model);
        }
    }

    private SequenceClassifier classifier(DilatedResNet body, RandomStream random) {
        return new SequenceClassifier(
                body, head, sequences.length(), sequences.classes().size(), random);
    }

    private float[][] scratch() {
        RandomStream random = RandomStream.of(seed, "transfer.scratch");
        int context;
        try (DilatedResNet body = pretrained.get()) {
            context = body.context();
        }
        try (SequenceClassifier model = classifier(DilatedResNet.spliceAi(context, random), random)) {
            fit(model, new Subset(sequences, train), SCRATCH_RATE, false);
            return probabilities(model);
        }
    }

    private static long[] longs(int[] values) {
        return Arrays.stream(values).asLongStream().toArray();
    }

    /** What the head sees of the sequences to train on. */
    private Tensor features(SequenceClassifier model) {
        List<Tensor> pieces = new ArrayList<>();
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            for (int at = 0; at < train.length; at += 256) {
                pieces.add(model.features(encoded(Arrays.copyOfRange(train, at, Math.min(train.length, at + 256)))));
            }
            return Tensor.concat(0, pieces).keep();
        }
    }

    private Tensor encoded(int[] rows) {
        int context = sequences.get(rows[0], RandomStream.of(0, "none")).input().dim(1) - sequences.length();
        return OneHotBases.zeros()
                .context(context)
                .encode(Arrays.stream(rows).mapToObj(sequences.sequences()::get).toList());
    }

    private void fit(Module model, Dataset<Example> examples, double rate, boolean bodyFrozenStatistics) {
        int batch = batch();
        try (DataLoader loader = DataLoader.of(examples, batch)
                        .shuffled(RandomStream.seed(seed, "transfer.order"))
                        .lastBatch(LastBatch.MERGE_SINGLE);
                AdamW adam = new AdamW(groups(model, rate))) {
            long steps = (long) epochs() * loader.batches();
            long warmUp = Math.max(1, steps / 10);
            var trainer = Trainer.builder(model, new CrossEntropyLoss(), adam)
                    .epochs(epochs())
                    .schedulePerStep(new LinearWarmup(warmUp, new CosineLr(Math.max(1, steps - warmUp))));
            if (bodyFrozenStatistics && model instanceof SequenceClassifier classifier) {
                trainer = trainer.callback(new TrainerCallback() {
                    @Override
                    public void epochStarted(Training training) {
                        classifier.body().eval(); // the weights are trained, the running statistics are kept
                    }
                });
            }
            trainer.build().fit(loader);
        }
    }

    /** Biases and norms do not decay. */
    private static List<ParameterGroup<AdamW.Options>> groups(Module model, double rate) {
        AdamW.Options decaying = AdamW.lr(rate).weightDecay(0.01);
        AdamW.Options staying = AdamW.lr(rate).weightDecay(0);
        return ParameterGroup.of(
                model, (name, parameter) -> ParameterGroup.isBiasOrNorm(name, parameter) ? staying : decaying);
    }

    private float[][] probabilities(SequenceClassifier model) {
        model.eval();
        float[][] all = new float[test.length][];
        for (int at = 0; at < test.length; at += 256) {
            int[] rows = Arrays.copyOfRange(test, at, Math.min(test.length, at + 256));
            try (Scope scope = Scope.open();
                    Autograd.Guard guard = Autograd.noGrad()) {
                float[] p = model.forward(encoded(rows)).softmax(1).toFloatArray();
                int classes = p.length / rows.length;
                for (int i = 0; i < rows.length; i++) {
                    all[at + i] = Arrays.copyOfRange(p, i * classes, (i + 1) * classes);
                }
            }
        }
        return all;
    }

    /** The human network as it is: a donor at the last base of the first half, an acceptor at the next. */
    private float[][] zeroShot() {
        float[][] all = new float[test.length][];
        try (DilatedResNet network = pretrained.get()) {
            network.eval();
            for (int i = 0; i < test.length; i++) {
                try (Scope scope = Scope.open();
                        Autograd.Guard guard = Autograd.noGrad()) {
                    Tensor p = network.forward(encoded(new int[] {test[i]})).softmax(1);
                    float donor = p.get(0, 2, DONOR);
                    float acceptor = p.get(0, 1, DONOR + 1);
                    all[i] = new float[] {donor, acceptor, 1 - Math.max(donor, acceptor)};
                }
            }
        }
        return all;
    }

    private static float[] positions(String letters) {
        float[] columns = new float[4 * letters.length()];
        for (int i = 0; i < letters.length(); i++) {
            int code = Nucleotides.code((byte) letters.charAt(i));
            if (code != Nucleotides.OTHER) {
                columns[4 * i + code] = 1;
            }
        }
        return columns;
    }

    private static float[] gc(String letters) {
        float[] counts = Kmers.of(1, 1).counts(letters);
        return new float[] {10 * (counts[1] + counts[2]) / Math.max(1, counts[0] + counts[1] + counts[2] + counts[3])};
    }

    /** The strength of the penalty is chosen by log loss in folds by group of the sequences to train on. */
    private float[][] regression(Function<String, float[]> features) {
        SparseRows rows = SparseRows.of(Arrays.stream(train)
                .mapToObj(i -> features.apply(sequences.sequences().get(i)))
                .toList());
        int classes = sequences.classes().size();
        int[] labels = labels(train);
        int[] groups = data.groups().groupOf();
        Folds folds =
                Folds.grouped(Arrays.stream(train).mapToObj(i -> groups[i]).toList(), labels, INNER_FOLDS, seed);
        double bestLoss = Double.POSITIVE_INFINITY;
        double best = STRENGTHS[0];
        for (double c : STRENGTHS) {
            double loss = 0;
            for (int f = 0; f < INNER_FOLDS; f++) {
                int[] in = folds.split(f).train();
                int[] out = folds.split(f).held();
                double[][] p = LogisticRegression.fit(
                                rows.only(in),
                                Arrays.stream(in).map(i -> labels[i]).toArray(),
                                classes,
                                c,
                                PRECISION)
                        .probabilities(rows.only(out));
                for (int i = 0; i < out.length; i++) {
                    loss -= Math.log(Math.max(1e-12, p[i][labels[out[i]]]));
                }
            }
            if (loss < bestLoss) {
                bestLoss = loss;
                best = c;
            }
        }
        double[][] p = LogisticRegression.fit(rows, labels, classes, best, PRECISION)
                .probabilities(SparseRows.of(Arrays.stream(test)
                        .mapToObj(i -> features.apply(sequences.sequences().get(i)))
                        .toList()));
        float[][] answers = new float[p.length][classes];
        for (int i = 0; i < p.length; i++) {
            for (int k = 0; k < classes; k++) {
                answers[i][k] = (float) p[i][k];
            }
        }
        return answers;
    }

    /** Copies a network, so that each training begins with the same weights. */
    public static Supplier<DilatedResNet> copiesOf(DilatedResNet network) {
        return () -> {
            DilatedResNet copy = DilatedResNet.spliceAi(network.context(), RandomStream.of(0, "transfer.copy"));
            try (StateDict state = network.stateDict()) {
                copy.load(state);
            }
            return copy;
        };
    }
}
