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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ConvolutionTest {
    private static final double TOLERANCE = 3e-6;

    private final Fixture f = new Fixture();

    record Case(String name, int n, int c, int h, int w, int o, int kh, int kw, Conv2dParams params) {
        @Override
        public String toString() {
            return name;
        }

        int oh() {
            return params.outputHeight(h, kh);
        }

        int ow() {
            return params.outputWidth(w, kw);
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case("3x3", 2, 5, 9, 7, 6, 3, 3, Conv2dParams.of(1, 1)),
                new Case("3x3 stride 2", 3, 4, 11, 10, 5, 3, 3, Conv2dParams.of(2, 1)),
                new Case("stem 7x7 stride 2", 2, 3, 29, 31, 8, 7, 7, Conv2dParams.of(2, 3)),
                new Case("1x1", 2, 17, 6, 5, 9, 1, 1, Conv2dParams.of(1, 0)),
                new Case("1x1 stride 2", 2, 8, 7, 8, 4, 1, 1, Conv2dParams.of(2, 0)),
                new Case("stride 3 over 2x2", 1, 3, 10, 8, 4, 2, 2, Conv2dParams.of(3, 1)),
                new Case(
                        "dilation 2",
                        2,
                        3,
                        12,
                        9,
                        4,
                        3,
                        3,
                        Conv2dParams.of(1, 2).dilation(2)),
                new Case(
                        "dilation 3, stride 2",
                        1,
                        4,
                        15,
                        13,
                        3,
                        3,
                        2,
                        Conv2dParams.of(2, 3).dilation(3)),
                new Case(
                        "asymmetric padding",
                        2,
                        3,
                        8,
                        9,
                        4,
                        3,
                        5,
                        Conv2dParams.of(2, 0).padding(0, 1, 2, 3)),
                new Case("groups", 2, 6, 7, 6, 9, 3, 3, Conv2dParams.of(1, 1).groups(3)),
                new Case(
                        "groups, stride 2",
                        1,
                        8,
                        9,
                        9,
                        4,
                        3,
                        3,
                        Conv2dParams.of(2, 1).groups(2)),
                new Case(
                        "depthwise 3x3",
                        2,
                        33,
                        9,
                        8,
                        33,
                        3,
                        3,
                        Conv2dParams.of(1, 1).groups(33)),
                new Case(
                        "depthwise 5x5 stride 2",
                        2,
                        20,
                        11,
                        13,
                        20,
                        5,
                        5,
                        Conv2dParams.of(2, 2).groups(20)),
                new Case(
                        "depthwise asymmetric",
                        1,
                        6,
                        10,
                        12,
                        6,
                        3,
                        3,
                        Conv2dParams.of(2, 0).padding(0, 1, 0, 1).groups(6)),
                new Case(
                        "depthwise dilation",
                        1,
                        1100,
                        7,
                        6,
                        1100,
                        3,
                        3,
                        Conv2dParams.of(1, 2).dilation(2).groups(1100)),
                new Case(
                        "depthwise, ragged channels",
                        2,
                        41,
                        15,
                        17,
                        41,
                        5,
                        5,
                        Conv2dParams.of(1, 2).groups(41)),
                new Case(
                        "depthwise, ragged channels, stride 2",
                        2,
                        41,
                        31,
                        36,
                        41,
                        3,
                        3,
                        Conv2dParams.of(2, 1).groups(41)),
                new Case(
                        "depthwise 5x5 below the kernel",
                        2,
                        32,
                        2,
                        3,
                        32,
                        5,
                        5,
                        Conv2dParams.of(1, 2).groups(32)),
                new Case(
                        "depthwise 5x5 asymmetric stride 2",
                        1,
                        40,
                        18,
                        20,
                        40,
                        5,
                        5,
                        Conv2dParams.of(2, 0).padding(1, 2, 1, 2).groups(40)),
                new Case("depthwise, rows apart", 1, 48, 20, 9, 48, 3, 3, new Conv2dParams(1, 1, 2, 2, 1, 1, 2, 1, 48)),
                new Case(
                        "depthwise 7x7",
                        1,
                        24,
                        9,
                        10,
                        24,
                        7,
                        7,
                        Conv2dParams.of(1, 3).groups(24)),
                new Case(
                        "depthwise, strips and pieces",
                        3,
                        64,
                        57,
                        30,
                        64,
                        3,
                        3,
                        Conv2dParams.of(1, 1).groups(64)),
                new Case(
                        "depthwise with multiplier",
                        1,
                        4,
                        6,
                        6,
                        8,
                        3,
                        3,
                        Conv2dParams.of(1, 1).groups(4)),
                new Case("one pixel", 2, 3, 1, 1, 4, 1, 1, Conv2dParams.of(1, 0)),
                new Case("3x3 on one pixel", 1, 3, 1, 1, 4, 3, 3, Conv2dParams.of(1, 1)),
                new Case("kernel wider than the image", 1, 2, 3, 2, 3, 5, 5, Conv2dParams.of(1, 2)),
                new Case("1-d", 2, 4, 1, 19, 5, 1, 7, Conv2dParams.of(2, 0).padding(0, 0, 3, 3)),
                new Case("3x3 of whole vectors", 2, 48, 13, 10, 80, 3, 3, Conv2dParams.of(1, 1)),
                new Case("3x3 of whole vectors, no padding", 3, 32, 9, 8, 64, 3, 3, Conv2dParams.of(1, 0)),
                new Case(
                        "3x3 of whole vectors, padded unevenly",
                        1,
                        32,
                        6,
                        11,
                        32,
                        3,
                        3,
                        Conv2dParams.of(1, 0).padding(2, 0, 1, 2)),
                new Case("3x3 of many channels", 1, 144, 7, 5, 160, 3, 3, Conv2dParams.of(1, 1)),
                new Case("3x3 of many tiles", 3, 32, 41, 38, 96, 3, 3, Conv2dParams.of(1, 1)),
                new Case("1x1 of ragged channels", 2, 70, 9, 7, 75, 1, 1, Conv2dParams.of(1, 0)),
                new Case("3x3 stride 2 of many channels", 2, 64, 15, 14, 130, 3, 3, Conv2dParams.of(2, 1)),
                new Case("3x3 stride 2 of whole vectors", 3, 32, 23, 26, 96, 3, 3, Conv2dParams.of(2, 1)),
                new Case("3x3 stride 2 of many tiles", 2, 48, 57, 64, 80, 3, 3, Conv2dParams.of(2, 1)),
                new Case("few pixels, many weights", 1, 130, 5, 6, 260, 3, 3, Conv2dParams.of(1, 1)),
                new Case("many pixels", 1, 3, 70, 71, 8, 3, 3, Conv2dParams.of(1, 1)),
                new Case("few channels, rows apart", 2, 3, 20, 9, 8, 3, 3, new Conv2dParams(1, 1, 2, 2, 1, 1, 2, 1, 1)),
                new Case(
                        "groups of one input, two outputs",
                        2,
                        35,
                        13,
                        12,
                        70,
                        3,
                        3,
                        Conv2dParams.of(1, 1).groups(35)),
                new Case(
                        "small groups",
                        2,
                        40,
                        15,
                        9,
                        40,
                        3,
                        3,
                        Conv2dParams.of(1, 1).groups(10)),
                new Case(
                        "small groups, stride 2, 5x5",
                        2,
                        36,
                        17,
                        16,
                        60,
                        5,
                        5,
                        Conv2dParams.of(2, 2).groups(12)),
                new Case(
                        "small groups, dilated",
                        1,
                        48,
                        19,
                        23,
                        72,
                        3,
                        2,
                        Conv2dParams.of(1, 3).dilation(3).groups(24)),
                new Case(
                        "small groups, 1x1",
                        3,
                        100,
                        9,
                        8,
                        150,
                        1,
                        1,
                        Conv2dParams.of(1, 0).groups(50)),
                new Case(
                        "small groups, many tiles",
                        2,
                        128,
                        37,
                        40,
                        128,
                        3,
                        3,
                        Conv2dParams.of(1, 1).groups(32)),
                new Case(
                        "few small groups",
                        2,
                        4,
                        9,
                        10,
                        6,
                        3,
                        3,
                        Conv2dParams.of(1, 1).groups(2)),
                new Case(
                        "groups, deep",
                        1,
                        30,
                        12,
                        12,
                        6,
                        12,
                        11,
                        Conv2dParams.of(1, 2).groups(3)),
                new Case(
                        "groups of vectors",
                        2,
                        80,
                        9,
                        9,
                        96,
                        3,
                        3,
                        Conv2dParams.of(1, 1).groups(2)),
                new Case(
                        "groups of vectors, stride 2",
                        1,
                        96,
                        11,
                        9,
                        144,
                        1,
                        1,
                        Conv2dParams.of(2, 0).groups(3)),
                new Case(
                        "groups of many inputs",
                        1,
                        128,
                        9,
                        9,
                        6,
                        3,
                        3,
                        Conv2dParams.of(1, 1).groups(2)),
                new Case(
                        "groups of many outputs",
                        1,
                        6,
                        9,
                        9,
                        128,
                        3,
                        3,
                        Conv2dParams.of(1, 1).groups(2)),
                new Case(
                        "1-d, small groups",
                        1,
                        24,
                        1,
                        600,
                        12,
                        1,
                        9,
                        Conv2dParams.of(1, 0).groups(12)),
                new Case("kernel of the image", 5, 3, 21, 20, 9, 21, 20, Conv2dParams.of(1, 0)),
                new Case("kernel of half the image", 2, 3, 24, 31, 6, 12, 15, Conv2dParams.of(1, 2)),
                new Case(
                        "large dilated kernel",
                        2,
                        5,
                        31,
                        30,
                        70,
                        9,
                        8,
                        Conv2dParams.of(2, 1).dilation(3)),
                new Case("patches", 3, 3, 34, 35, 40, 8, 8, Conv2dParams.of(8, 0)),
                new Case("patches apart", 2, 17, 30, 29, 33, 4, 3, Conv2dParams.of(7, 5)),
                new Case("1-d, long kernel", 1, 4, 1, 700, 7, 1, 500, new Conv2dParams(1, 1, 0, 0, 9, 0, 1, 1, 1)),
                new Case("1-d, long kernel, many outputs", 2, 3, 1, 90, 300, 1, 40, Conv2dParams.of(1, 0)),
                new Case(
                        "padding wider than the kernel",
                        1,
                        3,
                        1,
                        4,
                        20,
                        1,
                        2,
                        new Conv2dParams(1, 9, 0, 0, 7, 7, 1, 1, 1)),
                new Case("1-d, dilated", 2, 32, 1, 700, 32, 1, 11, new Conv2dParams(1, 1, 0, 0, 50, 50, 1, 10, 1)),
                new Case("1-d, ragged", 2, 17, 1, 333, 21, 1, 5, new Conv2dParams(1, 1, 0, 0, 8, 3, 1, 4, 1)),
                new Case("1-d, many outputs", 3, 20, 1, 400, 70, 1, 3, new Conv2dParams(1, 1, 0, 0, 1, 1, 1, 1, 1)),
                new Case("1-d, few channels", 2, 4, 1, 300, 8, 1, 11, new Conv2dParams(1, 1, 0, 0, 20, 20, 1, 4, 1)),
                new Case("lines of images", 2, 18, 5, 90, 9, 1, 5, new Conv2dParams(2, 1, 1, 2, 2, 2, 1, 1, 1)),
                new Case("stride beyond the image", 1, 2, 2, 2, 3, 1, 1, Conv2dParams.of(5, 0)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void forwardMatchesTheDefinition(Case k) {
        View x = f.gaussian(Layout.CHANNELS_LAST, k.n, k.c, k.h, k.w);
        View w = weight(asInLayers(k), k);
        View y = f.sameBits("conv2d", () -> forward(x, w, Epilogue.NONE, Layout.CHANNELS_LAST, k));
        assertClose("conv2d", y, reference(x, w, k), TOLERANCE * depth(k));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void backwardInputMatchesTheDefinition(Case k) {
        View w = weight(asInLayers(k), k);
        View dy = f.gaussian(Layout.CHANNELS_LAST, k.n, k.o, k.oh(), k.ow());
        View dx = f.sameBits("conv2dBackwardInput", () -> {
            View result = f.gaussian(Layout.CHANNELS_LAST, k.n, k.c, k.h, k.w);
            f.cpu.conv2dBackwardInput(dy, w, result, k.params);
            return result;
        });
        assertClose("conv2dBackwardInput", dx, inputGradient(dy, w, k), TOLERANCE * depth(k));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void backwardWeightMatchesTheDefinition(Case k) {
        View x = f.gaussian(Layout.CHANNELS_LAST, k.n, k.c, k.h, k.w);
        View dy = f.gaussian(Layout.CHANNELS_LAST, k.n, k.o, k.oh(), k.ow());
        View dw = f.sameBits("conv2dBackwardWeight", () -> {
            View result = weight(asInLayers(k), k);
            f.cpu.conv2dBackwardWeight(x, dy, result, k.params);
            return result;
        });
        assertClose("conv2dBackwardWeight", dw, weightGradient(x, dy, k), TOLERANCE * Math.sqrt(k.n * k.oh() * k.ow()));
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void takesAnyLayout(Layout layout) {
        for (Case k : new Case[] {
            new Case("dense", 2, 3, 6, 5, 4, 3, 3, Conv2dParams.of(2, 1)),
            new Case("whole vectors", 2, 48, 13, 10, 80, 3, 3, Conv2dParams.of(1, 1)),
            new Case("many channels", 1, 144, 7, 5, 160, 3, 3, Conv2dParams.of(1, 1)),
            new Case("1x1 of ragged channels", 2, 70, 9, 7, 75, 1, 1, Conv2dParams.of(1, 0)),
            new Case("stride 2 of many channels", 2, 64, 15, 14, 130, 3, 3, Conv2dParams.of(2, 1)),
            new Case("depthwise", 2, 4, 6, 5, 4, 3, 3, Conv2dParams.of(1, 1).groups(4)),
            new Case(
                    "small groups", 2, 40, 6, 5, 60, 3, 3, Conv2dParams.of(1, 1).groups(20)),
            new Case(
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
            View x = f.gaussian(layout, k.n, k.c, k.h, k.w);
            View w = weight(layout, k);
            View residual = f.gaussian(layout, k.n, k.o, k.oh(), k.ow());
            Epilogue add = new Epilogue(Optional.empty(), Optional.empty(), Optional.of(residual), Activation.NONE);
            double[] expected = reference(x, w, k);
            double[] added = Fixture.values(residual);
            for (int i = 0; i < expected.length; i++) {
                expected[i] += added[i];
            }
            assertClose("conv2d", forward(x, w, add, layout, k), expected, TOLERANCE * depth(k));

            View dy = f.gaussian(layout, k.n, k.o, k.oh(), k.ow());
            View dx = f.gaussian(layout, k.n, k.c, k.h, k.w);
            f.cpu.conv2dBackwardInput(dy, w, dx, k.params);
            assertClose("conv2dBackwardInput", dx, inputGradient(dy, w, k), TOLERANCE * depth(k));
            View dw = weight(layout, k);
            f.cpu.conv2dBackwardWeight(x, dy, dw, k.params);
            assertClose(
                    "conv2dBackwardWeight", dw, weightGradient(x, dy, k), TOLERANCE * Math.sqrt(k.n * k.oh() * k.ow()));
        }
    }

    @Test
    void appliesTheWholeEpilogue() {
        for (Case k : new Case[] {
            new Case("tiles", 3, 4, 10, 11, 5, 3, 3, Conv2dParams.of(1, 1)),
            new Case("columns", 1, 130, 5, 6, 260, 3, 3, Conv2dParams.of(1, 1)),
            new Case("groups", 2, 4, 10, 11, 6, 3, 3, Conv2dParams.of(1, 1).groups(2)),
            new Case(
                    "small groups",
                    2,
                    40,
                    10,
                    11,
                    60,
                    3,
                    3,
                    Conv2dParams.of(1, 1).groups(20)),
            new Case(
                    "groups of vectors",
                    2,
                    48,
                    6,
                    7,
                    96,
                    3,
                    3,
                    Conv2dParams.of(1, 1).groups(2)),
            new Case(
                    "wide kernel",
                    2,
                    37,
                    10,
                    17,
                    37,
                    7,
                    7,
                    Conv2dParams.of(1, 3).groups(37)),
            new Case("depthwise", 2, 5, 10, 11, 5, 3, 3, Conv2dParams.of(2, 1).groups(5)),
            new Case(
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
            View x = f.gaussian(Layout.CHANNELS_LAST, k.n, k.c, k.h, k.w);
            View w = weight(Layout.ROW_MAJOR, k);
            View scale = f.gaussian(Layout.ROW_MAJOR, k.o);
            View shift = f.gaussian(Layout.ROW_MAJOR, k.o);
            View residual = f.gaussian(Layout.CHANNELS_LAST, k.n, k.o, k.oh(), k.ow());
            double[] plain = reference(x, w, k);
            double[] added = Fixture.values(residual);
            for (Activation activation : Activation.values()) {
                Epilogue epilogue =
                        new Epilogue(Optional.of(scale), Optional.of(shift), Optional.of(residual), activation);
                double[] expected = new double[plain.length];
                for (int i = 0; i < expected.length; i++) {
                    int channel = i / (k.oh() * k.ow()) % k.o;
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
                    int channel = i / (k.oh() * k.ow()) % k.o;
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

    private static double[] plus(double[] plain, View shift, Case k) {
        double[] sum = plain.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += at(shift, i / (k.oh() * k.ow()) % k.o);
        }
        return sum;
    }

    @Test
    void zeroImagesGiveNothingAndNoGradient() {
        Case k = new Case("empty", 0, 3, 5, 5, 4, 3, 3, Conv2dParams.of(1, 1));
        View x = f.empty(Layout.CHANNELS_LAST, 0, 3, 5, 5);
        View w = weight(Layout.ROW_MAJOR, k);
        View y = forward(x, w, Epilogue.NONE, Layout.CHANNELS_LAST, k);
        f.cpu.conv2dBackwardInput(y, w, x, k.params);
        f.cpu.conv2dBackwardWeight(x, y, w, k.params);
        assertClose("conv2dBackwardWeight", w, new double[w.numel()], 0);

        Case depthwise =
                new Case("empty", 0, 4, 5, 5, 4, 3, 3, Conv2dParams.of(1, 1).groups(4));
        View images = f.empty(Layout.CHANNELS_LAST, 0, 4, 5, 5);
        View kernels = weight(Layout.ROW_MAJOR, depthwise);
        f.cpu.conv2dBackwardWeight(images, images, kernels, depthwise.params);
        assertClose("conv2dBackwardWeight", kernels, new double[kernels.numel()], 0);
    }

    @Test
    void anEmptyOutputGivesAGradientOfZeros() {
        for (int groups : new int[] {1, 2, 4}) {
            Case k = new Case(
                    "kernel beyond the image",
                    2,
                    4,
                    2,
                    2,
                    8,
                    3,
                    3,
                    Conv2dParams.of(1, 0).groups(groups));
            View dy = f.empty(Layout.CHANNELS_LAST, k.n, k.o, k.oh(), k.ow());
            View dx = f.gaussian(Layout.CHANNELS_LAST, k.n, k.c, k.h, k.w);
            f.cpu.conv2dBackwardInput(dy, weight(Layout.ROW_MAJOR, k), dx, k.params);
            assertClose("conv2dBackwardInput", dx, new double[dx.numel()], 0);
        }
    }

    @Test
    void noticesThatWeightsChanged() {
        Case k = new Case("3x3", 1, 4, 6, 6, 5, 3, 3, Conv2dParams.of(1, 1));
        View x = f.gaussian(Layout.CHANNELS_LAST, k.n, k.c, k.h, k.w);
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
        Case k = new Case("3x3", 2, 5, 9, 7, 6, 3, 3, Conv2dParams.of(1, 1));
        View x = java.gaussian(Layout.CHANNELS_LAST, k.n, k.c, k.h, k.w);
        View w = java.gaussian(Layout.ROW_MAJOR, k.o, k.c, k.kh, k.kw);
        View y = java.empty(Layout.CHANNELS_LAST, k.n, k.o, k.oh(), k.ow());
        java.cpu.conv2d(x, w, Epilogue.NONE, y, k.params);
        assertClose("conv2d", y, reference(x, w, k), 1e-5);
        View dw = java.empty(Layout.ROW_MAJOR, k.o, k.c, k.kh, k.kw);
        java.cpu.conv2dBackwardWeight(x, y, dw, k.params);
        assertClose("conv2dBackwardWeight", dw, weightGradient(x, y, k), 1e-5);
    }

    /** Layers keep weights channels last, and depthwise ones row-major. */
    private static Layout asInLayers(Case k) {
        return k.params.groups() == 1 ? Layout.CHANNELS_LAST : Layout.ROW_MAJOR;
    }

    private View weight(Layout layout, Case k) {
        return f.gaussian(layout, k.o, k.c / k.params.groups(), k.kh, k.kw);
    }

    private View forward(View x, View w, Epilogue epilogue, Layout layout, Case k) {
        View y = f.gaussian(layout, k.n, k.o, k.oh(), k.ow());
        f.cpu.conv2d(x, w, epilogue, y, k.params);
        return y;
    }

    private static double depth(Case k) {
        return Math.sqrt((double) k.c / k.params.groups() * k.kh * k.kw);
    }

    /** Calls {@code visit} for every product of an input and a weight in the convolution. */
    private static void products(Case k, Visit visit) {
        Conv2dParams p = k.params;
        int inputs = k.c / p.groups();
        int outputs = k.o / p.groups();
        for (int n = 0; n < k.n; n++) {
            for (int o = 0; o < k.o; o++) {
                for (int oh = 0; oh < k.oh(); oh++) {
                    for (int ow = 0; ow < k.ow(); ow++) {
                        for (int i = 0; i < inputs; i++) {
                            for (int kh = 0; kh < k.kh; kh++) {
                                for (int kw = 0; kw < k.kw; kw++) {
                                    int h = oh * p.strideH() + kh * p.dilationH() - p.padTop();
                                    int w = ow * p.strideW() + kw * p.dilationW() - p.padLeft();
                                    if (h >= 0 && h < k.h && w >= 0 && w < k.w) {
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

    private static double[] reference(View x, View w, Case k) {
        double[] y = new double[k.n * k.o * k.oh() * k.ow()];
        products(k, (in, weight, out) -> y[flat(out, k.n, k.o, k.oh(), k.ow())] += (double) at(x, in) * at(w, weight));
        return y;
    }

    private static double[] inputGradient(View dy, View w, Case k) {
        double[] dx = new double[k.n * k.c * k.h * k.w];
        products(k, (in, weight, out) -> dx[flat(in, k.n, k.c, k.h, k.w)] += (double) at(dy, out) * at(w, weight));
        return dx;
    }

    private static double[] weightGradient(View x, View dy, Case k) {
        int inputs = k.c / k.params.groups();
        double[] dw = new double[k.o * inputs * k.kh * k.kw];
        products(k, (in, weight, out) -> dw[flat(weight, k.o, inputs, k.kh, k.kw)] += (double) at(x, in) * at(dy, out));
        return dw;
    }
}
