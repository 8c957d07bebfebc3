package dev.graft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.conv.ConvCase;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every sum of every kernel over some hundred thousand terms, and slowly over millions, against double. Terms have one
 * sign, so that the error is relative to the sum: a float that takes them one by one is off by a hundredth for a
 * million terms of .1, and pairwise sums by 20 roundings at worst. Kernels add up some hundred terms in a float, and
 * such sums in double.
 */
class LongSumsTest {
    private static final double BOUND = 40 * Math.ulp(1f) / 2;

    private final Fixture f = new Fixture();
    private boolean quick;

    /** What the terms are. */
    enum Terms {
        TENTHS,
        RANDOM;

        float next(java.util.Random random) {
            return this == TENTHS ? 0.1f : random.nextFloat();
        }
    }

    /** A kernel call whose every result is a long sum. */
    @FunctionalInterface
    interface Run {
        void check(LongSumsTest test, Terms terms);
    }

    /** Of a sum: an eighth of it in quick tests. */
    private int terms(int many) {
        return quick ? many / 8 + many % 8 : many;
    }

    /** Of an image: about a third of it in quick tests. */
    private int side(int pixels) {
        return quick ? pixels * 3 / 8 : pixels;
    }

    private View of(Terms terms, int... dims) {
        View view = f.empty(dims.length == 4 ? Layout.CHANNELS_LAST : Layout.ROW_MAJOR, dims);
        float[] data = CpuStorage.floatsToWrite(view);
        for (int i = 0; i < view.numel(); i++) {
            data[i] = terms.next(f.random);
        }
        return view;
    }

    private View result(int... dims) {
        return f.empty(dims.length == 4 ? Layout.CHANNELS_LAST : Layout.ROW_MAJOR, dims);
    }

    private static void check(String what, View actual, double... expected) {
        double[] values = Fixture.values(actual);
        assertThat(values).as(what).hasSameSizeAs(expected);
        double worst = 0;
        for (int i = 0; i < values.length; i++) {
            double error = Math.abs(values[i] - expected[i]) / Math.abs(expected[i]);
            worst = Math.max(worst, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
        }
        assertThat(worst).as("relative error of %s", what).isLessThan(BOUND);
    }

    private static double sum(double[] x) {
        return Arrays.stream(x).sum();
    }

    private void reduce(Terms terms, int[] dims, int[] kept) {
        View x = of(terms, dims);
        for (Reduction op : new Reduction[] {Reduction.SUM, Reduction.MEAN}) {
            View y = result(kept);
            f.cpu.reduce(op, x, y);
            double[] sums = new double[y.numel()];
            double[] values = Fixture.values(x);
            for (int i = 0; i < values.length; i++) {
                int to = 0;
                int rest = i;
                int step = 1;
                for (int d = dims.length - 1; d >= 0; d--) {
                    to += kept[d] == 1 ? 0 : rest % dims[d] * step;
                    step *= kept[d];
                    rest /= dims[d];
                }
                sums[to] += values[i];
            }
            double divisor = op == Reduction.MEAN ? (double) x.numel() / y.numel() : 1;
            check(op.toString(), y, Arrays.stream(sums).map(s -> s / divisor).toArray());
        }
    }

    private void averagePool(Terms terms, int c, int size, int count) {
        View x = of(terms, 1, c, size, size);
        int width = size / count;
        Pool2dParams windows = Pool2dParams.of(width, width);
        assertThat(windows.rows(size).count()).isEqualTo(count);
        View y = result(1, c, count, count);
        f.cpu.avgPool2d(x, windows, y);
        double[] means = new double[y.numel()];
        double[] values = Fixture.values(x);
        for (int i = 0; i < values.length; i++) {
            int plane = i / (size * size);
            int row = i / size % size * count / size;
            int column = i % size * count / size;
            means[(plane * count + row) * count + column] += values[i] / ((double) width * width);
        }
        check("mean", y, means);
    }

    private void matmul(Terms terms, int m, int n, boolean transposeLeft, boolean transposeRight) {
        int k = terms(1_000_000);
        View p = of(terms, transposeLeft ? new int[] {k, m} : new int[] {m, k});
        View q = of(terms, transposeRight ? new int[] {n, k} : new int[] {k, n});
        View left = transposeLeft ? Fixture.viewed(p, new int[] {m, k}, new int[] {1, m}) : p;
        View right = transposeRight ? Fixture.viewed(q, new int[] {k, n}, new int[] {1, k}) : q;
        View y = result(m, n);
        f.cpu.matmul(left, right, y);
        double[] expected = new double[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                for (int l = 0; l < k; l++) {
                    expected[i * n + j] += (double) Fixture.at(left, i, l) * Fixture.at(right, l, j);
                }
            }
        }
        check("product", y, expected);
    }

