package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Parameter;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.layer.Tanh;
import dev.graft.nn.loss.BceWithLogitsLoss;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.loss.DiceLoss;
import dev.graft.nn.loss.FocalLoss;
import dev.graft.nn.loss.HuberLoss;
import dev.graft.nn.loss.KlDivLoss;
import dev.graft.nn.loss.L1Loss;
import dev.graft.nn.loss.Loss;
import dev.graft.nn.loss.MseLoss;
import dev.graft.nn.loss.NllLoss;
import dev.graft.nn.loss.PoissonNllLoss;
import dev.graft.nn.loss.SmoothL1Loss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * However examples are cut into batches, each counts as it does in one batch of them all: in gradients, and in what is
 * reported.
 */
class BatchShareTest {
    private static final int CLASSES = 4;
    private static final long IGNORED = -100;

    /** The losses, and the labels that they compare with. */
    enum Case {
        CROSS_ENTROPY(new CrossEntropyLoss()),
        CROSS_ENTROPY_SUM(new CrossEntropyLoss().reduction(LossReduction.SUM)),
        CLASS_WEIGHTS(new CrossEntropyLoss().classWeights(0.2f, 3f, 1f, 0.7f)),
        CLASS_WEIGHTS_AND_SMOOTHING(
                new CrossEntropyLoss().classWeights(0.2f, 3f, 1f, 0.7f).labelSmoothing(0.2f)),
        SOME_WITHOUT_WEIGHT(new CrossEntropyLoss().classWeights(0f, 0f, 1f, 0.7f)),
        MOSTLY_IGNORED(new CrossEntropyLoss()),
        MOSTLY_IGNORED_SUM(new CrossEntropyLoss().reduction(LossReduction.SUM)),
        MOSTLY_IGNORED_CLASS_WEIGHTS(new CrossEntropyLoss().classWeights(0.2f, 3f, 1f, 0.7f)),
        A_CLASS_IGNORED(new CrossEntropyLoss().ignoreIndex(2)),
        SEVERAL_LABELS(new BceWithLogitsLoss()),
        SEVERAL_LABELS_POSITIVE_WEIGHT(new BceWithLogitsLoss().positiveWeight(1f, 2f, 0.5f, 3f)),
        SEVERAL_LABELS_SUM(new BceWithLogitsLoss().reduction(LossReduction.SUM)),
        REGRESSION(new MseLoss()),
        REGRESSION_SUM(new MseLoss().reduction(LossReduction.SUM)),
        ABSOLUTE(new L1Loss()),
        ABSOLUTE_SUM(new L1Loss().reduction(LossReduction.SUM)),
        SMOOTH(new SmoothL1Loss().beta(0.5f)),
        HUBER(new HuberLoss().delta(0.5f)),
        HUBER_SUM(new HuberLoss().delta(0.5f).reduction(LossReduction.SUM)),
        LOG_PROBABILITIES(new NllLoss()),
        LOG_PROBABILITIES_WEIGHTED(new NllLoss().classWeights(0.2f, 3f, 1f, 0.7f)),
        MOSTLY_IGNORED_LOG_PROBABILITIES(new NllLoss().classWeights(0.2f, 3f, 1f, 0.7f)),
        DIVERGENCE(new KlDivLoss()),
        DIVERGENCE_BATCH_MEAN(new KlDivLoss().batchMean()),
        DIVERGENCE_SUM(new KlDivLoss().reduction(LossReduction.SUM)),
        COUNTS(new PoissonNllLoss().full()),
        FOCAL(new FocalLoss()),
        FOCAL_SUM(new FocalLoss().gamma(0.5f).reduction(LossReduction.SUM)),
        DICE(new DiceLoss()),
        DICE_WITHOUT_BACKGROUND(new DiceLoss().withoutBackground()),
        DICE_SUM(new DiceLoss().squared().reduction(LossReduction.SUM)),
        SOFT_LABELS(new CrossEntropyLoss()),
        SOFT_LABELS_WEIGHTED(
                new CrossEntropyLoss().classWeights(0f, 3f, 1f, 0.7f).labelSmoothing(0.2f)),
        SOFT_LABELS_SUM(new CrossEntropyLoss().reduction(LossReduction.SUM)),
        /** A user's own loss says nothing about itself: a mean over the examples. */
        OWN((outputs, targets) -> outputs.sub(targets).square().sum(1).mean());

