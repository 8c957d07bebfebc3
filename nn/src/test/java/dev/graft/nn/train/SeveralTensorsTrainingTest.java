package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.StateDict;
import dev.graft.nn.LayerException;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.BceWithLogitsLoss;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.loss.JointLoss;
import dev.graft.nn.loss.Loss;
import dev.graft.nn.loss.MseLoss;
import dev.graft.nn.loss.MultiLoss;
import dev.graft.nn.optim.AdamW;
import dev.graft.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A network of images and columns, with one head or two, trained by the trainer. */
class SeveralTensorsTrainingTest {
    private static final int EXAMPLES = 60;

    @TempDir
    private Path folder;

    /**
     * Images {@code [N, 1, 6, 6]} and columns {@code [N, 3]} to classes {@code [N, 2]}, and to an age {@code [N, 1]}.
     */
    private static final class Patient extends Module {
        private final Sequential images;
        private final Linear columns;
        private final Dropout dropout;
        private final Linear diagnosis;
        private final Linear age;
        private final boolean bothHeads;

        Patient(boolean bothHeads, long seed) {
            RandomGenerator random = new SplittableRandom(5);
            images = new Sequential(new Conv2d(1, 4, 3, random), new BatchNorm2d(4), new ReLU());
            columns = new Linear(3, 4, random);
            dropout = new Dropout(0.1f, new SplittableRandom(seed));
            diagnosis = new Linear(8, 2, random);
            age = new Linear(8, 1, random);
            this.bothHeads = bothHeads;
            if (!bothHeads) {
                age.freeze();
            }
        }

        @Override
        protected List<Tensor> compute(List<Tensor> inputs) {
            Tensor seen = images.forward(inputs.get(0)).adaptiveAvgPool2d(1, 1).flatten(1);
            Tensor both = dropout.forward(
                    Tensor.concat(1, seen, columns.forward(inputs.get(1)).relu()));
            Tensor classes = diagnosis.forward(both);
            return bothHeads ? List.of(classes, age.forward(both)) : List.of(classes);
        }
    }

    /** The class is whether the image is bright and the first column positive; the age is a sum of both. */
    private static TensorDataset patients(boolean twoTargets) {
        RandomGenerator random = new SplittableRandom(8);
        float[] images = new float[EXAMPLES * 36];
        float[] columns = new float[EXAMPLES * 3];
        float[] ages = new float[EXAMPLES];
        long[] classes = new long[EXAMPLES];
        for (int i = 0; i < EXAMPLES; i++) {
            boolean bright = i % 2 == 0;
            boolean positive = i % 3 == 0;
            for (int k = 0; k < 36; k++) {
                images[i * 36 + k] = (bright ? 1 : -1) + 0.3f * (float) random.nextGaussian();
            }
            for (int k = 0; k < 3; k++) {
                columns[i * 3 + k] = (positive ? 1 : -1) + 0.3f * (float) random.nextGaussian();
            }
            classes[i] = bright && positive ? 1 : 0;
            ages[i] = (bright ? 1 : 0) - (positive ? 0.5f : 0);
        }
        List<Tensor> inputs = List.of(Tensor.of(images, EXAMPLES, 1, 6, 6), Tensor.of(columns, EXAMPLES, 3));
        Tensor labels = Tensor.of(classes, EXAMPLES);
        return new TensorDataset(inputs, twoTargets ? List.of(labels, Tensor.of(ages, EXAMPLES, 1)) : List.of(labels));
    }

    private static String weights(Module model) {
        try (StateDict state = model.stateDict()) {
            return state.names().stream()
                    .map(name -> name + " " + state.sha256(name))
                    .toList()
                    .toString();
        }
    }

