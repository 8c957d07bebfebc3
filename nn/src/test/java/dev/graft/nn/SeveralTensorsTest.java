package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.layer.Identity;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Modules of several inputs and outputs: what they take and return, what they refuse, what dies with a call. */
class SeveralTensorsTest {
    private final RandomGenerator random = new SplittableRandom(11);

    /** {@code [N, 3]} and {@code [N, 2]} to their sum of projections {@code [N, 4]} and their product. */
    private static final class Pair extends Module {
        private final Linear first;
        private final Module second;

        Pair(RandomGenerator random) {
            first = new Linear(3, 4, random);
            second = new Linear(2, 4, random);
        }

        @Override
        protected List<Tensor> compute(List<Tensor> inputs) {
            Tensor a = first.forward(inputs.get(0));
            Tensor b = second.forward(inputs.get(1));
            return List.of(a.add(b), a.mul(b));
        }
    }

    /** Returns what it is given. */
    private static final class Through extends Module {
        @Override
        protected List<Tensor> compute(List<Tensor> inputs) {
            List<Tensor> outputs = new ArrayList<>(inputs);
            outputs.add(inputs.get(0));
            return outputs;
        }
    }

    private static final class One extends Module {
        @Override
        protected List<Tensor> compute(List<Tensor> inputs) {
            return List.of(inputs.get(0).mul(2f));
        }
    }

    private static final class Nothing extends Module {}

    private static long live() {
        return Device.cpu().memory().live();
    }

