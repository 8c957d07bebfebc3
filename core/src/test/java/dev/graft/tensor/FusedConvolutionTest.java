package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Pool2dParams;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Convolution, frozen batch norm, residual and activation in one pass, as where nothing is recorded: against the same
 * by naive sums in double precision, with NaN and infinities among the values.
 */
class FusedConvolutionTest {
    private static final float NAN = Float.NaN;
    private static final float INFINITY = Float.POSITIVE_INFINITY;
    private static final float EPS = 1e-3f;

    /**
     * @param winograd whether its transforms may compute it, which mix pixels, so that infinities become NaN and NaN
     *     spreads in a tile
     */
    record Case(String name, int[] x, int[] w, Conv2dParams params, boolean winograd) {
        @Override
        public String toString() {
            return name;
        }

        int outputs() {
            return w[0];
        }
    }

    private static Case dense(
            String name, int in, int out, int height, int width, int kernel, Conv2dParams params, boolean winograd) {
        return new Case(name, new int[] {4, in, height, width}, new int[] {out, in, kernel, kernel}, params, winograd);
    }

    private static Case depthwise(String name, int channels, int height, int width, int kernel, int stride) {
        return new Case(
                name,
                new int[] {4, channels, height, width},
                new int[] {channels, 1, kernel, kernel},
                Conv2dParams.of(stride, kernel / 2).groups(channels),
                false);
    }

    static List<Case> cases() {
        Conv2dParams plain = Conv2dParams.of(1, 0);
        return List.of(
                dense("1x1", 32, 48, 5, 7, 1, plain, false),
                dense("1x1 of one column", 16, 16, 9, 1, 1, plain, false),
                dense("1x1 of ragged channels", 19, 37, 4, 17, 1, plain, false),
                dense("1x1 of many pixels", 5, 7, 11, 33, 1, plain, false),
                dense("1x1 stride 2", 16, 33, 7, 8, 1, Conv2dParams.of(2, 0), false),
                dense("3x3 stride 2", 16, 32, 9, 11, 3, Conv2dParams.of(2, 1), false),
                dense("3x3 stride 2 of ragged channels", 5, 21, 8, 16, 3, Conv2dParams.of(2, 1), false),
                dense("3x3 dilated", 16, 32, 6, 9, 3, Conv2dParams.of(1, 2).dilation(2), false),
                dense(
                        "3x3 dilated, of ragged channels",
                        3,
                        18,
                        7,
                        30,
                        3,
                        Conv2dParams.of(1, 2).dilation(2),
                        false),
                dense("3x3", 16, 32, 8, 14, 3, Conv2dParams.of(1, 1), false),
                dense("3x3 of one column", 16, 16, 7, 1, 3, Conv2dParams.of(1, 1), false),
                dense("3x3 of ragged channels", 5, 19, 9, 17, 3, Conv2dParams.of(1, 1), false),
                dense("3x3 of many channels", 32, 48, 13, 14, 3, Conv2dParams.of(1, 1), true),
                dense("3x3 of many channels and one row", 32, 32, 1, 17, 3, Conv2dParams.of(1, 1), true),
                depthwise("depthwise 3x3", 32, 7, 9, 3, 1),
                depthwise("depthwise 3x3 of one column", 16, 8, 1, 3, 1),
                depthwise("depthwise 3x3 of a wide image", 48, 5, 37, 3, 1),
                depthwise("depthwise 3x3 of ragged channels", 37, 8, 17, 3, 1),
                depthwise("depthwise 3x3 stride 2", 32, 9, 16, 3, 2),
                depthwise("depthwise 3x3 stride 2 of ragged channels", 21, 8, 31, 3, 2),
                depthwise("depthwise 5x5", 32, 7, 14, 5, 1),
                depthwise("depthwise 5x5 of a small image", 16, 3, 2, 5, 1),
                depthwise("depthwise 5x5 of ragged channels", 41, 6, 29, 5, 1),
                depthwise("depthwise 5x5 stride 2", 64, 11, 13, 5, 2),
                depthwise("depthwise 5x5 stride 2 of ragged channels", 9, 7, 18, 5, 2));
    }

    static List<Case> exactCases() {
        return cases().stream().filter(c -> !c.winograd()).toList();
    }

    static List<Case> winogradCases() {
        return cases().stream().filter(Case::winograd).toList();
    }

    /** A case's operands, all from one seed. */
    private static final class Operands {
        private final Case c;
        private final Tensor x;
        private final Tensor w;
        private final Tensor residual;
        private final FrozenBatchNorm norm;

