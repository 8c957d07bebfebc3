package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Identity;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** What a call makes dies with it, what it returns or keeps lives, and nothing else is closed. */
class ForwardLifetimeTest {
    private final RandomGenerator random = new SplittableRandom(29);

    private static long live() {
        return Device.cpu().memory().live();
    }

    /** Returns or keeps what it is told to. */
    private static final class Part extends Module {
        private final Parameter table = new Parameter(Tensor.ones(4, 3));
        private final java.util.function.BiFunction<Part, Tensor, Tensor> formula;
        private Tensor kept;

        Part(java.util.function.BiFunction<Part, Tensor, Tensor> formula) {
            this.formula = formula;
        }

        @Override
        protected Tensor compute(Tensor x) {
            return formula.apply(this, x);
        }
    }

    @Test
    void anExceptionInsideFreesWhatTheCallMade() {
        Sequential net =
                new Sequential(new Linear(3, 200, random), new Sequential(new ReLU(), new Linear(7, 7, random)));
        Tensor x = Tensor.ones(50, 3);
        assertThatThrownBy(() -> net.forward(x)).hasMessageStartingWith("1.1: ");
        long before = live();
        for (int i = 0; i < 10; i++) {
            assertThatThrownBy(() -> net.forward(x)).hasMessageStartingWith("1.1: ");
        }
        assertThat(live())
                .as("bytes live: fewer where the collector freed another test's")
                .isLessThanOrEqualTo(before);
        assertThat(x.isClosed()).isFalse();
        try (Scope scope = Scope.open()) {
            Tensor inside = Tensor.ones(2);
            assertThatThrownBy(() -> net.forward(x)).isInstanceOf(LayerException.class);
            assertThat(inside.isClosed())
                    .as("a scope around is left open, and innermost")
                    .isFalse();
            assertThat(Tensor.ones(1).isClosed()).isFalse();
        }
        assertThat(new Sequential(new ReLU()).forward(x).numel())
                .as("the thread is outside of any formula again")
                .isEqualTo(150);
    }

    @Test
    void aModuleThatReturnsItsInputClosesNothing() {
        Sequential net = new Sequential(new Identity(), new Sequential(new Part((self, x) -> x)));
        Tensor x = Tensor.ones(2, 3);
        Tensor y;
        try (Scope scope = Scope.open()) {
            y = net.forward(x);
            assertThat(y.toFloatArray()).containsOnly(1);
        }
        assertThat(x.isClosed()).isFalse();
        assertThat(x.toFloatArray()).containsOnly(1);
    }

    @Test
    void aReturnedParameterOrViewOfItLeavesTheParameterOpen() {
        for (Part part : List.of(
                new Part((self, x) -> self.table.value()),
                new Part((self, x) -> self.table.value().slice(0, 1, 3)),
                new Part((self, x) -> self.table.value().transpose(0, 1)))) {
            for (int i = 0; i < 3; i++) {
                try (Scope scope = Scope.open()) {
                    Tensor y = new Sequential(part).forward(Tensor.ones(1));
                    y.mul(2).sum().backward();
                }
            }
            assertThat(part.table.isClosed()).isFalse();
            assertThat(part.table.value().toFloatArray()).containsOnly(1);
            assertThat(part.table.grad().orElseThrow().get(1, 0)).isEqualTo(6);
        }
    }

    @Test
    void aKeptOutputLivesUntilItIsClosed() {
        Part keeper = new Part((self, x) -> {
            self.kept = x.mul(2).keep();
            return self.kept;
        });
        Sequential net = new Sequential(new Linear(3, 3, random), keeper, new ReLU());
        List<Tensor> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            try (Scope scope = Scope.open()) {
                net.forward(Tensor.ones(1, 3)).sum().backward();
                all.add(keeper.kept);
            }
        }
        assertThat(all).noneMatch(Tensor::isClosed);
        assertThat(all.get(2).numel()).isEqualTo(3);
        all.forEach(Tensor::close);
    }

    @Test
    void aTemporaryThatIsKeptInAFieldWithoutKeepSaysWhatToDo() {
        Part careless = new Part((self, x) -> {
            self.kept = x.mul(2);
            return self.kept.add(1);
        });
        careless.forward(Tensor.ones(1, 3));
        assertThatThrownBy(() -> careless.kept.toFloatArray())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("was closed")
                .hasMessageContaining("Hint: keep() it");
    }

    @Test
    void nestedModulesLeaveNothingBehind() {
        Sequential inner =
                new Sequential(new Linear(3, 3, random), new BatchNorm1d(3), new ReLU(), new Dropout(0.5f, random));
        Sequential net = new Sequential(
                inner,
                new Identity(),
                new Sequential(inner, new Part((self, x) -> x.linear(self.table.value(), Optional.empty()))));
        Tensor x = Tensor.randn(random, 8, 3);
        for (boolean training : new boolean[] {true, false}) {
            if (training) {
                net.train();
            } else {
                net.eval();
            }
            long before = 0;
            for (int i = 0; i < 12; i++) {
                if (i == 2) {
                    before = live();
                }
                try (Scope scope = Scope.open()) {
                    net.forward(x).sum().backward();
                }
                try (Scope scope = Scope.open()) {
                    Autograd.noGrad(() -> net.forward(x));
                }
            }
            assertThat(live()).as(training ? "training" : "evaluation").isLessThanOrEqualTo(before);
        }
    }

    @Test
    void anOutputOutsideOfAnyScopeOutlivesTheNetwork() {
        Linear net = new Linear(3, 2, random);
        Tensor y = net.forward(Tensor.ones(1, 3));
        float[] values = y.toFloatArray();
        net.close();
        assertThat(y.toFloatArray()).isEqualTo(values);
    }

    @Test
    void replacingInALoopLetsTheOldHeadsGo() throws InterruptedException {
        Sequential net = new Sequential(new Linear(3, 3, random), new Linear(3, 3, random));
        long before = live();
        for (int i = 0; i < 20; i++) {
            net.replace("1", new Linear(3, 50_000, random));
            net.forward(Tensor.ones(1, 3)).close();
        }
        net.replace("1", new Linear(3, 3, random));
        net.forward(Tensor.ones(1, 3)).close();
        long allowed = before + (1 << 20);
        for (int i = 0; i < 100 && live() > allowed; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertThat(live()).as("bytes live, of 15 MB of replaced heads").isLessThanOrEqualTo(allowed);
    }
}
