package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.TorchCheckpoint;
import dev.graft.io.WeightFiles;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Embedding;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loading takes all or nothing, whatever memory the state dict's tensors lie in. */
class LoadTest {
    private final RandomGenerator random = new SplittableRandom(17);

    private static Map<String, float[]> values(Module module) {
        Map<String, float[]> values = new LinkedHashMap<>();
        try (StateDict state = module.stateDict()) {
            state.entries()
                    .forEach(
                            entry -> values.put(entry.getKey(), entry.getValue().toFloatArray()));
        }
        return values;
    }

    private static void assertSame(Map<String, float[]> now, Map<String, float[]> before) {
        assertThat(now.keySet()).isEqualTo(before.keySet());
        before.forEach((name, value) -> assertThat(now.get(name)).as(name).isEqualTo(value));
    }

    // Memory that is read and written

    @Test
    void layersAreExchangedByALoadOfTheirOwnTensors() {
        Sequential net = new Sequential(new Linear(3, 3, random), new Linear(3, 3, random), new Linear(3, 3, random));
        Map<String, float[]> before = values(net);
        try (StateDict now = net.stateDict();
                StateDict turned = new StateDict()) {
            for (String kind : new String[] {"weight", "bias"}) {
                turned.put("0." + kind, now.get("1." + kind).detach())
                        .put("1." + kind, now.get("2." + kind).detach())
                        .put("2." + kind, now.get("0." + kind).detach());
            }
            net.load(turned);
        }
        Map<String, float[]> after = values(net);
        assertThat(after.get("0.weight")).isEqualTo(before.get("1.weight"));
        assertThat(after.get("1.weight")).isEqualTo(before.get("2.weight"));
        assertThat(after.get("2.weight")).isEqualTo(before.get("0.weight"));
        assertThat(after.get("2.bias")).isEqualTo(before.get("0.bias"));
    }

    @Test
    void runningStatisticsAreExchangedToo() {
        Sequential net = new Sequential(new BatchNorm1d(2), new BatchNorm1d(2));
        net.forward(Tensor.of(new float[] {1, 2, 3, 5}, 2, 2));
        Map<String, float[]> before = values(net);
        try (StateDict now = net.stateDict();
                StateDict exchanged = new StateDict()) {
            now.names()
                    .forEach(name -> exchanged.put(
                            (name.startsWith("0") ? "1" : "0") + name.substring(1),
                            now.get(name).detach()));
            net.load(exchanged);
        }
        Map<String, float[]> after = values(net);
        before.forEach((name, value) -> assertThat(after.get((name.startsWith("0") ? "1" : "0") + name.substring(1)))
                .as(name)
                .isEqualTo(value));
    }

    @Test
    void aWeightIsReplacedByItsOwnTranspose() {
        Linear net = new Linear(3, 3, false, random);
        float[] before = net.weight().value().toFloatArray();
        try (StateDict transposed =
                new StateDict().put("weight", net.weight().value().detach().transpose(0, 1))) {
            net.load(transposed);
        }
        float[] after = net.weight().value().toFloatArray();
        for (int i = 0; i < 9; i++) {
            assertThat(after[i]).isEqualTo(before[i % 3 * 3 + i / 3]);
        }
    }

    @Test
    void ownTensorsLoadIntoThemselves() {
        Sequential net = new Sequential(new Linear(3, 3, random), new BatchNorm1d(3));
        Map<String, float[]> before = values(net);
        try (StateDict state = net.stateDict()) {
            net.load(state);
        }
        assertSame(values(net), before);
    }

    // All or nothing

    @Test
    void aClosedTensorChangesNothing() {
        Sequential net = new Sequential(new Linear(2, 2, random), new BatchNorm1d(2), new Linear(2, 1, random));
        net.forward(Tensor.of(new float[] {1, 2, 3, 5}, 2, 2));
        Map<String, float[]> before = values(net);
        for (String name : before.keySet()) {
            try (StateDict other = otherValues(net)) {
                other.get(name).close();
                assertThatThrownBy(() -> net.load(other))
                        .as(name)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("1 mismatched")
                        .hasMessageContaining(name + ": the state dict's tensor")
                        .hasMessageContaining("was closed");
            }
            assertSame(values(net), before);
        }
    }

    @Test
    void aTypeThatCannotBeConvertedChangesNothing() {
        Sequential net = new Sequential(new Linear(2, 2, random), new BatchNorm1d(2));
        Map<String, float[]> before = values(net);
        try (StateDict other = otherValues(net)) {
            other.put("1.bias", Tensor.of(new boolean[] {true, false}, 2));
            assertThatThrownBy(() -> net.load(other))
                    .hasMessageContaining("1.bias: file BOOL, module F32")
                    .hasMessageContaining("Hint: the weights are of another element type: convert them in Python");
        }
        assertSame(values(net), before);
    }

