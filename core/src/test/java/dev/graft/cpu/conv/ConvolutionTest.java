package dev.graft.cpu.conv;

import static dev.graft.cpu.Fixture.assertClose;
import static dev.graft.cpu.Fixture.at;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.CpuBackend;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.KernelProvider;
import dev.graft.cpu.gemm.JavaBlas;
import dev.graft.cpu.memory.MemoryPool;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ConvolutionTest {
    private static final double TOLERANCE = 3e-6;

    private final Fixture f = new Fixture();

    @ParameterizedTest
    @MethodSource("dev.graft.cpu.conv.ConvolutionCase#cases")
    void forwardMatchesTheDefinition(ConvolutionCase k) {
        View x = f.gaussian(Layout.CHANNELS_LAST, k.n(), k.c(), k.h(), k.w());
        View w = weight(asInLayers(k), k);
        View y = f.sameBits("conv2d", () -> forward(x, w, Epilogue.NONE, Layout.CHANNELS_LAST, k));
        assertClose("conv2d", y, reference(x, w, k), TOLERANCE * depth(k));
    }

    @ParameterizedTest
    @MethodSource("dev.graft.cpu.conv.ConvolutionCase#cases")
    void backwardInputMatchesTheDefinition(ConvolutionCase k) {
        View w = weight(asInLayers(k), k);
        View dy = f.gaussian(Layout.CHANNELS_LAST, k.n(), k.o(), k.oh(), k.ow());
        View dx = f.sameBits("conv2dBackwardInput", () -> {
            View result = f.gaussian(Layout.CHANNELS_LAST, k.n(), k.c(), k.h(), k.w());
            f.cpu.conv2dBackwardInput(dy, w, result, k.params());
            return result;
        });
        assertClose("conv2dBackwardInput", dx, inputGradient(dy, w, k), TOLERANCE * depth(k));
    }

    @ParameterizedTest
    @MethodSource("dev.graft.cpu.conv.ConvolutionCase#cases")
    void backwardWeightMatchesTheDefinition(ConvolutionCase k) {
        View x = f.gaussian(Layout.CHANNELS_LAST, k.n(), k.c(), k.h(), k.w());
        View dy = f.gaussian(Layout.CHANNELS_LAST, k.n(), k.o(), k.oh(), k.ow());
        View dw = f.sameBits("conv2dBackwardWeight", () -> {
            View result = weight(asInLayers(k), k);
            f.cpu.conv2dBackwardWeight(x, dy, result, k.params());
            return result;
        });
        assertClose(
                "conv2dBackwardWeight", dw, weightGradient(x, dy, k), TOLERANCE * Math.sqrt(k.n() * k.oh() * k.ow()));
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void takesAnyLayout(Layout layout) {
        for (ConvolutionCase k : new ConvolutionCase[] {
            new ConvolutionCase("dense", 2, 3, 6, 5, 4, 3, 3, Conv2dParams.of(2, 1)),
            new ConvolutionCase("whole vectors", 2, 48, 13, 10, 80, 3, 3, Conv2dParams.of(1, 1)),
            new ConvolutionCase("many channels", 1, 144, 7, 5, 160, 3, 3, Conv2dParams.of(1, 1)),
            new ConvolutionCase("1x1 of ragged channels", 2, 70, 9, 7, 75, 1, 1, Conv2dParams.of(1, 0)),
            new ConvolutionCase("stride 2 of many channels", 2, 64, 15, 14, 130, 3, 3, Conv2dParams.of(2, 1)),
            new ConvolutionCase(
                    "depthwise", 2, 4, 6, 5, 4, 3, 3, Conv2dParams.of(1, 1).groups(4)),
            new ConvolutionCase(
                    "small groups", 2, 40, 6, 5, 60, 3, 3, Conv2dParams.of(1, 1).groups(20)),
            new ConvolutionCase(
                    "groups of vectors",
                    2,
                    48,
                    6,
                    7,
                    96,
                    3,
                    3,
                    Conv2dParams.of(1, 1).groups(2))
        }) {
            View x = f.gaussian(layout, k.n(), k.c(), k.h(), k.w());
            View w = weight(layout, k);
            View residual = f.gaussian(layout, k.n(), k.o(), k.oh(), k.ow());
            Epilogue add = new Epilogue(Optional.empty(), Optional.empty(), Optional.of(residual), Activation.NONE);
            double[] expected = reference(x, w, k);
            double[] added = Fixture.values(residual);
            for (int i = 0; i < expected.length; i++) {
                expected[i] += added[i];
            }
            assertClose("conv2d", forward(x, w, add, layout, k), expected, TOLERANCE * depth(k));

            View dy = f.gaussian(layout, k.n(), k.o(), k.oh(), k.ow());
            View dx = f.gaussian(layout, k.n(), k.c(), k.h(), k.w());
            f.cpu.conv2dBackwardInput(dy, w, dx, k.params());
            assertClose("conv2dBackwardInput", dx, inputGradient(dy, w, k), TOLERANCE * depth(k));
            View dw = weight(layout, k);
            f.cpu.conv2dBackwardWeight(x, dy, dw, k.params());
            assertClose(
                    "conv2dBackwardWeight",
                    dw,
                    weightGradient(x, dy, k),
                    TOLERANCE * Math.sqrt(k.n() * k.oh() * k.ow()));
        }
    }

    @Test
    void appliesTheWholeEpilogue() {
        for (ConvolutionCase k : new ConvolutionCase[] {
            new ConvolutionCase("tiles", 3, 4, 10, 11, 5, 3, 3, Conv2dParams.of(1, 1)),
            new ConvolutionCase("columns", 1, 130, 5, 6, 260, 3, 3, Conv2dParams.of(1, 1)),
            new ConvolutionCase(
                    "groups", 2, 4, 10, 11, 6, 3, 3, Conv2dParams.of(1, 1).groups(2)),
            new ConvolutionCase(
                    "small groups",
                    2,
                    40,
                    10,
                    11,
                    60,
                    3,
                    3,
                    Conv2dParams.of(1, 1).groups(20)),
            new ConvolutionCase(
                    "groups of vectors",
                    2,
                    48,
                    6,
                    7,
                    96,
                    3,
                    3,
                    Conv2dParams.of(1, 1).groups(2)),
            new ConvolutionCase(
                    "wide kernel",
                    2,
                    37,
                    10,
                    17,
                    37,
                    7,
                    7,
                    Conv2dParams.of(1, 3).groups(37)),
            new ConvolutionCase(
                    "depthwise", 2, 5, 10, 11, 5, 3, 3, Conv2dParams.of(2, 1).groups(5)),
            new ConvolutionCase(
                    "wide depthwise",
                    2,
                    37,
                    10,
                    17,
                    37,
                    3,
                    3,
                    Conv2dParams.of(1, 1).groups(37))
        }) {
            View x = f.gaussian(Layout.CHANNELS_LAST, k.n(), k.c(), k.h(), k.w());
            View w = weight(Layout.ROW_MAJOR, k);
            View scale = f.gaussian(Layout.ROW_MAJOR, k.o());
            View shift = f.gaussian(Layout.ROW_MAJOR, k.o());
            View residual = f.gaussian(Layout.CHANNELS_LAST, k.n(), k.o(), k.oh(), k.ow());
            double[] plain = reference(x, w, k);
            double[] added = Fixture.values(residual);
            for (Activation activation : Activation.values()) {
                Epilogue epilogue =
                        new Epilogue(Optional.of(scale), Optional.of(shift), Optional.of(residual), activation);
                double[] expected = new double[plain.length];
                for (int i = 0; i < expected.length; i++) {
                    int channel = i / (k.oh() * k.ow()) % k.o();
                    double v = at(scale, channel) * plain[i] + at(shift, channel) + added[i];
                    expected[i] = switch (activation) {
                        case NONE -> v;
                        case RELU -> Math.max(v, 0);
                        case RELU6 -> Math.min(Math.max(v, 0), 6);
                    };
                }
                assertClose(
                        k + " " + activation,
                        forward(x, w, epilogue, Layout.CHANNELS_LAST, k),
                        expected,
                        1e-5 * Math.sqrt(depth(k)));
                Epilogue alone = new Epilogue(Optional.of(scale), Optional.of(shift), Optional.empty(), activation);
                for (int i = 0; i < expected.length; i++) {
                    int channel = i / (k.oh() * k.ow()) % k.o();
                    double v = at(scale, channel) * plain[i] + at(shift, channel);
                    expected[i] = switch (activation) {
                        case NONE -> v;
                        case RELU -> Math.max(v, 0);
                        case RELU6 -> Math.min(Math.max(v, 0), 6);
                    };
                }
                assertClose(
                        k + " " + activation + " alone",
                        forward(x, w, alone, Layout.CHANNELS_LAST, k),
                        expected,
                        1e-5 * Math.sqrt(depth(k)));
            }
            assertClose(
                    k + " bias",
                    forward(x, w, Epilogue.bias(shift), Layout.CHANNELS_LAST, k),
                    plus(plain, shift, k),
                    1e-5);
        }
    }

    private static double[] plus(double[] plain, View shift, ConvolutionCase k) {
        double[] sum = plain.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += at(shift, i / (k.oh() * k.ow()) % k.o());
        }
        return sum;
    }

    @Test
    void zeroImagesGiveNothingAndNoGradient() {
        ConvolutionCase k = new ConvolutionCase("empty", 0, 3, 5, 5, 4, 3, 3, Conv2dParams.of(1, 1));
        View x = f.empty(Layout.CHANNELS_LAST, 0, 3, 5, 5);
        View w = weight(Layout.ROW_MAJOR, k);
        View y = forward(x, w, Epilogue.NONE, Layout.CHANNELS_LAST, k);
        f.cpu.conv2dBackwardInput(y, w, x, k.params());
        f.cpu.conv2dBackwardWeight(x, y, w, k.params());
        assertClose("conv2dBackwardWeight", w, new double[w.numel()], 0);

        ConvolutionCase depthwise = new ConvolutionCase(
                "empty", 0, 4, 5, 5, 4, 3, 3, Conv2dParams.of(1, 1).groups(4));
        View images = f.empty(Layout.CHANNELS_LAST, 0, 4, 5, 5);
        View kernels = weight(Layout.ROW_MAJOR, depthwise);
        f.cpu.conv2dBackwardWeight(images, images, kernels, depthwise.params());
        assertClose("conv2dBackwardWeight", kernels, new double[kernels.numel()], 0);
    }

    @Test
    void anEmptyOutputGivesAGradientOfZeros() {
        for (int groups : new int[] {1, 2, 4}) {
            ConvolutionCase k = new ConvolutionCase(
                    "kernel beyond the image",
                    2,
                    4,
                    2,
                    2,
                    8,
                    3,
                    3,
                    Conv2dParams.of(1, 0).groups(groups));
            View dy = f.empty(Layout.CHANNELS_LAST, k.n(), k.o(), k.oh(), k.ow());
            View dx = f.gaussian(Layout.CHANNELS_LAST, k.n(), k.c(), k.h(), k.w());
            f.cpu.conv2dBackwardInput(dy, weight(Layout.ROW_MAJOR, k), dx, k.params());
            assertClose("conv2dBackwardInput", dx, new double[dx.numel()], 0);
        }
    }

    @Test
    void noticesThatWeightsChanged() {
        ConvolutionCase k = new ConvolutionCase("3x3", 1, 4, 6, 6, 5, 3, 3, Conv2dParams.of(1, 1));
        View x = f.gaussian(Layout.CHANNELS_LAST, k.n(), k.c(), k.h(), k.w());
        View w = weight(Layout.ROW_MAJOR, k);
        for (int change = 0; change < 3; change++) {
            for (int use = 0; use < 3; use++) {
                assertClose("conv2d", forward(x, w, Epilogue.NONE, Layout.CHANNELS_LAST, k), reference(x, w, k), 1e-5);
            }
            f.cpu.addScaled(0.5f, weight(Layout.ROW_MAJOR, k), w);
        }
    }

    @Test
    void theJavaProductGivesTheSameWithinRounding() {
        Fixture java = new Fixture(
                CpuBackend.of(KernelProvider.chosen(), 2, () -> new JavaBlas("test"), new MemoryPool(1 << 24)));
        ConvolutionCase k = new ConvolutionCase("3x3", 2, 5, 9, 7, 6, 3, 3, Conv2dParams.of(1, 1));
        View x = java.gaussian(Layout.CHANNELS_LAST, k.n(), k.c(), k.h(), k.w());
        View w = java.gaussian(Layout.ROW_MAJOR, k.o(), k.c(), k.kh(), k.kw());
        View y = java.empty(Layout.CHANNELS_LAST, k.n(), k.o(), k.oh(), k.ow());
        java.cpu.conv2d(x, w, Epilogue.NONE, y, k.params());
        assertClose("conv2d", y, reference(x, w, k), 1e-5);
        View dw = java.empty(Layout.ROW_MAJOR, k.o(), k.c(), k.kh(), k.kw());
        java.cpu.conv2dBackwardWeight(x, y, dw, k.params());
        assertClose("conv2dBackwardWeight", dw, weightGradient(x, y, k), 1e-5);
    }

    /** Layers keep weights channels last, and depthwise ones row-major. */
    private static Layout asInLayers(ConvolutionCase k) {
        return k.params().groups() == 1 ? Layout.CHANNELS_LAST : Layout.ROW_MAJOR;
    }

    private View weight(Layout layout, ConvolutionCase k) {
        return f.gaussian(layout, k.o(), k.c() / k.params().groups(), k.kh(), k.kw());
    }

    private View forward(View x, View w, Epilogue epilogue, Layout layout, ConvolutionCase k) {
        View y = f.gaussian(layout, k.n(), k.o(), k.oh(), k.ow());
        f.cpu.conv2d(x, w, epilogue, y, k.params());
        return y;
    }

    private static double depth(ConvolutionCase k) {
        return Math.sqrt((double) k.c() / k.params().groups() * k.kh() * k.kw());
    }

    /** Calls {@code visit} for every product of an input and a weight in the convolution. */
    private static void products(ConvolutionCase k, Visit visit) {
        Conv2dParams p = k.params();
        int inputs = k.c() / p.groups();
        int outputs = k.o() / p.groups();
        for (int n = 0; n < k.n(); n++) {
            for (int o = 0; o < k.o(); o++) {
                for (int oh = 0; oh < k.oh(); oh++) {
                    for (int ow = 0; ow < k.ow(); ow++) {
                        for (int i = 0; i < inputs; i++) {
                            for (int kh = 0; kh < k.kh(); kh++) {
                                for (int kw = 0; kw < k.kw(); kw++) {
                                    int h = oh * p.strideH() + kh * p.dilationH() - p.padTop();
                                    int w = ow * p.strideW() + kw * p.dilationW() - p.padLeft();
                                    if (h >= 0 && h < k.h() && w >= 0 && w < k.w()) {
                                        visit.accept(
                                                new int[] {n, o / outputs * inputs + i, h, w},
                                                new int[] {o, i, kh, kw},
                                                new int[] {n, o, oh, ow});
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @FunctionalInterface
    private interface Visit {
        void accept(int[] input, int[] weight, int[] output);
    }

    private static int flat(int[] index, int... dims) {
        int flat = 0;
        for (int i = 0; i < dims.length; i++) {
            flat = flat * dims[i] + index[i];
        }
        return flat;
    }

    private static double[] reference(View x, View w, ConvolutionCase k) {
        double[] y = new double[k.n() * k.o() * k.oh() * k.ow()];
        products(
                k,
                (in, weight, out) -> y[flat(out, k.n(), k.o(), k.oh(), k.ow())] += (double) at(x, in) * at(w, weight));
        return y;
    }

    private static double[] inputGradient(View dy, View w, ConvolutionCase k) {
        double[] dx = new double[k.n() * k.c() * k.h() * k.w()];
        products(
                k,
                (in, weight, out) -> dx[flat(in, k.n(), k.c(), k.h(), k.w())] += (double) at(dy, out) * at(w, weight));
        return dx;
    }

    private static double[] weightGradient(View x, View dy, ConvolutionCase k) {
        int inputs = k.c() / k.params().groups();
        double[] dw = new double[k.o() * inputs * k.kh() * k.kw()];
        products(
                k,
                (in, weight, out) ->
                        dw[flat(weight, k.o(), inputs, k.kh(), k.kw())] += (double) at(x, in) * at(dy, out));
        return dw;
    }
}