    @Test
    void severalInputsAndOutputsAreThoseOfTheFormula() {
        try (Pair pair = new Pair(random)) {
            Tensor x = Tensor.randn(random, 5, 3);
            Tensor y = Tensor.randn(random, 5, 2);
            List<Tensor> outputs = pair.forward(List.of(x, y));
            Tensor a = pair.first.forward(x);
            Tensor b = pair.second.forward(y);
            assertThat(outputs.get(0).toFloatArray()).containsExactly(a.add(b).toFloatArray());
            assertThat(outputs.get(1).toFloatArray()).containsExactly(a.mul(b).toFloatArray());
            outputs.get(0).sum().add(outputs.get(1).sum()).backward();
            assertThat(pair.parameters()).allMatch(p -> p.grad().isPresent());
            assertThatThrownBy(() -> outputs.add(x)).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void oneTensorMayBeCalledEitherWay() {
        Tensor x = Tensor.of(new float[] {1, 2, 3}, 1, 3);
        try (Linear linear = new Linear(3, 2, random);
                One one = new One()) {
            assertThat(linear.forward(List.of(x)).get(0).toFloatArray())
                    .containsExactly(linear.forward(x).toFloatArray());
            assertThat(one.forward(x).toFloatArray()).containsExactly(2, 4, 6);
            assertThat(new Sequential(one, new Identity()).forward(x).toFloatArray())
                    .containsExactly(2, 4, 6);
        }
    }

    @Test
    void aWrongNumberIsRefusedByName() {
        Tensor x = Tensor.ones(5, 3);
        Tensor y = Tensor.ones(5, 2);
        try (Pair pair = new Pair(random);
                Sequential net = new Sequential(new Identity(), pair)) {
            assertThatThrownBy(() -> net.forward(x))
                    .isInstanceOf(LayerException.class)
                    .hasMessage("1: forward: the formula reads input 1, but was given only one ([5, 3])."
                            + " Hint: pass all inputs, as forward(List.of(first, second)).");
            assertThatThrownBy(() -> net.forward(List.of(x, y)))
                    .hasMessage("Sequential: forward: this layer has one input, but was given 2 ([5, 3], [5, 2])."
                            + " Hint: pass one tensor, or override compute(List<Tensor>) in a layer of several.");
            assertThatThrownBy(() -> pair.forward(List.of(y, x))).hasMessageStartingWith("first: linear: ");
            assertThatThrownBy(() -> pair.forward(List.of())).hasMessageContaining("the list of inputs is empty");
            assertThatThrownBy(() -> pair.forward(Arrays.asList(x, null))).hasMessageContaining("input 1 of 2 is null");
            assertThatThrownBy(() -> new Through().forward(x))
                    .hasMessage("Through: forward: this layer has 2 outputs ([5, 3], [5, 3]), not one."
                            + " Hint: call forward(List.of(input)) for all of them.");
        }
    }

    @Test
    void aModuleWithoutAFormulaSaysSo() {
        Tensor x = Tensor.ones(1);
        String refusal = "Nothing: forward: this module has no formula. Hint: override compute(Tensor), or"
                + " compute(List<Tensor>) for several inputs or outputs.";
        assertThatThrownBy(() -> new Nothing().forward(x)).hasMessage(refusal);
        assertThatThrownBy(() -> new Nothing().forward(List.of(x, x))).hasMessage(refusal);
        assertThatThrownBy(() -> new ModuleList().forward(List.of(x, x)))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void outputsThatAreInputsOrTwiceTheSameMayBeClosedOneByOne() {
        Tensor x = Tensor.of(new float[] {1, 2}, 2);
        List<Tensor> outputs = new Through().forward(List.of(x));
        outputs.get(0).close();
        assertThat(outputs.get(1).toFloatArray()).containsExactly(1, 2);
        outputs.get(1).close();
        assertThat(x.toFloatArray()).containsExactly(1, 2);
        Module twice = new Module() {
            @Override
            protected List<Tensor> compute(List<Tensor> inputs) {
                Tensor made = inputs.get(0).mul(3f);
                return List.of(made, made);
            }
        };
        List<Tensor> same = twice.forward(List.of(x));
        same.get(0).close();
        assertThat(same.get(1).toFloatArray()).containsExactly(3, 6);
    }

    @Test
    void onlyTheOutputsOutliveTheCallAndNothingOutlivesAFailure() {
        try (Pair pair = new Pair(random)) {
            Tensor x = Tensor.ones(200, 3);
            Tensor y = Tensor.ones(200, 2);
            pair.freeze();
            pair.forward(List.of(x, y)).forEach(Tensor::close);
            long before = live();
            try (Scope scope = Scope.open()) {
                List<Tensor> outputs = pair.forward(List.of(x, y));
                assertThat(live() - before).isLessThanOrEqualTo(2 * 4096);
                assertThat(outputs).noneMatch(Tensor::isClosed);
            }
            assertThat(live()).isLessThanOrEqualTo(before);
            assertThatThrownBy(() -> pair.forward(List.of(x, x))).hasMessageStartingWith("second: ");
            assertThat(live()).isLessThanOrEqualTo(before);
        }
    }

    @Test
    void severalThreadsMayCallOneModule() {
        try (Pair pair = new Pair(random)) {
            pair.eval();
            pair.freeze();
            List<CompletableFuture<Boolean>> calls = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Tensor x = Tensor.full(t + 1, 6, 3);
                Tensor y = Tensor.full(t - 2, 6, 2);
                float[] expected = pair.forward(List.of(x, y)).get(1).toFloatArray();
                calls.add(CompletableFuture.supplyAsync(() -> {
                    boolean same = true;
                    for (int i = 0; i < 50; i++) {
                        try (Scope scope = Scope.open()) {
                            same &= Arrays.equals(
                                    pair.forward(List.of(x, y)).get(1).toFloatArray(), expected);
                        }
                    }
                    return same;
                }));
            }
            assertThat(calls).allMatch(CompletableFuture::join);
        }
    }

    @Test
    void aFormulaThatReturnsNullIsNamed() {
        Module inner = new Module() {
            @Override
            @SuppressWarnings("NullAway") // the mistake under test
            protected Tensor compute(Tensor x) {
                return null;
            }
        };
        Module several = new Module() {
            @Override
            @SuppressWarnings("NullAway") // the mistake under test
            protected List<Tensor> compute(List<Tensor> x) {
                return null;
            }
        };
        String refusal = "forward: compute returned no output. Hint: return at least one tensor.";
        for (boolean observed : new boolean[] {false, true}) {
            for (Module module : List.of(inner, several)) {
                Sequential net = new Sequential(new ReLU(), module);
                try (Observation o = net.observe(observed ? "1" : "0", call -> {})) {
                    assertThatThrownBy(() -> net.forward(Tensor.ones(2)))
                            .isInstanceOf(LayerException.class)
                            .hasMessage("1: " + refusal);
                    assertThatThrownBy(() -> module.forward(List.of(Tensor.ones(2))))
                            .isInstanceOf(LayerException.class)
                            .hasMessageEndingWith(refusal);
                }
            }
        }
    }
}