    @Test
    void aClosedNetworkIsSaidToBeClosed() {
        Linear net = new Linear(2, 2, random);
        try (StateDict state = otherValues(net)) {
            net.close();
            assertThatThrownBy(() -> net.load(state)).hasMessageContaining("weight: the module was closed");
        }
    }

    private static StateDict otherValues(Module net) {
        StateDict other = new StateDict();
        try (StateDict state = net.stateDict()) {
            state.entries()
                    .forEach(entry ->
                            other.put(entry.getKey(), entry.getValue().copy().fill(7)));
        }
        return other;
    }

    // Counters

    @Test
    void aCounterOfAnotherTypeOrRankIsConverted() {
        BatchNorm1d net = new BatchNorm1d(1);
        for (Tensor counter : new Tensor[] {
            Tensor.scalar(5),
            Tensor.of(new float[] {5}, 1),
            Tensor.of(new long[] {5}, 1),
            Tensor.of(new int[] {5}),
            Tensor.ofBytes(DType.F16, Shape.of(), new byte[] {0x00, 0x45}),
            Tensor.ofBytes(DType.F64, Shape.of(1), new byte[] {0, 0, 0, 0, 0, 0, 0x14, 0x40})
        }) {
            try (StateDict state = otherValues(net)) {
                state.put("num_batches_tracked", counter);
                net.load(state);
            }
            assertThat(net.stateDict().get("num_batches_tracked").itemLong()).isEqualTo(5);
            assertThat(net.stateDict().get("num_batches_tracked").shape()).isEqualTo(Shape.of());
        }
        try (StateDict state = otherValues(net)) {
            state.put("num_batches_tracked", Tensor.zeros(2));
            assertThatThrownBy(() -> net.load(state)).hasMessageContaining("num_batches_tracked: file [2], module []");
        }
    }

    // Tied weights

    static final class Tied extends Module {
        private final Embedding emb;
        private final Module head;

        Tied(Embedding emb, boolean tied, RandomGenerator random) {
            this.emb = emb;
            head = new Head(
                    tied
                            ? emb.weight()
                            : new Parameter(emb.weight().value().detach().copy()));
        }

        @Override
        protected Tensor compute(Tensor x) {
            return head.forward(emb.forward(x));
        }
    }

    static final class Head extends Module {
        private final Parameter weight;

        Head(Parameter weight) {
            this.weight = weight;
        }

        @Override
        protected Tensor compute(Tensor x) {
            return x.linear(weight.value(), Optional.empty());
        }
    }

    private Tied tied() {
        return new Tied(new Embedding(4, 3, random), true, random);
    }

    @Test
    void tiedWeightsComeBackFromBothKindsOfFiles(@TempDir Path folder) throws Exception {
        Tied net = tied();
        Path safetensors = folder.resolve("m.safetensors");
        Path torch = folder.resolve("m.pt");
        try (StateDict state = net.stateDict()) {
            assertThat(state.names()).containsExactly("emb.weight", "head.weight");
            Safetensors.save(state, safetensors);
            TorchCheckpoint.save(state, torch);
        }
        for (Path file : new Path[] {safetensors, torch}) {
            Tied other = tied();
            try (StateDict state = WeightFiles.load(file)) {
                other.load(state);
            }
            assertSame(values(other), values(net));
            Tied untied = new Tied(new Embedding(4, 3, random), false, random);
            try (StateDict state = WeightFiles.load(file)) {
                untied.load(state);
            }
            assertSame(values(untied), values(net));
        }
        assertThat(Files.size(torch))
                .as("written once, beside the container's own 1 KiB")
                .isLessThan(Files.size(safetensors) + 2000);
    }

    @Test
    void aTiedStateDictHoldsOneTensorUnderBothNames() {
        Tied net = tied();
        try (StateDict state = net.stateDict()) {
            assertThat(state.get("head.weight")).isSameAs(state.get("emb.weight"));
            state.put("emb.weight", Tensor.zeros(4, 3));
            assertThat(state.get("head.weight").toFloatArray())
                    .isEqualTo(net.emb.weight().value().toFloatArray());
        }
        assertThat(net.emb.weight().isClosed()).isFalse();
    }

    @Test
    void oneOfTheNamesOfATiedWeightIsEnough() {
        Tied net = tied();
        Tensor other = Tensor.randn(random, 4, 3);
        try (StateDict state = new StateDict().put("head.weight", other)) {
            net.load(state);
            assertThat(net.emb.weight().value().toFloatArray()).isEqualTo(other.toFloatArray());
        }
        assertThatThrownBy(() -> net.load(new StateDict())).hasMessageContaining("2 missing");
    }

    @Test
    void twoValuesForATiedWeightAreRefused() {
        Tied net = tied();
        Map<String, float[]> before = values(net);
        try (StateDict state =
                new StateDict().put("emb.weight", Tensor.ones(4, 3)).put("head.weight", Tensor.zeros(4, 3))) {
            assertThatThrownBy(() -> net.load(state))
                    .hasMessageContaining("head.weight: file another value than for emb.weight");
        }
        assertSame(values(net), before);
    }
}
