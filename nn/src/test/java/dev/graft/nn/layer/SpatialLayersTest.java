package dev.graft.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.io.StateDict;
import dev.graft.nn.Golden;
import dev.graft.nn.Module;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers on images and sequences, from PyTorch's weights: results, gradients, and statistics after one step. */
class SpatialLayersTest {
    private static final Golden CASES = Golden.read("spatial-layers.json").child("cases");
    private static final RandomGenerator RANDOM = new SplittableRandom(1);

    private static Map<String, Module> layers() {
        Map<String, Module> layers = new LinkedHashMap<>();
        layers.put("upsample nearest", new Upsample(2));
        layers.put(
                "upsample bilinear",
                new Upsample(InterpolateParams.bilinear().size(5, 7).alignCorners(true)));
        layers.put("upsample linear", new Upsample(InterpolateParams.linear().scale(1.5)));
        layers.put(
                "transposed 2d",
                new ConvTranspose2d(
                        4,
                        6,
                        3,
                        ConvTranspose2d.options()
                                .stride(2)
                                .padding(1)
                                .outputPadding(1)
                                .groups(2),
                        RANDOM));
        layers.put(
                "transposed 2d plain",
                new ConvTranspose2d(3, 2, 2, ConvTranspose2d.options().stride(2).withoutBias(), RANDOM));
        layers.put(
                "transposed 1d",
                new ConvTranspose1d(
                        3, 4, 4, ConvTranspose1d.options().stride(2).padding(1).dilation(2), RANDOM));
        layers.put("reflection", Pad2d.reflection(2, 0, 1, 2));
        layers.put("replication", Pad2d.replication(2));
        layers.put("circular", Pad2d.circular(1));
        layers.put("zeros", Pad2d.zeros(2, 3, 1, 0));
        layers.put("constant", Pad2d.constant(2.5f, 1));
        layers.put("reflection 1d", Pad1d.reflection(3, 1));
        layers.put("replication 1d", Pad1d.replication(0, 4));
        layers.put("constant 1d", Pad1d.constant(-1.5f, 2, 1));
        layers.put(
                "conv reflect",
                new Conv2d(2, 3, 3, Conv2d.options().padding(1).paddingMode(PaddingMode.REFLECT), RANDOM));
        layers.put(
                "conv replicate same",
                new Conv2d(2, 3, 3, 2, Conv2d.options().paddingSame().paddingMode(PaddingMode.REPLICATE), RANDOM));
        layers.put(
                "conv circular 1d",
                new Conv1d(2, 3, 5, Conv1d.options().stride(2).padding(2).paddingMode(PaddingMode.CIRCULAR), RANDOM));
        layers.put("group norm", new GroupNorm(2, 6));
        layers.put("group norm plain", new GroupNorm(3, 6, 1e-2f, false));
        layers.put("instance norm", new InstanceNorm2d(3));
        layers.put(
                "instance norm tracking",
                new InstanceNorm2d(
                        3, InstanceNorm.options().affine(true).tracking(true).momentum(0.3f)));
        layers.put(
                "instance norm 1d", new InstanceNorm1d(3, InstanceNorm.options().affine(true)));
        layers.put(
                "instance norm 1d tracking",
                new InstanceNorm1d(2, InstanceNorm.options().tracking(true)));
        layers.put("rms norm", new RMSNorm(7));
        layers.put("rms norm 2d", new RMSNorm(1e-2f, 3, 4));
        layers.put("pixel shuffle", new PixelShuffle(2));
        return layers;
    }

    static Set<String> names() {
        return layers().keySet();
    }

    @Test
    void everyGoldenCaseIsHere() {
        assertThat(names()).containsExactlyInAnyOrderElementsOf(CASES.keys());
    }

    @ParameterizedTest
    @MethodSource("names")
    void computesAndLearnsAsInPyTorch(String name) {
        Golden golden = CASES.child(name);
        try (Scope scope = Scope.open();
                Module layer = layers().get(name)) {
            try (StateDict state = new StateDict()) {
                Golden saved = golden.child("state");
                for (String key : saved.keys()) {
                    state.put(
                            key,
                            key.endsWith("tracked")
                                    ? Tensor.of(new long[1])
                                    : Tensor.of(
                                            saved.child(key).floats("values"),
                                            saved.child(key).ints("shape")));
                }
                layer.load(state);
            }
            Tensor x = Tensor.of(golden.floats("input"), golden.ints("shape")).requireGrad(true);
            Tensor y = layer.forward(x);
            assertThat(y.shape().toArray()).isEqualTo(golden.ints("result_shape"));
            close(y, golden.floats("result"), "result");
            y.mul(Tensor.of(golden.floats("dy"), golden.ints("result_shape")))
                    .sum()
                    .backward();
            close(x.grad().orElseThrow(), golden.floats("input_gradient"), "gradient of the input");
            Golden gradients = golden.child("gradients");
            assertThat(layer.namedParameters().keySet()).containsExactlyElementsOf(gradients.keys());
            layer.namedParameters()
                    .forEach((key, p) -> close(
                            p.value().grad().orElseThrow(), gradients.child(key).floats("values"), key));
            try (StateDict after = layer.stateDict()) {
                assertThat(after.names())
                        .containsExactlyElementsOf(golden.child("after").keys());
                after.entries().stream()
                        .filter(e -> !e.getKey().endsWith("tracked"))
                        .forEach(e -> close(
                                e.getValue(),
                                golden.child("after").child(e.getKey()).floats("values"),
                                e.getKey()));
            }
            layer.eval();
            close(layer.forward(x), golden.floats("evaluated"), "evaluated");
        }
    }

