package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.DataLoader;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** An optimizer that was made before a head was replaced holds parameters that nothing trains any more: it says so. */
class ReplacedHeadTest {
    private static final String GONE =
            "2 of 4 parameters are no longer in the network: 2.weight (parameter 2 [2, 4]) was replaced,"
                    + " 2.bias (parameter 3 [2]) was replaced. Hint: make the optimizer after replace(...), from the new model.trainableParameters().";

    private final SplittableRandom random = new SplittableRandom(4);
    private final Sequential model = new Sequential(new Linear(2, 4, random), new ReLU(), new Linear(4, 2, random));

    private Optimizer stale(boolean adam) {
        Optimizer optimizer =
                adam ? new AdamW(model.parameters(), AdamW.lr(0.1)) : new Sgd(model.parameters(), Sgd.lr(0.1));
        model.replace("2", new Linear(4, 2, random));
        return optimizer;
    }

    @Test
    void theFirstStepNamesTheReplacedHeadAndMovesNothing() {
        for (boolean adam : new boolean[] {false, true}) {
            try (Optimizer optimizer = stale(adam)) {
                optimizer.zeroGrad();
                Tensor x = Tensor.ones(3, 2);
                new CrossEntropyLoss()
                        .forward(model.forward(x), Tensor.of(new long[] {0, 1, 1}, 3))
                        .backward();
                float[] before = model.parameters().get(0).value().toFloatArray();
                assertThatThrownBy(optimizer::step)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage((adam ? "adamW: " : "sgd: ") + GONE);
                assertThat(model.parameters().get(0).value().toFloatArray()).isEqualTo(before);
            }
        }
    }

    @Test
    void theTrainerSaysSoBeforeItStarts() {
        try (Optimizer optimizer = stale(false);
                DataLoader train = DataLoader.of(Toy.spirals(12, 1), 4).workers(0)) {
            assertThatThrownBy(() -> Trainer.builder(model, new CrossEntropyLoss(), optimizer)
                            .build()
                            .fit(train))
                    .isInstanceOf(TrainingException.class)
                    .hasMessage("training: sgd: " + GONE);
        }
    }

    @Test
    void aHeadThatWasReplacedButIsUsedAgainTrains() {
        Linear head = (Linear) model.module("2");
        Sgd sgd = new Sgd(model.parameters(), Sgd.lr(0.1));
        model.replace("2", new Sequential(new ReLU(), head));
        try (sgd;
                DataLoader train = DataLoader.of(Toy.spirals(12, 1), 4).workers(0)) {
            float[] before = head.parameters().get(0).value().toFloatArray();
            Trainer.builder(model, new CrossEntropyLoss(), sgd).build().fit(train);
            assertThat(head.parameters().get(0).value().toFloatArray()).doesNotContain(before);
        }
    }

    @Test
    void aClosedNetworkIsNamedByItsParameters() {
        Sgd sgd = new Sgd(model.parameters(), Sgd.lr(0.1));
        model.close();
        assertThatThrownBy(sgd::step)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "sgd: 4 of 4 parameters are no longer in the network: parameter 0 [4, 2] was closed");
    }

    @Test
    void anOptimizerOfAnotherNetworkIsRefused() {
        Sequential other = Toy.network(1, 0);
        try (Sgd sgd = new Sgd(other.parameters(), Sgd.lr(0.1));
                DataLoader train = DataLoader.of(Toy.spirals(12, 1), 4).workers(0)) {
            assertThatThrownBy(() -> Trainer.builder(model, new CrossEntropyLoss(), sgd)
                            .build()
                            .fit(train))
                    .isInstanceOf(TrainingException.class)
                    .hasMessage("training: none of the optimizer's 8 parameters is one of the model's 4."
                            + " Hint: make the optimizer from model.trainableParameters().");
        }
    }

    @Test
    void parametersThatNobodyStepsAreNamed() {
        List<String> warnings = new ArrayList<>();
        Progress progress = new Progress() {
            @Override
            public void warning(String message) {
                warnings.add(message);
            }
        };
        try (Sgd sgd = new Sgd(model.module("2").parameters(), Sgd.lr(0.1));
                DataLoader train = DataLoader.of(Toy.spirals(12, 1), 4).workers(0)) {
            Trainer.builder(model, new CrossEntropyLoss(), sgd)
                    .progress(progress)
                    .build()
                    .fit(train);
            assertThat(warnings)
                    .containsExactly(
                            "2 of 4 parameters are not frozen, but not in the optimizer either, and stay as they are:"
                                    + " 0.weight, 0.bias. Hint: make the optimizer from model.trainableParameters(), or freeze them.");
            warnings.clear();
            model.freezeExcept("2");
            Trainer.builder(model, new CrossEntropyLoss(), sgd)
                    .progress(progress)
                    .build()
                    .fit(train);
            assertThat(warnings).isEmpty();
        }
    }
}