    private void convolve(Terms terms, int n, int c, int h, int w, int o, int kh, int kw, Conv2dParams params) {
        ConvCase k = new ConvCase("deep", n, c, h, w, o, kh, kw, params);
        View x = of(terms, k.x());
        View weight = of(terms, k.weight());
        View y = result(k.y());
        f.cpu.conv2d(x, weight, Epilogue.NONE, y, params);
        check("forward", y, k.forward(Fixture.values(x), Fixture.values(weight)).values());
    }

    private void inputGradient(Terms terms, int n, int c, int h, int w, int o, int kh, int kw, Conv2dParams params) {
        ConvCase k = new ConvCase("deep", n, c, h, w, o, kh, kw, params);
        View dy = of(terms, k.y());
        View weight = of(terms, k.weight());
        View dx = result(k.x());
        f.cpu.conv2dBackwardInput(dy, weight, dx, params);
        check(
                "input gradient",
                dx,
                k.inputGradient(Fixture.values(dy), Fixture.values(weight)).values());
    }

    /** Enough of the gradients to see whether their sums are right: computing all in double would take too long. */
    private void weightGradient(Terms terms, int n, int c, int h, int w, int o, int kernel, int stride, int groups) {
        ConvCase k = new ConvCase(
                "many pixels",
                n,
                c,
                h,
                w,
                o,
                kernel,
                kernel,
                Conv2dParams.of(stride, kernel / 2).groups(groups));
        View x = of(terms, k.x());
        View dy = of(terms, k.y());
        View dw = result(k.weight());
        f.cpu.conv2dBackwardWeight(x, dy, dw, k.params());
        int few = Math.min(k.o(), 3);
        for (int output = 0; output < few; output++) {
            int at = output * (k.o() - 1) / Math.max(1, few - 1);
            int input = at / (k.o() / groups) * k.inputs();
            double[] sums = new double[kernel * kernel];
            double[] actual = new double[sums.length];
            for (int tap = 0; tap < sums.length; tap++) {
                sums[tap] = gradient(k, x, dy, at, input, tap / kernel, tap % kernel);
                actual[tap] = Fixture.at(dw, at, 0, tap / kernel, tap % kernel);
            }
            for (int tap = 0; tap < sums.length; tap++) {
                assertThat(Math.abs(actual[tap] / sums[tap] - 1))
                        .as("relative error of output %d, tap %d of %s", at, tap, k)
                        .isLessThan(BOUND);
            }
        }
    }

    private static double gradient(ConvCase k, View x, View dy, int output, int input, int i, int j) {
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(dy);
        double sum = 0;
        for (int n = 0; n < k.n(); n++) {
            for (int q = 0; q < k.oh(); q++) {
                int row = q * k.params().strideH() + i - k.params().padTop();
                for (int r = 0; r < k.ow() && row >= 0 && row < k.h(); r++) {
                    int column = r * k.params().strideW() + j - k.params().padLeft();
                    if (column >= 0 && column < k.w()) {
                        sum += (double) xs[((n * k.h() + row) * k.w() + column) * k.c() + input]
                                * dys[((n * k.oh() + q) * k.ow() + r) * k.o() + output];
                    }
                }
            }
        }
        return sum;
    }

    private void batchNorm(Terms terms, int n, int c, int size) {
        View x = of(terms, n, c, size, size);
        View y = result(n, c, size, size);
        View gamma = result(c);
        f.cpu.fill(gamma, 1);
        View mean = result(c);
        View inverse = result(c);
        View variance = result(c);
        f.cpu.batchNormTrain(x, gamma, gamma, 1e-3f, Optional.empty(), Activation.NONE, y, mean, inverse, variance);
        View dy = of(terms, n, c, size, size);
        View dgamma = result(c);
        View dbeta = result(c);
        // Against a mean of 0 all products have one sign.
        View zero = result(c);
        f.cpu.fill(zero, 0);
        f.cpu.batchNormTrainBackward(
                x,
                Optional.empty(),
                dy,
                gamma,
                gamma,
                zero,
                gamma,
                Activation.NONE,
                y,
                dgamma,
                dbeta,
                Optional.empty());
        double[] sums = new double[c];
        double[] gradients = new double[c];
        double[] products = new double[c];
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(dy);
        int count = n * size * size;
        for (int i = 0; i < x.numel(); i++) {
            sums[i % c] += xs[i];
            gradients[i % c] += dys[i];
            products[i % c] += (double) xs[i] * dys[i];
        }
        check("mean", mean, Arrays.stream(sums).map(s -> s / count).toArray());
        check("dbeta", dbeta, gradients);
        check("dgamma", dgamma, products);
        if (terms == Terms.RANDOM) {
            double[] squares = new double[c];
            for (int i = 0; i < x.numel(); i++) {
                double d = xs[i] - sums[i % c] / count;
                squares[i % c] += d * d / count;
            }
            check("variance", variance, squares);
        }
    }