    private static History fit(Module model, Loss loss, boolean twoTargets, TrainerSetup setup) {
        try (DataLoader train = DataLoader.of(patients(twoTargets), 16).shuffled(3);
                DataLoader validation = DataLoader.of(patients(twoTargets), 25);
                AdamW adam = new AdamW(model.trainableParameters(), AdamW.lr(0.03))) {
            TrainerBuilder builder = Trainer.builder(model, loss, adam).monitor(Monitor.ACCURACY);
            setup.of(builder);
            return builder.build().fit(train, validation);
        }
    }

    private interface TrainerSetup {
        void of(TrainerBuilder builder);
    }

    @Test
    void aNetworkOfImageAndColumnsLearnsWhatNeitherShows() {
        try (Patient model = new Patient(false, 1)) {
            History history = fit(model, new CrossEntropyLoss(), false, builder -> builder.epochs(15));
            assertThat(history.best().orElseThrow().validation().orElseThrow().accuracy())
                    .isGreaterThan(0.95);
            try (DataLoader loader = DataLoader.of(patients(false), 7)) {
                Evaluation evaluation = Evaluator.evaluate(model, loader, new CrossEntropyLoss());
                assertThat(evaluation.accuracy()).isGreaterThan(0.95);
                assertThat(evaluation.indices()).hasSize(EXAMPLES);
            }
        }
    }

    @Test
    void twoHeadsAreTrainedAgainstTwoTargets() {
        try (Patient model = new Patient(true, 1)) {
            Loss loss = JointLoss.of(new CrossEntropyLoss(), new MseLoss()).weights(1, 0.5);
            History history = fit(model, loss, true, builder -> builder.epochs(15));
            EpochResult last = history.epochs().get(14);
            assertThat(last.validation().orElseThrow().accuracy()).isGreaterThan(0.9);
            assertThat(last.trainLoss()).isLessThan(history.epochs().get(0).trainLoss() / 3);
        }
    }

    @Test
    void aFunctionOfAllOutputsAndTargetsIsALoss() {
        try (Patient model = new Patient(true, 1);
                Patient same = new Patient(true, 1)) {
            var classes = new CrossEntropyLoss();
            var ages = new MseLoss();
            MultiLoss sum = (outputs, targets) -> classes.forward(outputs.get(0), targets.get(0))
                    .add(ages.forward(outputs.get(1), targets.get(1)).mul(0.5f));
            fit(model, sum, true, builder -> builder.epochs(2).monitor(Monitor.LOSS));
            fit(
                    same,
                    JointLoss.of(classes, ages).weights(1, 0.5),
                    true,
                    builder -> builder.epochs(2).monitor(Monitor.LOSS));
            assertThat(weights(model)).isEqualTo(weights(same));
            assertThatThrownBy(() -> fit(model, sum, true, builder -> builder.epochs(1)))
                    .hasMessageContaining("has no classes for outputs [16, 2], [16, 1]");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 6})
    void aStoppedTrainingContinuesToTheBit(int stopAfter) {
        Loss loss = JointLoss.of(new CrossEntropyLoss(), new MseLoss());
        try (Patient straight = new Patient(true, 1);
                Patient broken = new Patient(true, 1);
                Patient resumed = new Patient(true, 99);
                StopSignal stop = new StopSignal()) {
            fit(straight, loss, true, builder -> builder.epochs(3));
            int[] batches = {0};
            History history = fit(
                    broken,
                    loss,
                    true,
                    builder -> builder.epochs(3).directory(folder).stop(stop).progress(new Progress() {
                        @Override
                        public void batchDone(double lossSoFar) {
                            if (++batches[0] == stopAfter) {
                                stop.request();
                            }
                        }
                    }));
            assertThat(history.ending()).isEqualTo(History.Ending.INTERRUPTED);
            fit(
                    resumed,
                    loss,
                    true,
                    builder -> builder.epochs(3).directory(folder).resume(true));
            assertThat(weights(resumed)).isEqualTo(weights(straight));
        }
    }

