package dev.graft.cpu.conv.winograd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.KernelProvider;
import dev.graft.cpu.conv.parts.PlainEpilogue;
import dev.graft.cpu.conv.parts.VectorEpilogue;
import dev.graft.cpu.elementwise.VectorElementLoops;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.testing.Requirement;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The error of each transform against sums in double, relative to the largest result, at the depths of ResNet's layers.
 */
class WinogradTest {
    private static final Conv2dParams SAME = Conv2dParams.of(1, 1);

    private final Fixture f = new Fixture();
    private final ExecutionContext context = KernelProvider.chosen().context(2);

    record Case(int tile, double bound, int channels, int size) {
        /** Lazily, so that a JVM without vectors can skip. */
        WinogradStride1 transforms() {
            return tile == 4 ? new WinogradF4() : new WinogradF2();
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case(4, 5e-5, 64, 12),
                new Case(4, 5e-5, 512, 7),
                new Case(2, 5e-6, 64, 12),
                new Case(2, 5e-6, 512, 7));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void errorIsBounded(Case k) {
        Requirement.of(
                context.elementLoops() instanceof VectorElementLoops,
                "these kernels do not use the Vector API: "
                        + context.elementLoops().description());
        int c = k.channels;
        int outputs = 32;
        View x = f.gaussian(Layout.CHANNELS_LAST, 2, c, k.size, k.size);
        View w = f.gaussian(Layout.ROW_MAJOR, outputs, c, 3, 3);
        View dy = f.gaussian(Layout.CHANNELS_LAST, 2, outputs, k.size, k.size);
        View y = f.empty(Layout.CHANNELS_LAST, 2, outputs, k.size, k.size);
        View dw = f.empty(Layout.ROW_MAJOR, outputs, c, 3, 3);
        View dx = f.empty(Layout.CHANNELS_LAST, 2, c, k.size, k.size);
        VectorWinograd winograd = new VectorWinograd(context, k.transforms());
        winograd.forward(2, ImageArray.read(x), w, VectorEpilogue.NONE, ImageArray.written(y), SAME);
        winograd.backwardInput(2, ImageArray.read(dy), w, ImageArray.written(dx), SAME);
        new VectorWinogradWeightGradient(context, k.transforms())
                .run(2, ImageArray.read(x), ImageArray.read(dy), dw, SAME);

        double[] sums = new double[y.numel()];
        double[] inputGradient = new double[x.numel()];
        double[] weightGradient = new double[w.numel()];
        define(
                CpuStorage.floats(x),
                CpuStorage.floats(w),
                CpuStorage.floats(dy),
                c,
                outputs,
                k.size,
                1,
                sums,
                inputGradient,
                weightGradient);
        assertThat(error(CpuStorage.floats(y), sums)).isLessThan(k.bound);
        assertThat(error(CpuStorage.floats(dx), inputGradient)).isLessThan(k.bound);
        assertThat(error(CpuStorage.floats(dw), weightGradient)).isLessThan(k.bound);
    }

    @ParameterizedTest
    @CsvSource({"64, 12", "512, 7"})
    void errorIsBoundedWithoutVectors(int c, int size) {
        int outputs = 32;
        View x = f.gaussian(Layout.CHANNELS_LAST, 2, c, size, size);
        View w = f.gaussian(Layout.ROW_MAJOR, outputs, c, 3, 3);
        View dy = f.gaussian(Layout.CHANNELS_LAST, 2, outputs, size, size);
        View y = f.empty(Layout.CHANNELS_LAST, 2, outputs, size, size);
        View dx = f.empty(Layout.CHANNELS_LAST, 2, c, size, size);
        BlasWinograd winograd = new BlasWinograd(context);
        PlainEpilogue none = new PlainEpilogue(context.elementLoops(), Epilogue.NONE, Optional.empty());
        winograd.forward(2, ImageArray.read(x), w, none, ImageArray.written(y), SAME);
        winograd.backwardInput(2, ImageArray.read(dy), w, none, ImageArray.written(dx), SAME);

        double[] sums = new double[y.numel()];
        double[] inputGradient = new double[x.numel()];
        define(
                CpuStorage.floats(x),
                CpuStorage.floats(w),
                CpuStorage.floats(dy),
                c,
                outputs,
                size,
                1,
                sums,
                inputGradient,
                new double[w.numel()]);
        assertThat(error(CpuStorage.floats(y), sums)).isLessThan(5e-5);
        assertThat(error(CpuStorage.floats(dx), inputGradient)).isLessThan(5e-5);
    }

    @ParameterizedTest
    @CsvSource({"64, 24", "512, 14"})
    void errorOfStride2IsBounded(int c, int size) {
        Requirement.of(
                context.elementLoops() instanceof VectorElementLoops,
                "these kernels do not use the Vector API: "
                        + context.elementLoops().description());
        int outputs = 32;
        View x = f.gaussian(Layout.CHANNELS_LAST, 2, c, size, size);
        View w = f.gaussian(Layout.ROW_MAJOR, outputs, c, 3, 3);
        View dy = f.gaussian(Layout.CHANNELS_LAST, 2, outputs, size / 2, size / 2);
        View y = f.empty(Layout.CHANNELS_LAST, 2, outputs, size / 2, size / 2);
        View dx = f.empty(Layout.CHANNELS_LAST, 2, c, size, size);
        Conv2dParams halving = Conv2dParams.of(2, 1);
        new VectorWinograd(context, new WinogradStride2())
                .forward(2, ImageArray.read(x), w, VectorEpilogue.NONE, ImageArray.written(y), halving);
        new VectorWinograd(context, new WinogradStride2Gradient())
                .backwardInput(2, ImageArray.read(dy), w, ImageArray.written(dx), halving);

        double[] sums = new double[y.numel()];
        double[] inputGradient = new double[x.numel()];
        define(
                CpuStorage.floats(x),
                CpuStorage.floats(w),
                CpuStorage.floats(dy),
                c,
                outputs,
                size,
                2,
                sums,
                inputGradient,
                new double[w.numel()]);
        assertThat(error(CpuStorage.floats(y), sums)).isLessThan(1e-5);
        assertThat(error(CpuStorage.floats(dx), inputGradient)).isLessThan(1e-5);
    }

    private static void define(
            float[] x,
            float[] w,
            float[] dy,
            int channels,
            int outputs,
            int size,
            int stride,
            double[] y,
            double[] dx,
            double[] dw) {
        int side = size / stride;
        for (int n = 0; n < 2; n++) {
            for (int p = 0; p < side * side; p++) {
                for (int t = 0; t < 9; t++) {
                    int row = p / side * stride + t / 3 - 1;
                    int column = p % side * stride + t % 3 - 1;
                    if (row < 0 || row >= size || column < 0 || column >= size) {
                        continue;
                    }
                    int from = ((n * size + row) * size + column) * channels;
                    int to = (n * side * side + p) * outputs;
                    for (int o = 0; o < outputs; o++) {
                        for (int c = 0; c < channels; c++) {
                            int weight = (o * channels + c) * 9 + t;
                            y[to + o] += (double) x[from + c] * w[weight];
                            dx[from + c] += (double) dy[to + o] * w[weight];
                            dw[weight] += (double) dy[to + o] * x[from + c];
                        }
                    }
                }
            }
        }
    }

    private static double error(float[] actual, double[] expected) {
        double worst = 0;
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            worst = Math.max(
                    worst, Double.isNaN(actual[i]) ? Double.POSITIVE_INFINITY : Math.abs(actual[i] - expected[i]));
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return worst / largest;
    }
}
