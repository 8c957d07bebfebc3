package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.loss.Loss;
import dev.graft.nn.loss.MseLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A monitored score that cannot be computed never names a best epoch. */
class MonitorTest {

    private static TensorDataset oneClass(int size, long label) {
        Tensor points = Tensor.of(new float[2 * size], size, 2);
        long[] labels = new long[size];
        Arrays.fill(labels, label);
        return new TensorDataset(points, Tensor.of(labels, size));
    }

    /** The same data set, whose labels nobody knows before they are loaded. */
    private static Dataset<Example> unlabelled(TensorDataset data) {
        return new Dataset<>() {
            @Override
            public int size() {
                return data.size();
            }

            @Override
            public Example get(int index, RandomGenerator random) {
                return data.get(index, random);
            }
        };
    }

    private static TrainerBuilder builder(Sequential model, Loss loss) {
        return Trainer.builder(model, loss, new Sgd(model.trainableParameters(), Sgd.lr(0.1)));
    }

    @Test
    void aurocOfASingleClassIsRefusedAtTheStart() {
        Sequential model = Toy.network(3, 0);
        float[] before = model.parameters().get(0).value().toFloatArray();
        try (DataLoader train = DataLoader.of(Toy.spirals(12, 1), 4).workers(0);
                DataLoader held = DataLoader.of(oneClass(5, 1), 4).workers(0)) {
            assertThatThrownBy(() -> builder(model, new CrossEntropyLoss())
                            .monitor(Monitor.AUROC)
                            .build()
                            .fit(train, held))
                    .isInstanceOf(TrainingException.class)
                    .hasMessage(
                            "training: AUROC is monitored, but all 5 validation examples are of class 1, so it is not defined."
                                    + " Hint: validate on examples of two or more classes, or monitor the loss.");
        }
        assertThat(model.parameters().get(0).value().toFloatArray()).isEqualTo(before);
    }

    @Test
    void ignoredLabelsMakeNoSecondClass() {
        Sequential model = Toy.network(3, 0);
        TensorDataset held = new TensorDataset(Tensor.ones(3, 2), Tensor.of(new long[] {1, -100, 1}, 3));
        try (DataLoader train = DataLoader.of(Toy.spirals(12, 1), 4).workers(0);
                DataLoader validation = DataLoader.of(held, 4).workers(0)) {
            assertThatThrownBy(() -> builder(model, new CrossEntropyLoss())
                            .monitor(Monitor.AUROC)
                            .build()
                            .fit(train, validation))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("all 2 validation examples are of class 1");
        }
    }

    @Test
    void aurocThatTurnsOutUndefinedKeepsTheLastEpochAndWarnsOnce() {
        Sequential model = Toy.network(3, 0);
        List<float[]> weights = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        try (DataLoader train = DataLoader.of(Toy.spirals(12, 1), 4).workers(0);
                DataLoader held = DataLoader.of(unlabelled(oneClass(5, 1)), 4).workers(0)) {
            History history = builder(model, new CrossEntropyLoss())
                    .epochs(3)
                    .monitor(Monitor.AUROC)
                    .progress(new Progress() {
                        @Override
                        public void epochDone(EpochResult result) {
                            weights.add(model.parameters().get(0).value().toFloatArray());
                        }

                        @Override
                        public void warning(String message) {
                            warnings.add(message);
                        }
                    })
                    .build()
                    .fit(train, held);
            assertThat(history.bestEpoch()).isEqualTo(OptionalInt.empty());
            assertThat(history.best()).isEqualTo(Optional.empty());
            assertThat(history.ending()).isEqualTo(History.Ending.COMPLETED);
            assertThat(warnings)
                    .containsExactly("the monitored AUROC is not defined after epoch 1: no epoch is the best while that"
                            + " lasts. Hint: monitor the loss.");
        }
        assertThat(weights).hasSize(3).doesNotHaveDuplicates();
        assertThat(model.parameters().get(0).value().toFloatArray()).isEqualTo(weights.get(2));
    }

    @ParameterizedTest
    @EnumSource(names = {"ACCURACY", "AUROC"})
    void aScoreOfClassificationIsRefusedForARegressionLoss(Monitor monitor) {
        Sequential model = new Sequential(new Linear(2, 1, new SplittableRandom(1)));
        float[] before = model.parameters().get(0).value().toFloatArray();
        TensorDataset data = new TensorDataset(Tensor.ones(6, 2), Tensor.ones(6));
        List<String> calls = new ArrayList<>();
        try (DataLoader loader = DataLoader.of(data, 2).workers(0)) {
            assertThatThrownBy(() -> builder(model, new MseLoss())
                            .monitor(monitor)
                            .progress(new Progress() {
                                @Override
                                public void batchDone(double lossSoFar) {
                                    calls.add("batch");
                                }
                            })
                            .build()
                            .fit(loader, loader))
                    .isInstanceOf(TrainingException.class)
                    .hasMessage("training: " + (monitor == Monitor.AUROC ? "AUROC" : "accuracy")
                            + " is monitored, but MseLoss has no classes for"
                            + " outputs [2, 1]. Hint: monitor the loss.");
        }
        assertThat(calls).isEmpty();
        assertThat(model.parameters().get(0).value().toFloatArray()).isEqualTo(before);
    }

    @Test
    void withoutValidationAnyMonitorWillDo() {
        Sequential model = new Sequential(new Linear(2, 1, new SplittableRandom(1)));
        TensorDataset data = new TensorDataset(Tensor.ones(6, 2), Tensor.ones(6));
        try (DataLoader loader = DataLoader.of(data, 2).workers(0)) {
            assertThat(builder(model, new MseLoss())
                            .monitor(Monitor.ACCURACY)
                            .build()
                            .fit(loader)
                            .ending())
                    .isEqualTo(History.Ending.COMPLETED);
        }
    }
}