    private void layerNorm(Terms terms, int rows, int width) {
        View x = of(terms, rows, width);
        View gamma = result(width);
        f.cpu.fill(gamma, 1);
        View mean = result(rows);
        View inverse = result(rows);
        View y = result(rows, width);
        f.cpu.layerNorm(x, gamma, gamma, 1e-3f, y, mean, inverse);
        double[] means = new double[rows];
        double[] gradients = new double[width];
        View dy = of(terms, rows, width);
        double[] xs = Fixture.values(x);
        double[] dys = Fixture.values(dy);
        for (int i = 0; i < xs.length; i++) {
            means[i / width] += xs[i] / width;
            gradients[i % width] += dys[i];
        }
        check("mean", mean, means);
        View dgamma = result(width);
        View dbeta = result(width);
        f.cpu.layerNormBackward(x, dy, gamma, mean, inverse, y, dgamma, dbeta);
        check("dbeta", dbeta, gradients);
    }

    private void softmax(Terms terms) {
        int width = terms(2_000_000);
        View x = of(terms, 1, width);
        double[] xs = Fixture.values(x);
        double denominator = sum(Arrays.stream(xs).map(Math::exp).toArray());
        View y = result(1, width);
        f.cpu.softmax(false, x, y);
        check(
                "softmax",
                y,
                Arrays.stream(xs).map(v -> Math.exp(v) / denominator).toArray());
        f.cpu.softmax(true, x, y);
        check(
                "log-softmax",
                y,
                Arrays.stream(xs).map(v -> v - Math.log(denominator)).toArray());
    }

    private void embedding(Terms terms) {
        int rows = terms(1_000_000);
        View dy = of(terms, rows, 3);
        View index = new View(f.cpu.allocate(DType.I64, rows), 0, Shape.of(rows), new int[] {1});
        long[] places = new long[rows];
        Arrays.setAll(places, i -> i % 10 == 0 ? 1 : 4);
        index.storage().write(0, places, 0, rows);
        View table = result(6, 3);
        f.cpu.gatherRowsBackward(dy, index, table);
        double[] sums = new double[18];
        double[] dys = Fixture.values(dy);
        for (int i = 0; i < dys.length; i++) {
            sums[(int) places[i / 3] * 3 + i % 3] += dys[i];
        }
        double[] actual = Fixture.values(table);
        for (int i = 0; i < sums.length; i++) {
            assertThat(Math.abs(actual[i] - sums[i])).as("gradient %d", i).isLessThanOrEqualTo(BOUND * sums[i]);
        }
    }

    private void sumOfSquares(Terms terms) {
        View x = of(terms, 3, terms(1_000_001));
        double expected = sum(Arrays.stream(Fixture.values(x)).map(v -> v * v).toArray());
        assertThat(Math.abs(f.sumOfSquares(x) / expected - 1)).isLessThan(BOUND);
    }

    /** Windows that overlap a hundred times over, all of whose maxima lie on one pixel. */
    private void overlappingWindows(Terms terms, int c) {
        int size = quick ? 101 : 401;
        int kernel = quick ? 51 : 201;
        int count = size - kernel + 1;
        Pool2dParams windows = Pool2dParams.of(kernel, 1);
        View dy = of(terms, 1, c, count, count);
        View like = result(1, c, count, count);
        View index = new View(f.cpu.allocate(DType.I32, like.numel()), 0, like.shape(), like.strides());
        int[] places = new int[like.numel()];
        Arrays.fill(places, size / 2 * size + size / 2);
        index.storage().write(0, places, 0, places.length);
        View dx = result(1, c, size, size);
        f.cpu.maxPool2dBackward(dy, index, windows, dx);
        double[] sums = new double[c];
        float[] dys = CpuStorage.floats(dy);
        for (int i = 0; i < dy.numel(); i++) {
            sums[i % c] += dys[i];
        }
        for (int i = 0; i < c; i++) {
            assertThat(Math.abs(Fixture.at(dx, 0, i, size / 2, size / 2) / sums[i] - 1))
                    .as("maximum of channel %d", i)
                    .isLessThan(BOUND);
        }
        // Rows of windows only: all of them would take too long.
        Pool2dParams flat = new Pool2dParams(1, kernel, 1, 1, 0, 0, false, true);
        View flatDy = of(terms, 1, c, 1, count);
        View flatDx = result(1, c, 1, size);
        f.cpu.avgPool2dBackward(flatDy, flat, flatDx);
        double[] expected = new double[flatDx.numel()];
        for (int i = 0; i < flatDy.numel(); i++) {
            for (int j = i % count; j < i % count + kernel; j++) {
                expected[i / count * size + j] += Fixture.at(flatDy, 0, i / count, 0, i % count) / (double) kernel;
            }
        }
        check("gradient of means", flatDx, expected);
    }