    @Test
    void accumulatedBatchesAreOneLargeBatch() {
        Loss loss = JointLoss.of(new CrossEntropyLoss(), new MseLoss());
        try (Linear one = new Linear(3, 2, new SplittableRandom(1));
                Module two = heads(new Linear(3, 2, new SplittableRandom(1)))) {
            assertThat(one.parameterCount()).isEqualTo(8);
            TensorDataset data = patients(true);
            TensorDataset columns = new TensorDataset(
                    List.of(Tensor.stack(
                            0,
                            java.util.stream.IntStream.range(0, EXAMPLES)
                                    .mapToObj(i -> data.get(i, new SplittableRandom(0))
                                            .allInputs()
                                            .get(1))
                                    .toList())),
                    List.of(Tensor.of(new long[EXAMPLES], EXAMPLES), Tensor.zeros(EXAMPLES, 2)));
            float[] large = gradientStep(two, columns, loss, EXAMPLES, 1);
            try (Module again = heads(new Linear(3, 2, new SplittableRandom(1)))) {
                float[] small = gradientStep(again, columns, loss, 25, 3);
                for (int i = 0; i < large.length; i++) {
                    assertThat(small[i]).isCloseTo(large[i], org.assertj.core.data.Offset.offset(1e-5f));
                }
            }
        }
    }

    private static Module heads(Linear linear) {
        return new Module() {
            private final Linear head = linear;

            @Override
            protected List<Tensor> compute(List<Tensor> inputs) {
                Tensor y = head.forward(inputs.get(0));
                return List.of(y, y.mul(2f));
            }
        };
    }

    private static float[] gradientStep(Module model, TensorDataset data, Loss loss, int batch, int accumulate) {
        try (DataLoader loader = DataLoader.of(data, batch);
                dev.graft.nn.optim.Sgd sgd =
                        new dev.graft.nn.optim.Sgd(model.trainableParameters(), dev.graft.nn.optim.Sgd.lr(0.1))) {
            Trainer.builder(model, loss, sgd).accumulate(accumulate).build().fit(loader);
            return model.parameters().get(0).value().toFloatArray();
        }
    }

    @Test
    void aLossOfOneSaysWhatItWasGiven() {
        try (Patient model = new Patient(true, 1)) {
            assertThatThrownBy(() -> fit(model, new CrossEntropyLoss(), true, builder -> {}))
                    .hasMessageContaining("loss: CrossEntropyLoss takes one output, not 2 (outputs [16, 2], [16, 1];"
                            + " targets [16], [16, 1]). Hint: use a JointLoss");
            assertThatThrownBy(() -> fit(model, JointLoss.of(new MseLoss()), true, builder -> {}))
                    .hasMessageContaining("joint loss: 1 losses rate as many outputs and targets, not 2 and 2");
        }
        try (Linear model = new Linear(3, 2, new SplittableRandom(1))) {
            assertThatThrownBy(() -> fit(model, new CrossEntropyLoss(), false, builder -> {}))
                    .isInstanceOf(LayerException.class)
                    .hasMessageContaining("this layer has one input, but was given 2 ([16, 1, 6, 6], [16, 3])");
        }
    }

