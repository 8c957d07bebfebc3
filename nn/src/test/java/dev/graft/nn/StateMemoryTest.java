package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is trained, tracked or loaded has a place in memory for each element, and shares it with nothing else. */
class StateMemoryTest {

    /** Four elements in one place. */
    private static Tensor repeated(float value) {
        return Tensor.of(new float[] {value}, 1).expand(4);
    }

    private static Tensor table() {
        return Tensor.arange(12).to(DType.F32).reshape(3, 4);
    }

    @Test
    void aParameterThatRepeatsElementsIsRefusedAndNothingTaken() {
        Tensor tensor;
        try (Scope scope = Scope.open()) {
            tensor = repeated(2);
            Tensor refused = tensor;
            assertThatThrownBy(() -> new Parameter(refused))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "parameter: the tensor [4] repeats elements in memory, which no step could change one by"
                                    + " one. Hint: copy() it first.");
            assertThat(tensor.requiresGrad()).isFalse();
        }
        assertThat(tensor.isClosed()).as("it stayed with its scope").isTrue();
        Parameter parameter = new Parameter(repeated(2).copy());
        parameter.value().mul(table().select(0, 0)).sum().backward();
        new Sgd(List.of(parameter), Sgd.lr(1)).step();
        assertThat(parameter.value().toFloatArray()).containsExactly(2, 1, 0, -1);
    }

    @Test
    void aBufferThatRepeatsElementsIsRefused() {
        assertThatThrownBy(() -> new Buffer(repeated(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "buffer: the tensor [4] repeats elements in memory, so nothing could be loaded into it. Hint:"
                                + " copy() it first.");
        new Buffer(Tensor.scalar(1).expand(1, 1));
        new Buffer(table().transpose(0, 1));
    }

    @Test
    void aResultIsRefusedAsAParameterAndStaysWithItsScope() {
        Tensor leaf = Tensor.ones(2).requireGrad(true);
        Tensor result;
        try (Scope scope = Scope.open()) {
            result = leaf.mul(2);
            Tensor refused = result;
            assertThatThrownBy(() -> new Parameter(refused))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("requireGrad: [2] is the result of mul, not a leaf. Hint: detach() first.");
        }
        assertThat(result.isClosed()).isTrue();
    }

    @Test
    void parametersOverOneMemoryAreNotSteppedTwice() {
        Tensor table = table();
        List<Function<List<Parameter>, Optimizer>> optimizers =
                List.of(p -> new Sgd(p, Sgd.lr(1)), p -> new AdamW(p, AdamW.lr(1)));
        for (Function<List<Parameter>, Optimizer> optimizer : optimizers) {
            for (Tensor other : List.of(table.alias(), table.slice(0, 1, 3), table.reshape(12), table.select(0, 2))) {
                Parameter first = new Parameter(table.alias());
                Parameter between = new Parameter(Tensor.ones(7));
                Parameter second = new Parameter(other);
                assertThatThrownBy(() -> optimizer.apply(List.of(first, between, second)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageEndingWith("parameters 0 [3, 4] and 2 " + other.shape()
                                + " share memory, which would be stepped twice. Hint: use one Parameter in both places,"
                                + " or copy() the tensor of one.");
            }
            Parameter top = new Parameter(table.slice(0, 0, 2));
            Parameter bottom = new Parameter(table.slice(0, 2, 3));
            Optimizer apart = optimizer.apply(List.of(top, bottom));
            assertThat(apart.parameters()).hasSize(2);
        }
    }

    @Test
    void savedMomentsMayRepeatElementsAndShareMemory() {
        Parameter parameter = new Parameter(table().reshape(12).slice(0, 0, 4).copy());
        Parameter same = new Parameter(parameter.value().detach().copy());
        Tensor moment = repeated(0.5f);
        Tensor steps = Tensor.of(new long[] {3}).reshape();
        try (StateDict shared = new StateDict();
                StateDict copied = new StateDict()) {
            shared.put("0.exp_avg", moment).put("0.exp_avg_sq", moment.alias()).put("0.step", steps.alias());
            copied.put("0.exp_avg", moment.copy())
                    .put("0.exp_avg_sq", moment.copy())
                    .put("0.step", steps.alias());
            List<float[]> results = new ArrayList<>();
            for (Parameter p : List.of(parameter, same)) {
                AdamW adam = new AdamW(List.of(p), AdamW.lr(0.1));
                adam.load(p == parameter ? shared : copied);
                for (int step = 0; step < 3; step++) {
                    adam.zeroGrad();
                    p.value().square().sum().backward();
                    adam.step();
                }
                results.add(p.value().toFloatArray());
            }
            assertThat(results.get(0)).isEqualTo(results.get(1));
            assertThat(moment.toFloatArray()).as("the saved state is only read").containsOnly(0.5f);
        }
    }

    static final class Two extends Module {
        final Parameter first;
        final Parameter second;

        Two(Tensor first, Tensor second) {
            this.first = new Parameter(first);
            this.second = new Parameter(second);
        }

        @Override
        protected Tensor compute(Tensor input) {
            return input.add(first.value()).add(second.value());
        }
    }

    @Test
    void repeatedElementsAreLoadedAndSavedInFull(@TempDir Path folder) throws Exception {
        try (Two net = new Two(Tensor.zeros(4), Tensor.zeros(4));
                StateDict state = new StateDict()) {
            state.put("first", repeated(3)).put("second", repeated(5));
            Path file = folder.resolve("state.safetensors");
            Safetensors.save(state, file);
            net.load(state);
            assertThat(net.first.value().toFloatArray()).containsExactly(3, 3, 3, 3);
            net.first.value().detach().fill(0);
            try (StateDict read = Safetensors.load(file)) {
                net.load(read);
            }
            assertThat(net.first.value().toFloatArray()).containsExactly(3, 3, 3, 3);
            assertThat(net.second.value().toFloatArray()).containsExactly(5, 5, 5, 5);
        }
    }

    @Test
    void twoValuesForTwoParametersOverOneMemoryAreRefused() {
        Tensor memory = Tensor.ones(4);
        try (Two net = new Two(memory, memory.alias());
                StateDict state = new StateDict()) {
            state.put("first", repeated(3).copy()).put("second", repeated(5).copy());
            assertThatThrownBy(() -> net.load(state))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("second: file another value than for first, module one memory for both");
            assertThat(net.first.value().toFloatArray()).containsExactly(1, 1, 1, 1);
            net.load(net.stateDict());
        }
    }
}