    static Stream<Map.Entry<String, Run>> runs() {
        Map<String, Run> all = new LinkedHashMap<>();
        all.put("sum of all", (t, k) -> t.reduce(k, new int[] {t.terms(3_000_001)}, new int[] {1}));
        all.put("sums of rows", (t, k) -> t.reduce(k, new int[] {3, t.terms(1_000_003)}, new int[] {3, 1}));
        all.put(
                "sums of columns, as of biases",
                (t, k) -> t.reduce(k, new int[] {t.terms(1_000_003), 3}, new int[] {1, 3}));
        all.put(
                "sums of channels, as of biases",
                (t, k) -> t.reduce(k, new int[] {4, 3, t.side(500), t.side(501)}, new int[] {1, 3, 1, 1}));
        all.put("average pool", (t, k) -> t.averagePool(k, 1, t.side(1000), 1));
        all.put("average pool of 3 channels", (t, k) -> t.averagePool(k, 3, t.side(1000), 1));
        all.put("average pool of 24 channels", (t, k) -> t.averagePool(k, 24, t.side(300), 2));
        all.put("average pool, 4096 a side", (t, k) -> t.averagePool(k, 1, t.side(4096), 1));
        all.put("dot product", (t, k) -> t.matmul(k, 1, 1, false, false));
        all.put("few rows", (t, k) -> t.matmul(k, 3, 5, false, true));
        all.put("few rows and columns apart", (t, k) -> t.matmul(k, 3, 5, false, false));
        all.put("product of blocks", (t, k) -> t.matmul(k, 8, 9, false, false));
        all.put("linear layer's weight gradient", (t, k) -> t.matmul(k, 7, 6, true, false));
        all.put(
                "1x1 of a million channels",
                (t, k) -> t.convolve(k, 1, t.terms(1_000_000), 1, 1, 3, 1, 1, Conv2dParams.of(1, 0)));
        all.put(
                "1x1 of many channels, many results",
                (t, k) -> t.convolve(k, 2, t.terms(100_000), 1, 1, 130, 1, 1, Conv2dParams.of(1, 0)));
        all.put(
                "3x3 of many channels",
                (t, k) -> t.convolve(k, 1, t.terms(32_000), 4, 4, 32, 3, 3, Conv2dParams.of(1, 1)));
        all.put(
                "3x3 stride 2 of many channels",
                (t, k) -> t.convolve(k, 1, t.terms(30_000), 4, 4, 32, 3, 3, Conv2dParams.of(2, 1)));
        all.put(
                "kernel as large as the image",
                (t, k) -> t.convolve(
                        k, 1, 1, t.side(1000), t.side(1000), 2, t.side(1000), t.side(1000), Conv2dParams.of(1, 0)));
        all.put(
                "grouped, kernel as large as the image",
                (t, k) -> t.convolve(
                        k,
                        1,
                        4,
                        t.side(500),
                        t.side(500),
                        4,
                        t.side(500),
                        t.side(500),
                        Conv2dParams.of(1, 0).groups(2)));
        all.put(
                "depthwise, kernel as large as the image",
                (t, k) -> t.convolve(
                        k,
                        1,
                        17,
                        t.side(300),
                        t.side(300),
                        17,
                        t.side(300),
                        t.side(300),
                        Conv2dParams.of(1, 0).groups(17)));
        all.put(
                "depthwise, kernel of one row",
                (t, k) -> t.convolve(
                        k,
                        1,
                        2,
                        1,
                        t.terms(500_000),
                        2,
                        1,
                        t.terms(500_000),
                        Conv2dParams.of(1, 0).groups(2)));
        all.put(
                "depthwise, kernel of three columns",
                (t, k) -> t.convolve(
                        k,
                        1,
                        16,
                        t.terms(100_000),
                        3,
                        16,
                        t.terms(100_000),
                        3,
                        Conv2dParams.of(1, 0).groups(16)));
        all.put(
                "input gradient of many outputs",
                (t, k) -> t.inputGradient(k, 1, 3, 1, 1, t.terms(300_000), 1, 1, Conv2dParams.of(1, 0)));
        all.put(
                "input gradient of many outputs, 3x3",
                (t, k) -> t.inputGradient(k, 1, 32, 4, 4, t.terms(32_000), 3, 3, Conv2dParams.of(1, 1)));
        all.put(
                "input gradient of a kernel of half the image",
                (t, k) -> t.inputGradient(k, 1, 3, 100, 100, 12, 50, 50, Conv2dParams.of(1, 0)));
        all.put(
                "input gradient of a long kernel",
                (t, k) -> t.inputGradient(k, 1, 2, 1, t.terms(4000), 16, 1, t.terms(2000), Conv2dParams.of(1, 0)));
        all.put(
                "weight gradient, few channels",
                (t, k) -> t.weightGradient(k, 1, 3, t.side(1500), t.side(1500), 17, 3, 1, 1));
        all.put(
                "weight gradient of 1x1",
                (t, k) -> t.weightGradient(k, 1, 20, t.side(1000), t.side(1000), 20, 1, 1, 1));
        all.put(
                "weight gradient of 3x3",
                (t, k) -> t.weightGradient(k, 1, 17, t.side(1000), t.side(1000), 18, 3, 1, 1));
        all.put(
                "weight gradient by Winograd",
                (t, k) -> t.weightGradient(k, 1, 32, t.side(1000), t.side(1000), 32, 3, 1, 1));
        all.put(
                "weight gradient by Winograd, many blocks",
                (t, k) -> t.weightGradient(k, t.quick ? 1 : 4, 192, 130, 130, 192, 3, 1, 1));
        all.put(
                "weight gradient of stride 2",
                (t, k) -> t.weightGradient(k, 2, 32, t.side(900), t.side(900), 32, 3, 2, 1));
        all.put("weight gradient of a batch", (t, k) -> t.weightGradient(k, t.side(1000), 20, 32, 32, 24, 3, 1, 1));
        all.put("grouped weight gradient", (t, k) -> t.weightGradient(k, 1, 8, t.side(1000), t.side(1000), 8, 3, 1, 2));
        all.put(
                "depthwise weight gradient",
                (t, k) -> t.weightGradient(k, 1, 20, t.side(1000), t.side(1000), 20, 3, 1, 20));
        all.put(
                "depthwise weight gradient of a batch",
                (t, k) -> t.weightGradient(k, t.side(800), 16, 32, 32, 16, 5, 2, 16));
        all.put(
                "depthwise weight gradient, narrow image",
                (t, k) -> t.weightGradient(k, 1, 16, t.terms(300_000), 3, 16, 3, 1, 16));
        all.put(
                "depthwise weight gradient, flat image",
                (t, k) -> t.weightGradient(k, 1, 16, 3, t.terms(300_000), 16, 3, 1, 16));
        all.put(
                "depthwise weight gradient, few channels",
                (t, k) -> t.weightGradient(k, 1, 2, t.side(1000), t.side(1000), 2, 3, 1, 2));
        all.put(
                "depthwise weight gradient, 7x7",
                (t, k) -> t.weightGradient(k, 1, 3, t.side(600), t.side(600), 3, 7, 1, 3));
        all.put("batch norm", (t, k) -> t.batchNorm(k, 1, 3, t.side(1000)));
        all.put("batch norm of a batch", (t, k) -> t.batchNorm(k, t.side(300), 70, 14));
        all.put("layer norm of long rows", (t, k) -> t.layerNorm(k, 3, t.terms(1_000_003)));
        all.put("layer norm of many rows", (t, k) -> t.layerNorm(k, t.terms(1_000_003), 3));
        all.put("softmax", (t, k) -> t.softmax(k));
        all.put("embedding", (t, k) -> t.embedding(k));
        all.put("sum of squares", (t, k) -> t.sumOfSquares(k));
        all.put("overlapping windows", (t, k) -> t.overlappingWindows(k, 3));
        all.put("overlapping windows of vectors", (t, k) -> t.overlappingWindows(k, 32));
        return all.entrySet().stream();
    }

    @ParameterizedTest
    @MethodSource("runs")
    void isAsExactAsPairwise(Map.Entry<String, Run> run) {
        quick = true;
        run.getValue().check(this, Terms.TENTHS);
    }

    @Tag("slow")
    @ParameterizedTest
    @MethodSource("runs")
    void staysAsExactAsPairwiseForManyMore(Map.Entry<String, Run> run) {
        for (Terms terms : Terms.values()) {
            run.getValue().check(this, terms);
        }
    }
}