        private final Loss loss;

        Case(Loss loss) {
            this.loss = loss;
        }

        TensorDataset data(int size, SplittableRandom random) {
            float[] inputs = new float[size * 3];
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = (float) random.nextDouble(-1, 1);
            }
            Tensor x = Tensor.of(inputs, size, 3);
            boolean classes = loss instanceof CrossEntropyLoss || loss instanceof NllLoss;
            if (!classes || name().startsWith("SOFT_LABELS")) {
                float[] targets = new float[size * CLASSES];
                for (int i = 0; i < targets.length; i++) {
                    targets[i] = random.nextInt(2);
                }
                return new TensorDataset(x, Tensor.of(targets, size, CLASSES));
            }
            long[] labels = new long[size];
            for (int i = 0; i < size; i++) {
                labels[i] = name().startsWith("MOSTLY_IGNORED") && random.nextInt(4) > 0
                        ? IGNORED
                        : random.nextInt(CLASSES);
            }
            labels[size - 1] = 3;
            return new TensorDataset(x, Tensor.of(labels, size));
        }
    }

    private static Sequential network(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return new Sequential(new Linear(3, 5, random), new Tanh(), new Linear(5, CLASSES, random));
    }

    /** An epoch's weights and its reported loss. */
    private record Trained(List<float[]> weights, double loss, double lastShown) {}

    private static Trained train(Loss loss, TensorDataset data, int batch, int accumulate, double rate) {
        Sequential model = network(5);
        double[] shown = {Double.NaN};
        try (DataLoader loader = DataLoader.of(data, batch).workers(0);
                Sgd sgd = new Sgd(model.parameters(), Sgd.lr(rate))) {
            History history = Trainer.builder(model, loss, sgd)
                    .accumulate(accumulate)
                    .progress(new Progress() {
                        @Override
                        public void batchDone(double lossSoFar) {
                            shown[0] = lossSoFar;
                        }
                    })
                    .build()
                    .fit(loader);
            return new Trained(
                    model.parameters().stream()
                            .map(Parameter::value)
                            .map(Tensor::toFloatArray)
                            .toList(),
                    history.epochs().get(0).trainLoss(),
                    shown[0]);
        }
    }

    private static void assertClose(List<float[]> actual, List<float[]> expected, String what) {
        for (int p = 0; p < expected.size(); p++) {
            for (int i = 0; i < expected.get(p).length; i++) {
                assertThat(actual.get(p)[i])
                        .as("%s: parameter %d, value %d", what, p, i)
                        .isCloseTo(expected.get(p)[i], within(2e-6f));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void accumulatedBatchesStepAsOneBatchOfThemAll(Case c) {
        double rate = c.name().endsWith("SUM") ? 0.02 : 0.3;
        for (int[] plan :
                new int[][] {{5, 4, 2}, {6, 2, 3}, {7, 3, 3}, {5, 1, 5}, {9, 4, 3}, {11, 2, 2}, {12, 5, 2}, {13, 3, 2}
                }) {
            TensorDataset data = c.data(plan[0], new SplittableRandom(plan[0]));
            Trained whole = train(c.loss, data, plan[1] * plan[2], 1, rate);
            Trained parts = train(c.loss, data, plan[1], plan[2], rate);
            assertClose(parts.weights, whole.weights, plan[0] + " examples, " + plan[2] + " batches of " + plan[1]);
        }
    }

    @ParameterizedTest
    @EnumSource
    void randomCutsStepAsOneBatch(Case c) {
        long seed = 20261129L + c.ordinal();
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 8; round++) {
            int size = random.nextInt(1, 24);
            int batch = random.nextInt(1, 9);
            int accumulate = random.nextInt(1, 6);
            TensorDataset data = c.data(size, random);
            Trained whole = train(c.loss, data, batch * accumulate, 1, 0.02);
            Trained parts = train(c.loss, data, batch, accumulate, 0.02);
            assertClose(
                    parts.weights,
                    whole.weights,
                    "seed " + seed + ", round " + round + ": " + size + " examples, " + accumulate + " batches of "
                            + batch);
        }
    }

    private static double whole(Loss loss, TensorDataset data) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Tensor x = Tensor.stack(
                    0,
                    IntStream.range(0, data.size())
                            .mapToObj(i -> data.get(i, null).input())
                            .toList());
            Tensor y = Tensor.stack(
                    0,
                    IntStream.range(0, data.size())
                            .mapToObj(i -> data.get(i, null).target())
                            .toList());
            return loss.forward(network(5).forward(x), y).item();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theReportedLossIsThatOverAllExamplesWhateverTheBatches(Case c) {
        TensorDataset data = c.data(12, new SplittableRandom(8));
        double whole = whole(c.loss, data);
        assertThat(whole).isFinite();
        for (int batch : new int[] {1, 4, 5, 12}) {
            try (DataLoader loader = DataLoader.of(data, batch).workers(0)) {
                assertThat(Evaluator.evaluate(network(5), loader, c.loss).loss())
                        .as("judged in batches of %d", batch)
                        .isCloseTo(whole, within(2e-6 * Math.abs(whole)));
            }
            Trained trained = train(c.loss, data, batch, 1, 0);
            assertThat(trained.loss)
                    .as("trained in batches of %d", batch)
                    .isCloseTo(whole, within(2e-6 * Math.abs(whole)));
            assertThat(trained.lastShown).isEqualTo(trained.loss);
        }
    }

    @Test
    void ignoredLabelsCountInNoScore() {
        // 12 points, of which 3 count; the network is right about 2 of them
        Tensor x = Tensor.of(new float[] {5, 0, 0, 5, 5, 0, 9, 9}, 4, 2);
        Tensor y = Tensor.of(new long[] {0, 1, 1, IGNORED}, 4);
        Sequential identity = new Sequential(new Linear(2, 2, new SplittableRandom(1)));
        Autograd.noGrad(() -> identity.parameters().get(0).value().copyFrom(Tensor.of(new float[] {1, 0, 0, 1}, 2, 2)));
        Autograd.noGrad(() -> identity.parameters().get(1).value().fill(0));
        for (int batch : new int[] {1, 3, 4}) {
            try (DataLoader loader =
                    DataLoader.of(new TensorDataset(x, y), batch).workers(0)) {
                Evaluation evaluation = Evaluator.evaluate(identity, loader, new CrossEntropyLoss());
                assertThat(evaluation.accuracy()).isEqualTo(2 / 3.0);
                assertThat(evaluation.auroc()).isEqualTo(0.75);
                assertThat(evaluation.labels()).containsExactly(0, 1, 1);
                assertThat(evaluation.probabilities()).hasDimensions(3, 2);
                assertThat(evaluation.indices()).containsExactly(0, 1, 2);
                try (Sgd sgd = new Sgd(identity.parameters(), Sgd.lr(0))) {
                    History history = Trainer.builder(identity, new CrossEntropyLoss(), sgd)
                            .build()
                            .fit(loader);
                    assertThat(history.epochs().get(0).trainAccuracy()).isEqualTo(2 / 3.0);
                }
            }
        }
    }

    @Test
    void dataWithoutAnyLabelThatCountsIsAnErrorThatSaysSo() {
        Tensor x = Tensor.ones(4, 3);
        TensorDataset ignored = new TensorDataset(x, Tensor.of(new long[] {IGNORED, IGNORED, IGNORED, IGNORED}, 4));
        TensorDataset counted = new TensorDataset(x, Tensor.of(new long[] {0, 1, 2, 3}, 4));
        Sequential model = network(1);
        try (DataLoader none = DataLoader.of(ignored, 2).workers(0);
                DataLoader some = DataLoader.of(counted, 2).workers(0);
                Sgd sgd = new Sgd(model.parameters(), Sgd.lr(0.1))) {
            assertThatThrownBy(() -> Trainer.builder(model, new CrossEntropyLoss(), sgd)
                            .build()
                            .fit(none))
                    .isInstanceOf(TrainingException.class)
                    .hasMessage("training: no example of epoch 1 counts, every label is ignored or without weight."
                            + " Hint: look at the labels, ignoreIndex and the class weights.");
            assertThatThrownBy(() -> Trainer.builder(model, new CrossEntropyLoss(), sgd)
                            .build()
                            .fit(some, none))
                    .isInstanceOf(TrainingException.class)
                    .hasMessage(
                            "training: no example of the validation data counts, every label is ignored or without weight."
                                    + " Hint: look at the labels, ignoreIndex and the class weights.");
            assertThat(Evaluator.evaluate(model, none, new CrossEntropyLoss()).loss())
                    .isNaN();
        }
    }

    @Test
    void aBatchThatIsWhollyIgnoredMovesNothing() {
        Sequential model = network(1);
        List<float[]> before = new ArrayList<>();
        model.parameters().forEach(parameter -> before.add(parameter.value().toFloatArray()));
        Tensor x = Tensor.ones(4, 3);
        try (DataLoader loader = DataLoader.of(
                                new TensorDataset(x, Tensor.of(new long[] {IGNORED, IGNORED, 2, IGNORED}, 4)), 2)
                        .workers(0);
                Sgd sgd = new Sgd(model.parameters(), Sgd.lr(0.1).momentum(0.9).weightDecay(0.1))) {
            int[] batches = {0};
            Trainer.builder(model, new CrossEntropyLoss(), sgd)
                    .progress(new Progress() {
                        @Override
                        public void batchDone(double lossSoFar) {
                            if (batches[0]++ == 0) {
                                assertThat(lossSoFar).isNaN();
                                assertClose(
                                        model.parameters().stream()
                                                .map(p -> p.value().toFloatArray())
                                                .toList(),
                                        before,
                                        "after an ignored batch");
                            } else {
                                assertThat(lossSoFar).isFinite();
                            }
                        }
                    })
                    .build()
                    .fit(loader);
            assertThat(batches[0]).isEqualTo(2);
            assertThat(model.parameters().get(3).value().toFloatArray()[2]).isGreaterThan(before.get(3)[2]);
        }
    }

    @Test
    void validationMayBeJudgedByAnotherLoss() {
        Sequential model = network(1);
        TensorDataset data = Case.CROSS_ENTROPY.data(12, new SplittableRandom(8));
        try (DataLoader loader = DataLoader.of(data, 5).workers(0);
                Sgd sgd = new Sgd(model.parameters(), Sgd.lr(0))) {
            Loss smooth = new CrossEntropyLoss().labelSmoothing(0.3f).classWeights(3, 1, 1, 1);
            History history = Trainer.builder(model, smooth, sgd)
                    .validationLoss(new CrossEntropyLoss())
                    .build()
                    .fit(loader, loader);
            assertThat(history.epochs().get(0).validation().orElseThrow().loss())
                    .isEqualTo(Evaluator.evaluate(model, loader, new CrossEntropyLoss())
                            .loss());
            assertThat(history.epochs().get(0).trainLoss())
                    .isCloseTo(Evaluator.evaluate(model, loader, smooth).loss(), within(1e-6));
        }
    }
}