        private Operands(Case c) {
            RandomGenerator random = new SplittableRandom(c.name().hashCode());
            this.c = c;
            x = Tensor.randn(random, c.x());
            w = Tensor.randn(random, c.w());
            int n = c.outputs();
            residual = Tensor.randn(
                            random, c.params().outputShape(x.shape(), w.shape()).toArray())
                    .mul(5);
            norm = new FrozenBatchNorm(
                    Tensor.randn(random, n).add(2),
                    Tensor.randn(random, n).mul(3),
                    Tensor.randn(random, n),
                    Tensor.randn(random, n).abs().add(0.5f),
                    EPS);
        }

        private Tensor fused(boolean adds, Activation activation) {
            return x.conv2d(
                    w,
                    Optional.empty(),
                    c.params(),
                    Optional.of(norm),
                    adds ? Optional.of(residual) : Optional.empty(),
                    activation);
        }

        /** Convolution and norm alone. */
        private Nd normalised() {
            Nd y = ProductCases.conv2d(new Nd[] {values(x), values(w)}, c.params());
            Nd gamma = values(norm.gamma());
            Nd beta = values(norm.beta());
            Nd mean = values(norm.mean());
            Nd variance = values(norm.variance());
            return Nd.fill(
                    y.dims(),
                    i -> gamma.get(i[1]) * (y.get(i) - mean.get(i[1])) / Math.sqrt(variance.get(i[1]) + EPS)
                            + beta.get(i[1]));
        }

        private Nd expected(Nd normalised, boolean adds, Activation activation) {
            Nd y = adds ? Nd.zip(normalised, values(residual), Double::sum) : normalised;
            return switch (activation) {
                case NONE -> y;
                case RELU -> y.map(v -> Math.max(v, 0));
                case RELU6 -> y.map(v -> Math.min(Math.max(v, 0), 6));
            };
        }

        private int terms() {
            return c.w()[1] * c.w()[2] * c.w()[3] * (c.winograd() ? 100 : 1);
        }
    }

    private static Nd values(Tensor t) {
        float[] data = t.toFloatArray();
        double[] values = new double[data.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = data[i];
        }
        return new Nd(t.shape().toArray(), values);
    }

