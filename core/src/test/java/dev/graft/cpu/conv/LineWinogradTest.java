package dev.graft.cpu.conv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.KernelProvider;
import dev.graft.cpu.conv.parts.Im2col;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.elementwise.VectorElementLoops;
import dev.graft.cpu.gemm.MicroKernel;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.testing.Requirement;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Convolutions along lines that take Winograd's algorithm: their error, their bits, and what is not finite. */
class LineWinogradTest {
    /** Of the largest result. That of a direct convolution is up to 5e-7. */
    private static final double ERROR = 4e-6;

    private final Fixture f = new Fixture();

    static Stream<ConvCase> cases() {
        return Stream.of(
                line("the family's first stage", 2, 32, 500, 32, 11, 1),
                line("the second", 1, 32, 500, 32, 11, 4),
                line("the third", 1, 32, 900, 32, 21, 10),
                line("the last", 1, 32, 2000, 32, 41, 25),
                line("whole groups of taps", 1, 48, 300, 64, 8, 1),
                line("more than a buffer of outputs, deep", 1, 128, 200, 70, 7, 3),
                line("shorter than a block", 3, 32, 21, 32, 11, 1));
    }

    private static ConvCase line(String name, int n, int inputs, int length, int outputs, int taps, int dilation) {
        int left = dilation * (taps / 2);
        return new ConvCase(
                name,
                n,
                inputs,
                1,
                length,
                outputs,
                1,
                taps,
                new Conv2dParams(1, 1, 0, 0, left, left + 1, 1, dilation, 1));
    }

    @BeforeEach
    void needsVectors() {
        var loops = KernelProvider.chosen().context(2).elementLoops();
        Requirement.of(
                loops instanceof VectorElementLoops, "these kernels do not use the Vector API: " + loops.description());
    }

    private record Operands(View x, View w, View dy) {}

    private Operands operands(ConvCase k) {
        return new Operands(
                f.gaussian(Layout.CHANNELS_LAST, k.x()),
                f.gaussian(Layout.ROW_MAJOR, k.weight()),
                f.gaussian(Layout.CHANNELS_LAST, k.y()));
    }

    private View forward(ConvCase k, Operands o) {
        View y = f.empty(Layout.CHANNELS_LAST, k.y());
        f.cpu.conv2d(o.x, o.w, Epilogue.NONE, y, k.params());
        return y;
    }

    private View inputGradient(ConvCase k, Operands o) {
        View dx = f.empty(Layout.CHANNELS_LAST, k.x());
        f.cpu.conv2dBackwardInput(o.dy, o.w, dx, k.params());
        return dx;
    }

    private View weightGradient(ConvCase k, Operands o) {
        View dw = f.empty(Layout.ROW_MAJOR, k.weight());
        f.cpu.conv2dBackwardWeight(o.x, o.dy, dw, k.params());
        return dw;
    }

    private static double error(View actual, double[] expected) {
        double[] values = Fixture.values(actual);
        double largest = 0;
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            error = Math.max(error, Math.abs(values[i] - expected[i]));
        }
        return error / largest;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void allCasesTakeTheAlgorithm(ConvCase k) {
        View x = f.gaussian(Layout.CHANNELS_LAST, k.x());
        Im2col source = Im2col.of(x, PixelMap.forward(k.params(), 1, k.kw(), 1, k.ow()), k.params());
        assertThat(Lines.fit(source)).isTrue();
        assertThat(LineWinograd.pays(source, MicroKernel.padded(k.o()))).isTrue();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void errorIsBounded(ConvCase k) {
        Operands o = operands(k);
        double[] x = Fixture.values(o.x);
        double[] w = Fixture.values(o.w);
        double[] dy = Fixture.values(o.dy);
        assertThat(error(forward(k, o), k.forward(x, w).values())).isLessThan(ERROR);
        assertThat(error(inputGradient(k, o), k.inputGradient(dy, w).values())).isLessThan(ERROR);
        assertThat(error(weightGradient(k, o), k.weightGradient(x, dy).values()))
                .isLessThan(ERROR);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void threadsDoNotChangeBits(ConvCase k) {
        Operands o = operands(k);
        f.sameBits("forward", () -> forward(k, o));
        f.sameBits("input gradient", () -> inputGradient(k, o));
        f.sameBits("weight gradient", () -> weightGradient(k, o));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void infinityReachesOnlyTheResultsThatReadIt(ConvCase k) {
        Operands o = operands(k);
        int at = k.w() / 2;
        CpuStorage.floatsToWrite(o.x)[Fixture.place(o.x, 0, 1, 0, at)] = Float.POSITIVE_INFINITY;
        double[] values = Fixture.values(forward(k, o));
        long reading = 0;
        for (int j = 0; j < k.ow(); j++) {
            int distance = at - j + k.params().padLeft();
            int dilation = k.params().dilationW();
            boolean reads = distance % dilation == 0 && distance >= 0 && distance / dilation < k.kw();
            reading += reads ? 1 : 0;
            assertThat(Double.isFinite(values[j])).as("result %d", j).isEqualTo(!reads);
        }
        assertThat(reading).isPositive();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void changedWeightsAreTransformedAgain(ConvCase k) {
        Operands o = operands(k);
        double[] first = Fixture.values(forward(k, o));
        forward(k, o); // now the transformed weights are kept
        float[] w = CpuStorage.floatsToWrite(o.w);
        for (int i = 0; i < w.length; i++) {
            w[i] *= 2;
        }
        double[] twice = Fixture.values(forward(k, o));
        assertThat(twice).isEqualTo(Arrays.stream(first).map(v -> 2 * v).toArray());
    }
}
