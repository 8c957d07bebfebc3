package dev.graft.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.StateDict;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * A saved state is judged as a whole, then taken as a whole; what was there before is freed, not sooner and not later.
 */
class OptimizerStateTest {

    private static void step(Optimizer optimizer, float gradient) {
        optimizer.zeroGrad();
        try (Scope scope = Scope.open()) {
            for (Parameter parameter : optimizer.parameters()) {
                parameter.value().mul(gradient).sum().backward();
            }
        }
        optimizer.step();
    }

    private static List<Parameter> parameters() {
        return List.of(
                new Parameter(Tensor.of(new float[] {1, 2}, 2)), new Parameter(Tensor.of(new float[] {3, 4, 5}, 3)));
    }

    private static AdamW adam(int steps) {
        AdamW adam = new AdamW(parameters(), AdamW.lr(0.1));
        for (int i = 0; i < steps; i++) {
            step(adam, i + 1);
        }
        return adam;
    }

    private static Sgd sgd(int steps) {
        Sgd sgd = new Sgd(parameters(), Sgd.lr(0.1).momentum(0.9));
        for (int i = 0; i < steps; i++) {
            step(sgd, i + 1);
        }
        return sgd;
    }

    private static Map<String, String> content(Optimizer optimizer) {
        Map<String, String> content = new TreeMap<>();
        try (StateDict state = optimizer.stateDict()) {
            state.names().forEach(name -> content.put(name, state.sha256(name)));
        }
        return content;
    }

    private static StateDict copy(Optimizer optimizer) {
        StateDict copy = new StateDict();
        try (StateDict state = optimizer.stateDict()) {
            state.entries()
                    .forEach(entry -> copy.put(entry.getKey(), entry.getValue().copy()));
        }
        return copy;
    }

    /** Spoils one thing in a good state. */
    private static void assertRefused(Optimizer optimizer, Consumer<StateDict> spoil, String message) {
        Map<String, String> before = content(optimizer);
        try (StateDict state = copy(optimizer)) {
            spoil.accept(state);
            assertThatThrownBy(() -> optimizer.check(state))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(message);
            assertThatThrownBy(() -> optimizer.load(state))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(message);
        }
        assertThat(content(optimizer)).isEqualTo(before);
    }

    @Test
    void aRefusedStateLeavesTheOldOneUntouched() {
        try (AdamW adam = adam(3);
                Sgd sgd = sgd(2)) {
            assertThat(content(adam)).hasSize(6);
            assertRefused(
                    adam,
                    s -> s.put("0.step", Tensor.of(new long[] {3, 3}, 2)),
                    "0.step: must be one I64 number that is not negative");
            assertRefused(
                    adam,
                    s -> s.put("1.step", Tensor.of(new long[] {-1})),
                    "1.step: must be one I64 number that is not negative," + " saved Tensor[] I64 = -1");
            assertRefused(adam, s -> s.put("1.step", Tensor.scalar(3)), "1.step: must be one I64 number");
            assertRefused(
                    adam, s -> s.put("1.exp_avg", Tensor.of(new long[3], 3)), "1.exp_avg: saved I64, moments are F32");
            assertRefused(
                    adam,
                    s -> s.put("1.exp_avg_sq", Tensor.zeros(3).to(DType.F16)),
                    "1.exp_avg_sq: saved F16, moments are F32");
            assertRefused(adam, s -> s.put("1.exp_avg", Tensor.zeros(2)), "1.exp_avg: saved [2], parameter [3]");
            assertRefused(adam, s -> s.put("2.exp_avg", Tensor.zeros(2)), "unexpected 2.exp_avg");
            assertRefused(adam, s -> s.put("01.exp_avg", Tensor.zeros(3)), "unexpected 01.exp_avg");
            assertRefused(adam, s -> s.put("0.momentum_buffer", Tensor.zeros(2)), "unexpected 0.momentum_buffer");
            try (StateDict incomplete = new StateDict();
                    StateDict state = copy(adam)) {
                state.entries().stream()
                        .filter(entry -> !entry.getKey().equals("1.step"))
                        .forEach(entry ->
                                incomplete.put(entry.getKey(), entry.getValue().copy()));
                Map<String, String> before = content(adam);
                assertThatThrownBy(() -> adam.load(incomplete))
                        .hasMessageContaining("parameter 1 has 2 of the 3 entries");
                assertThat(content(adam)).isEqualTo(before);
            }
            assertRefused(adam, s -> s.get("1.exp_avg_sq").close(), "1.exp_avg_sq: saved [3] was closed");
            assertRefused(
                    sgd,
                    s -> s.put("1.momentum_buffer", Tensor.of(new long[3], 3)),
                    "1.momentum_buffer: saved I64, moments are F32");
            assertRefused(sgd, s -> s.get("1.momentum_buffer").close(), "1.momentum_buffer: saved [3] was closed");
            assertRefused(sgd, s -> s.put("0.step", Tensor.of(new long[] {1})), "unexpected 0.step");
        }
    }