    @Test
    void aPartOfWhichNothingCountsAddsNothing() {
        Tensor logits = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2).requireGrad(true);
        Tensor ignored = Tensor.of(new long[] {-100, -100}, 2);
        Tensor ages = Tensor.of(new float[] {1, 1}, 2, 1);
        Tensor zeros = Tensor.zeros(2, 1);
        JointLoss loss = JointLoss.of(new CrossEntropyLoss(), new MseLoss());
        assertThat(loss.forward(List.of(logits, ages), List.of(ignored, zeros)).item())
                .isEqualTo(1f);
        assertThat(loss.weight(List.of(logits, ages), List.of(ignored, zeros))).isEqualTo(2);
        JointLoss both = JointLoss.of(new CrossEntropyLoss(), new CrossEntropyLoss());
        assertThat(both.weight(List.of(logits, logits), List.of(ignored, ignored)))
                .isZero();
        assertThatThrownBy(() -> loss.weights(1)).hasMessageContaining("2 losses need as many weights, not 1");
        assertThatThrownBy(() -> loss.weights(1, -1)).hasMessageContaining("finite and not negative");
        assertThatThrownBy(() -> JointLoss.of(new MseLoss().reduction(dev.graft.tensor.LossReduction.SUM)))
                .hasMessageContaining("must be a mean over examples");
    }

    @Test
    void theScoresAreThoseOfTheFirstLossThatIsForClassification() {
        Tensor logits = Tensor.of(new float[] {4, -4, -4, 4}, 2, 2);
        Tensor classes = Tensor.of(new long[] {0, -100}, 2);
        Tensor several = Tensor.of(new float[] {1, 0, 0, 1}, 2, 2);
        Tensor ages = Tensor.zeros(2, 1);
        Loss plain = JointLoss.of(new MseLoss(), new CrossEntropyLoss());
        BatchPredictions one = BatchPredictions.of(plain, List.of(ages, logits), List.of(ages, classes))
                .orElseThrow();
        assertThat(one.labels()).containsExactly(0);
        assertThat(one.rows()).containsExactly(0);
        Loss labels = JointLoss.of(new MseLoss(), new BceWithLogitsLoss().multiLabel(), new CrossEntropyLoss());
        BatchPredictions many = BatchPredictions.of(
                        labels, List.of(ages, logits, logits), List.of(ages, several, classes))
                .orElseThrow();
        assertThat(many.isMultiLabel()).isTrue();
        assertThat(many.right()).isEqualTo(4);
        assertThat(BatchPredictions.of(JointLoss.of(new MseLoss()), List.of(ages), List.of(ages)))
                .isEmpty();
    }

    @Test
    void theProbabilitiesOfABatchAreComputedOnce() {
        int[] calls = {0};
        Loss counting = new Loss() {
            @Override
            public Tensor forward(Tensor outputs, Tensor targets) {
                return new CrossEntropyLoss().forward(outputs, targets);
            }

            @Override
            public Optional<Tensor> probabilities(Tensor outputs) {
                calls[0]++;
                return new CrossEntropyLoss().probabilities(outputs);
            }
        };
        Tensor logits = Tensor.of(new float[] {4, -4, -4, 4}, 2, 2);
        Tensor ages = Tensor.zeros(2, 1);
        List<Tensor> targets = List.of(ages, Tensor.of(new long[] {0, 1}, 2));
        BatchPredictions judged = BatchPredictions.of(
                        JointLoss.of(new MseLoss(), counting), List.of(ages, logits), targets)
                .orElseThrow();
        assertThat(judged.right()).isEqualTo(2);
        assertThat(calls[0]).isEqualTo(1);
    }

    @Test
    void nonFiniteInputsOfAnyKindAreNamed() {
        float[] columns = new float[30];
        columns[7] = Float.NaN;
        TensorDataset data = new TensorDataset(
                List.of(Tensor.of(new long[10], 10), Tensor.of(columns, 10, 3)), List.of(Tensor.of(new long[10], 10)));
        Module model = new Module() {
            private final Linear head = new Linear(3, 2, new SplittableRandom(1));

            @Override
            protected List<Tensor> compute(List<Tensor> inputs) {
                return List.of(head.forward(inputs.get(1)));
            }
        };
        try (model;
                DataLoader loader = DataLoader.of(data, 5);
                AdamW adam = new AdamW(model.trainableParameters(), AdamW.lr(0.03))) {
            Trainer trainer =
                    Trainer.builder(model, new CrossEntropyLoss(), adam).build();
            assertThatThrownBy(() -> trainer.fit(loader))
                    .hasMessageContaining("the inputs of examples [2] of the data set hold NaN or infinity");
        }
    }
}