    private static void put(Tensor t, float value, int... at) {
        Tensor window = t;
        for (int i = 0; i < at.length; i++) {
            window = window.slice(i, at[i], at[i] + 1);
        }
        window.fill(value);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isWhatItsPartsGiveOneAfterTheOther(Case c) {
        try (Scope scope = Scope.open()) {
            Operands in = new Operands(c);
            Nd normalised = in.normalised();
            for (Activation activation : Activation.values()) {
                for (boolean adds : new boolean[] {false, true}) {
                    String what = c + " " + activation + (adds ? " with residual" : "");
                    Nd expected = in.expected(normalised, adds, activation);
                    Close.check(what, in.fused(adds, activation).toFloatArray(), expected, in.terms());
                    in.w.requireGrad(true);
                    Close.check(what + ", recorded", in.fused(adds, activation).toFloatArray(), expected, in.terms());
                    in.w.requireGrad(false);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("exactCases")
    void keepsNanAndInfinitiesWhereTheyBelong(Case c) {
        try (Scope scope = Scope.open()) {
            Operands in = new Operands(c);
            int last = c.x()[1] - 1;
            int height = c.x()[2];
            int width = c.x()[3];
            put(in.x, NAN, 0, 0, 0, 0);
            put(in.x, NAN, 0, last, height / 2, width - 1);
            put(in.x, INFINITY, 1, last, height - 1, width / 3);
            put(in.x, -INFINITY, 2, last / 2, 0, 0);
            int lastOutput = c.outputs() - 1;
            put(in.residual, NAN, 3, lastOutput, 0, 0);
            put(in.residual, INFINITY, 3, 0, 0, 0);
            put(in.residual, -INFINITY, 3, lastOutput / 2, 0, 0);
            Nd normalised = in.normalised();
            for (Activation activation : Activation.values()) {
                for (boolean adds : new boolean[] {false, true}) {
                    Nd expected = in.expected(normalised, adds, activation);
                    assertThat(expected.data()).as("the case has a NaN to keep").contains(Double.NaN);
                    Close.check(
                            c + " " + activation + (adds ? " with residual" : ""),
                            in.fused(adds, activation).toFloatArray(),
                            expected,
                            in.terms());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("winogradCases")
    void tilesKeepNan(Case c) {
        try (Scope scope = Scope.open()) {
            Operands in = new Operands(c);
            put(in.x, NAN, 0, 0, c.x()[2] / 2, c.x()[3] / 2);
            put(in.x, NAN, 2, c.x()[1] - 1, 0, c.x()[3] - 1);
            put(in.residual, NAN, 3, c.outputs() - 1, 0, 0);
            Nd normalised = in.normalised();
            for (Activation activation : Activation.values()) {
                for (boolean adds : new boolean[] {false, true}) {
                    String what = c + " " + activation + (adds ? " with residual" : "");
                    double[] expected =
                            in.expected(normalised, adds, activation).data();
                    float[] actual = in.fused(adds, activation).toFloatArray();
                    int image = actual.length / 4;
                    for (int i = 0; i < actual.length; i++) {
                        boolean untouched = i / image % 2 == 1;
                        if (Double.isNaN(expected[i]) || untouched) {
                            assertThat(Float.isNaN(actual[i]))
                                    .as("%s, element %d is NaN", what, i)
                                    .isEqualTo(Double.isNaN(expected[i]));
                        }
                    }
                }
            }
        }
    }

    static List<Case> pooledCases() {
        return List.of(
                dense("the start of a residual network", 3, 64, 75, 61, 7, Conv2dParams.of(2, 3), false),
                dense("one channel", 1, 32, 33, 30, 3, Conv2dParams.of(1, 1), false),
                dense("few channels to many", 3, 160, 12, 13, 5, Conv2dParams.of(1, 2), false),
                dense("ragged channels", 3, 21, 17, 14, 3, Conv2dParams.of(1, 1), false),
                dense("many channels", 32, 48, 13, 14, 3, Conv2dParams.of(1, 1), true),
                depthwise("depthwise", 32, 11, 9, 3, 1));
    }

    static List<Pool2dParams> pools() {
        return List.of(
                Pool2dParams.of(3, 2, 1),
                Pool2dParams.of(2, 2, 0),
                Pool2dParams.of(3, 1, 1),
                Pool2dParams.of(2, 5, 0),
                Pool2dParams.of(5, 3, 2),
                Pool2dParams.of(3, 2, 0).ceilMode(true));
    }

    @ParameterizedTest
    @MethodSource("pooledCases")
    void maximaAreThoseOfTheResult(Case c) {
        try (Scope scope = Scope.open()) {
            Operands in = new Operands(c);
            put(in.x, NAN, 0, 0, 0, 0);
            put(in.x, INFINITY, 1, 0, c.x()[2] / 2, c.x()[3] - 1);
            for (Pool2dParams pool : pools()) {
                for (boolean adds : new boolean[] {false, true}) {
                    Optional<Tensor> residual = adds ? Optional.of(in.residual) : Optional.empty();
                    float[] expected =
                            in.fused(adds, Activation.RELU).maxPool2d(pool).toFloatArray();
                    Tensor y = in.x.conv2d(
                            in.w,
                            Optional.empty(),
                            c.params(),
                            Optional.of(in.norm),
                            residual,
                            Activation.RELU,
                            Optional.of(pool));
                    assertThat(y.toFloatArray())
                            .as("%s, %s%s", c, pool, adds ? " with residual" : "")
                            .isEqualTo(expected);
                    in.w.requireGrad(true);
                    float[] recorded =
                            in.fused(adds, Activation.RELU).maxPool2d(pool).toFloatArray();
                    y = in.x.conv2d(
                            in.w,
                            Optional.empty(),
                            c.params(),
                            Optional.of(in.norm),
                            residual,
                            Activation.RELU,
                            Optional.of(pool));
                    assertThat(y.toFloatArray()).as("%s, %s, recorded", c, pool).isEqualTo(recorded);
                    in.w.requireGrad(false);
                }
            }
        }
    }

    /** With weights of 1 and a norm that does nothing, the result is the activation of the input. */
    @Test
    void clipsInfinitiesAndLeavesNan() {
        float[] special = {NAN, INFINITY, -INFINITY, 7, -1};
        for (int channels : new int[] {1, 16, 17, 40}) {
            FrozenBatchNorm nothing = new FrozenBatchNorm(
                    Tensor.ones(channels),
                    Tensor.zeros(channels),
                    Tensor.zeros(channels),
                    Tensor.ones(channels),
                    1e-12f);
            Tensor w = Tensor.ones(channels, 1, 1, 1);
            Tensor x = Tensor.of(special, 1, 1, 1, special.length).expand(1, channels, 1, special.length);
            for (boolean adds : new boolean[] {false, true}) {
                Optional<Tensor> residual =
                        adds ? Optional.of(Tensor.zeros(x.shape().toArray())) : Optional.empty();
                for (Activation activation : Activation.values()) {
                    float[] expected =
                            switch (activation) {
                                case NONE -> special;
                                case RELU -> new float[] {NAN, INFINITY, 0, 7, 0};
                                case RELU6 -> new float[] {NAN, 6, 0, 6, 0};
                            };
                    Tensor y = x.conv2d(
                            w,
                            Optional.empty(),
                            Conv2dParams.of(1, 0).groups(channels),
                            Optional.of(nothing),
                            residual,
                            activation);
                    for (int i = 0; i < channels; i++) {
                        assertThat(y.slice(1, i, i + 1).toFloatArray())
                                .as("%s of %d channels, channel %d", activation, channels, i)
                                .containsExactly(expected);
                    }
                }
            }
        }
    }
}