    @Test
    void allThatDoesNotFitIsNamedAtOnce() {
        try (AdamW adam = adam(1);
                StateDict state = copy(adam)) {
            state.put("0.step", Tensor.of(new long[] {-1})).put("1.exp_avg", Tensor.zeros(9));
            assertThatThrownBy(() -> adam.load(state))
                    .hasMessageContaining("0.step: must be")
                    .hasMessageContaining("1.exp_avg: saved [9]");
        }
    }

    @Test
    void anOptimizerCanTakeItsOwnStateAndAnothersAtOnce() {
        try (AdamW first = adam(3);
                AdamW second = adam(5)) {
            Map<String, String> before = content(first);
            try (StateDict own = first.stateDict()) {
                first.load(own);
            }
            assertThat(content(first)).isEqualTo(before);
            Map<String, String> others = content(second);
            try (StateDict a = copy(first);
                    StateDict b = second.stateDict()) {
                first.load(b);
                second.load(a);
            }
            assertThat(content(first)).isEqualTo(others);
            assertThat(content(second)).isEqualTo(before);
        }
    }

    @Test
    void aLoadThatFailsHalfWayLeavesTheOldState() {
        for (Optimizer optimizer : List.of(adam(3), sgd(3))) {
            try (optimizer;
                    StateDict other = copy(optimizer)) {
                Map<String, String> before = content(optimizer);
                // the first parameter's moments can be made, the second's cannot
                optimizer.parameters().get(1).value().close();
                assertThatThrownBy(() -> optimizer.load(other))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("was closed");
                assertThat(content(optimizer)).isEqualTo(before);
            }
        }
    }

    @Test
    void anEmptyStateStartsAfresh() {
        try (AdamW adam = adam(3);
                StateDict empty = new StateDict()) {
            adam.load(empty);
            assertThat(content(adam)).isEmpty();
            step(adam, 1);
            try (StateDict state = adam.stateDict()) {
                assertThat(state.get("0.step").itemLong()).isEqualTo(1);
            }
        }
    }

    /** 400 kB a parameter: of the two moments that a state has, old ones must not stay beside new ones. */
    @Test
    void loadingAndClosingKeepNoOldMemory() {
        int n = 100_000;
        Parameter parameter = new Parameter(Tensor.zeros(n));
        System.gc(); // what other tests left would otherwise be freed in between, and hide what stays
        try (AdamW adam = new AdamW(List.of(parameter), AdamW.lr(0.1))) {
            long without = Device.cpu().memory().live();
            step(adam, 1);
            adam.zeroGrad();
            long with = Device.cpu().memory().live();
            assertThat(with - without).isLessThanOrEqualTo(12L * n);
            for (int i = 0; i < 5; i++) {
                try (StateDict state = copy(adam)) {
                    adam.load(state);
                }
            }
            assertThat(Device.cpu().memory().live()).isLessThanOrEqualTo(with + n);
            try (StateDict bad = copy(adam)) {
                bad.put("0.step", Tensor.of(new long[] {-1}));
                assertThatThrownBy(() -> adam.load(bad)).isInstanceOf(IllegalArgumentException.class);
            }
            assertThat(Device.cpu().memory().live()).isLessThanOrEqualTo(with + n);
            adam.close();
            assertThat(Device.cpu().memory().live()).isLessThanOrEqualTo(without + n);
        }
    }
}