    private static void close(Tensor found, float[] expected, String what) {
        float[] values = found.toFloatArray();
        assertThat(values).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < values.length; i++) {
            assertThat(values[i])
                    .as("%s [%d]", what, i)
                    .isCloseTo(expected[i], within(2e-5f * (1 + Math.abs(expected[i]))));
        }
    }

    /** A convolution with other padding than zeros is the same in a fused formula, with its norm and residual. */
    @Test
    void paddingModesAreKeptInFusedFormulas() {
        try (Scope scope = Scope.open();
                Conv2d conv =
                        new Conv2d(3, 4, 3, Conv2d.options().padding(1).paddingMode(PaddingMode.REFLECT), RANDOM);
                BatchNorm2d norm = new BatchNorm2d(4);
                ReLU relu = new ReLU()) {
            conv.eval();
            norm.eval();
            Tensor x = Tensor.randn(new SplittableRandom(3), 2, 3, 5, 6);
            Tensor expected = norm.forward(conv.forward(x)).relu();
            close(Fused.convNorm(conv, norm, relu, x), expected.toFloatArray(), "fused");
            close(
                    Fused.convNormAdd(conv, norm, relu, x, expected),
                    norm.forward(conv.forward(x)).add(expected).relu().toFloatArray(),
                    "fused with a residual");
        }
    }

    @Test
    void aTransposedConvolutionReachesASize() {
        try (Scope scope = Scope.open();
                ConvTranspose2d layer = new ConvTranspose2d(
                        1, 1, 3, ConvTranspose2d.options().stride(2).padding(1), RANDOM)) {
            Tensor x = Tensor.ones(1, 1, 4, 4);
            assertThat(layer.forward(x).shape().toArray()).containsExactly(1, 1, 7, 7);
            assertThat(layer.forward(x, 8, 7).shape().toArray()).containsExactly(1, 1, 8, 7);
            assertThatThrownBy(() -> layer.forward(x, 9, 7))
                    .hasMessageContaining(
                            "output size 9x7 is not possible for an input of 4x4. Hint: from 7x7, less than"
                                    + " one stride more.");
        }
    }

    /** As {@code reset_parameters}: both uniform within the root of the second dimension's fan. */
    @Test
    void transposedConvolutionsStartAsInPyTorch() {
        try (ConvTranspose2d layer = new ConvTranspose2d(8, 32, 3, new SplittableRandom(7))) {
            float bound = (float) (1 / Math.sqrt(32 * 9));
            assertThat(layer.weight().shape().toArray()).containsExactly(8, 32, 3, 3);
            float largest = layer.weight().value().abs().amax(0, 1, 2, 3).item();
            assertThat(largest).isBetween(0.98f * bound, bound);
            assertThat(layer.bias().orElseThrow().value().abs().amax(0).item()).isBetween(0.7f * bound, bound);
        }
    }

    @Test
    void wrongSettingsAreRefused() {
        assertThatThrownBy(() -> new GroupNorm(4, 6))
                .hasMessage("groupNorm: groups must divide the channels (groups 4, channels 6)");
        assertThatThrownBy(() -> new GroupNorm(2, 6, 0, true)).hasMessageContaining("eps must be positive");
        assertThatThrownBy(() -> new RMSNorm(-1f, 3)).hasMessageContaining("eps must be positive");
        assertThatThrownBy(() -> new PixelShuffle(0)).hasMessageContaining("at least 1");
        assertThatThrownBy(() -> new PixelShuffle(2).forward(Tensor.ones(1, 3, 2, 2)))
                .hasMessageContaining("input must be [N, C * 4, H, W], was [1, 3, 2, 2]");
        assertThatThrownBy(() -> new InstanceNorm2d(3).forward(Tensor.ones(2, 3, 4)))
                .hasMessageContaining("input must be [N, C, H, W], was [2, 3, 4]");
        assertThatThrownBy(() -> new InstanceNorm2d(3).forward(Tensor.ones(2, 4, 4, 4)))
                .hasMessageContaining("has 4 channels, not 3");
        assertThatThrownBy(() -> Pad2d.reflection(-1)).hasMessageContaining("must not be negative");
        assertThatThrownBy(() -> new GroupNorm(2, 6, 1e-5f, false).forward(Tensor.ones(1, 4, 2)))
                .hasMessageContaining("input must be [N, 6, ...], was [1, 4, 2]");
    }
}
