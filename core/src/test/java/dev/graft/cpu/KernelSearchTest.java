package dev.graft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Activation;
import dev.graft.backend.AdaptivePool2dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.PoolGeometry;
import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.conv.ConvolutionSearchTest;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Products, folds, pooling and normalisation of random shapes, sizes of 0 and 1 among them, and random layouts, against
 * their definitions in double: values, and where NaN and infinities go. {@link ConvolutionSearchTest} does the same for
 * convolutions.
 */
class KernelSearchTest {
    private static final int CASES = 150;
    private static final double ROUNDING = 4 * Math.ulp(1f);
    private static final float[] STRANGE = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

    private Fixture f;
    private Random random;

    @BeforeEach
    void begin() {
        f = new Fixture();
    }

    private void search(long seed, Runnable check) {
        for (int i = 0; i < CASES; i++) {
            random = new Random(1000 * seed + i);
            f.random.setSeed(1000 * seed + i);
            try {
                check.run();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ", case " + i + ": " + e, e);
            }
        }
    }

    private int size(int most) {
        return random.nextInt(12) == 0 ? random.nextInt(2) : 1 + random.nextInt(most);
    }

    private Layout layout(int rank) {
        Layout layout = Layout.values()[random.nextInt(Layout.values().length)];
        return layout == Layout.CHANNELS_LAST && rank != 4 ? Layout.ROW_MAJOR : layout;
    }

    private View operand(Layout layout, int... dims) {
        View view = f.gaussian(layout, dims);
        for (int i = random.nextInt(4) - 1; i > 0 && view.numel() > 0; i--) {
            int[] place = Arrays.stream(dims).map(random::nextInt).toArray();
            CpuStorage.floatsToWrite(view)[Fixture.place(view, place)] = STRANGE[random.nextInt(STRANGE.length)];
        }
        return view;
    }

    private static void compare(String what, View actual, double[] expected, double[] sizes) {
        double[] values = Fixture.values(actual);
        if (values.length != expected.length) {
            throw new AssertionError(what + ": " + values.length + " results, expected " + expected.length);
        }
        for (int i = 0; i < values.length; i++) {
            double e = expected[i];
            boolean same = Double.isFinite(e)
                    ? Math.abs(values[i] - e) <= ROUNDING * (sizes[i] + 1e-30)
                    : Double.compare(values[i], e) == 0;
            if (!same) {
                throw new AssertionError(
                        what + " " + actual.shape() + " at " + i + ": " + values[i] + ", expected " + e);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void products(long seed) {
        search(seed, () -> {
            int batch = size(3);
            int m = size(9);
            int n = size(random.nextInt(4) == 0 ? 700 : 20);
            int k = size(random.nextInt(4) == 0 ? 300 : 30);
            View p = operand(layout(3), batch, m, k);
            View q = operand(layout(3), batch, k, n);
            View y = f.gaussian(Layout.ROW_MAJOR, batch, m, n);
            f.cpu.matmul(p, q, y);
            double[] expected = new double[y.numel()];
            double[] sizes = new double[y.numel()];
            for (int i = 0; i < expected.length; i++) {
                for (int l = 0; l < k; l++) {
                    double product =
                            (double) Fixture.at(p, i / n / m, i / n % m, l) * Fixture.at(q, i / n / m, l, i % n);
                    expected[i] += product;
                    sizes[i] += 8 * Math.abs(product);
                }
            }
            compare("matmul of depth " + k, y, expected, sizes);
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 4})
    void folds(long seed) {
        search(seed, () -> {
            int rank = 1 + random.nextInt(4);
            int[] dims = new int[rank];
            int[] kept = new int[rank];
            for (int d = 0; d < rank; d++) {
                dims[d] = size(random.nextInt(5) == 0 ? 300 : 9);
                kept[d] = random.nextBoolean() ? dims[d] : 1;
            }
            if (Arrays.stream(dims).asLongStream().reduce(1, (a, b) -> a * b) > 300_000) {
                return;
            }
            View x = operand(layout(rank), dims);
            Reduction op = Reduction.values()[random.nextInt(4)];
            View y = f.gaussian(layout(rank), kept);
            f.cpu.reduce(op, x, y);
            boolean adds = op == Reduction.SUM || op == Reduction.MEAN;
            double[] expected = new double[y.numel()];
            double[] sizes = new double[y.numel()];
            Arrays.fill(expected, adds ? 0 : op == Reduction.MAX ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
            double[] values = Fixture.values(x);
            for (int i = 0; i < values.length; i++) {
                int to = 0;
                int rest = i;
                int step = 1;
                for (int d = rank - 1; d >= 0; d--) {
                    to += kept[d] == 1 ? 0 : rest % dims[d] * step;
                    step *= kept[d];
                    rest /= dims[d];
                }
                expected[to] = adds
                        ? expected[to] + values[i]
                        : op == Reduction.MAX ? Math.max(expected[to], values[i]) : Math.min(expected[to], values[i]);
                sizes[to] += Math.abs(values[i]);
            }
            for (int i = 0; i < expected.length && op == Reduction.MEAN; i++) {
                double count = (double) x.numel() / y.numel();
                expected[i] /= count;
                sizes[i] /= count;
            }
            compare(op + " of " + x.shape(), y, expected, sizes);
        });
    }

    /** Windows as PyTorch's documentation defines them: first place, place behind the last, divisor of a mean. */
    private static int[][] windows(int size, int kernel, int stride, int pad, boolean ceil, boolean includePad) {
        List<int[]> found = new ArrayList<>();
        for (int start = -pad; ; start += stride) {
            boolean fits = start + kernel <= size + pad;
            if (!fits && !(ceil && start < size && start + kernel < size + pad + stride)) {
                break;
            }
            int from = Math.max(start, 0);
            int to = Math.min(start + kernel, size);
            found.add(new int[] {from, to, includePad ? Math.min(start + kernel, size + pad) - start : to - from});
        }
        return transposed(found);
    }

    private static int[][] adaptive(int size, int count) {
        List<int[]> found = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int from = (int) Math.floor((double) i * size / count);
            int to = (int) Math.ceil((double) (i + 1) * size / count);
            found.add(new int[] {from, to, to - from});
        }
        return transposed(found);
    }

    private static int[][] transposed(List<int[]> windows) {
        int[][] columns = new int[3][windows.size()];
        for (int i = 0; i < windows.size(); i++) {
            for (int k = 0; k < 3; k++) {
                columns[k][i] = windows.get(i)[k];
            }
        }
        return columns;
    }

    @ParameterizedTest
    @ValueSource(longs = {5, 6})
    void pooling(long seed) {
        search(seed, () -> {
            int n = size(3);
            int c = random.nextInt(3) == 0 ? 16 * (1 + random.nextInt(3)) : size(40);
            int h = 1 + random.nextInt(12);
            int w = 1 + random.nextInt(12);
            PoolGeometry windows;
            int[][] rows;
            int[][] columns;
            if (random.nextInt(3) == 0) {
                AdaptivePool2dParams p = new AdaptivePool2dParams(1 + random.nextInt(h + 2), 1 + random.nextInt(w + 2));
                rows = adaptive(h, p.outputHeight());
                columns = adaptive(w, p.outputWidth());
                windows = p;
            } else {
                int kh = 1 + random.nextInt(Math.min(h, 5));
                int kw = 1 + random.nextInt(Math.min(w, 5));
                Pool2dParams p = new Pool2dParams(
                        kh,
                        kw,
                        1 + random.nextInt(3),
                        1 + random.nextInt(3),
                        random.nextInt(kh / 2 + 1),
                        random.nextInt(kw / 2 + 1),
                        random.nextBoolean(),
                        random.nextBoolean());
                rows = windows(h, kh, p.strideH(), p.padH(), p.ceilMode(), p.countIncludePad());
                columns = windows(w, kw, p.strideW(), p.padW(), p.ceilMode(), p.countIncludePad());
                windows = p;
            }
            int[] result = {n, c, rows[0].length, columns[0].length};
            assertThat(windows.outputShape("pool", Shape.of(n, c, h, w))).isEqualTo(Shape.of(result));
            View x = operand(layout(4), n, c, h, w);
            View maxima = f.gaussian(layout(4), result);
            View index = f.empty(DType.I32, result);
            f.cpu.maxPool2d(x, windows, maxima, Optional.of(index));
            View means = f.gaussian(layout(4), result);
            f.cpu.avgPool2d(x, windows, means);
            View dy = operand(layout(4), result);
            View maximaDx = f.gaussian(layout(4), n, c, h, w);
            f.cpu.maxPool2dBackward(dy, index, windows, maximaDx);
            View meansDx = f.gaussian(layout(4), n, c, h, w);
            f.cpu.avgPool2dBackward(dy, windows, meansDx);

            double[] largest = new double[maxima.numel()];
            double[] places = new double[maxima.numel()];
            double[] sums = new double[maxima.numel()];
            double[] sumSizes = new double[maxima.numel()];
            double[] largestGradient = new double[x.numel()];
            double[] largestSizes = new double[x.numel()];
            double[] meanGradient = new double[x.numel()];
            double[] meanSizes = new double[x.numel()];
            double[] xs = Fixture.values(x);
            double[] dys = Fixture.values(dy);
            for (int i = 0; i < largest.length; i++) {
                int q = i / result[3] % result[2];
                int r = i % result[3];
                int plane = i / result[3] / result[2] * h * w;
                float share = 1f / ((float) rows[2][q] * columns[2][r]);
                largest[i] = Double.NEGATIVE_INFINITY;
                places[i] = rows[0][q] * w + columns[0][r];
                for (int a = rows[0][q]; a < rows[1][q]; a++) {
                    for (int b = columns[0][r]; b < columns[1][r]; b++) {
                        double v = xs[plane + a * w + b];
                        if (v > largest[i] || (Double.isNaN(v) && !Double.isNaN(largest[i]))) {
                            largest[i] = v;
                            places[i] = a * w + b;
                        }
                        sums[i] += v * share;
                        sumSizes[i] += Math.abs(v) * share;
                        meanGradient[plane + a * w + b] += dys[i] * share;
                        meanSizes[plane + a * w + b] += Math.abs(dys[i]) * share;
                    }
                }
                largestGradient[plane + (int) places[i]] += dys[i];
                largestSizes[plane + (int) places[i]] += Math.abs(dys[i]);
            }
            compare("maximum", maxima, largest, new double[largest.length]);
            compare("place", index, places, new double[places.length]);
            compare("mean", means, sums, sumSizes);
            compare("gradient of maxima", maximaDx, largestGradient, largestSizes);
            compare("gradient of means", meansDx, meanGradient, meanSizes);
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {7, 8})
    void givenStatistics(long seed) {
        search(seed, () -> {
            int n = size(4);
            int c = size(70);
            int h = size(9);
            int w = size(9);
            View x = operand(layout(4), n, c, h, w);
            View gamma = f.gaussian(Layout.ROW_MAJOR, c);
            View beta = f.gaussian(Layout.ROW_MAJOR, c);
            View mean = f.gaussian(Layout.ROW_MAJOR, c);
            View inverse = f.gaussian(Layout.ROW_MAJOR, c);
            for (int i = 0; i < c; i++) {
                CpuStorage.floatsToWrite(inverse)[i] = Math.abs(CpuStorage.floats(inverse)[i]) + 0.1f;
                CpuStorage.floatsToWrite(mean)[i] *= random.nextInt(5) == 0 ? 1e3f : 1;
            }
            Activation activation = Activation.values()[random.nextInt(3)];
            Optional<View> residual =
                    random.nextBoolean() ? Optional.empty() : Optional.of(operand(layout(4), n, c, h, w));
            View y = f.gaussian(layout(4), n, c, h, w);
            f.cpu.batchNormEval(x, gamma, beta, mean, inverse, residual, activation, y);
            double[] xs = Fixture.values(x);
            double[] added = residual.map(Fixture::values).orElse(new double[xs.length]);
            double[] expected = new double[xs.length];
            double[] sizes = new double[xs.length];
            for (int i = 0; i < xs.length; i++) {
                int k = i / (h * w) % c;
                double scale = (double) Fixture.at(gamma, k) * Fixture.at(inverse, k);
                double v = (xs[i] - Fixture.at(mean, k)) * scale + Fixture.at(beta, k) + added[i];
                expected[i] = activation == Activation.NONE
                        ? v
                        : activation == Activation.RELU ? Math.max(v, 0) : Math.min(Math.max(v, 0), 6);
                sizes[i] = 2
                        * (Math.abs(xs[i] * scale)
                                + Math.abs(Fixture.at(mean, k) * scale)
                                + Math.abs(Fixture.at(beta, k))
                                + Math.abs(added[i]));
            }
            compare("batch norm", y, expected, sizes);
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {9, 10})
    void ownStatistics(long seed) {
        search(seed, () -> {
            int n = 1 + random.nextInt(4);
            int c = size(70);
            int h = 1 + random.nextInt(9);
            int w = 2 + random.nextInt(8);
            View x = operand(layout(4), n, c, h, w);
            View one = f.empty(Layout.ROW_MAJOR, c);
            f.cpu.fill(one, 1);
            View zero = f.empty(Layout.ROW_MAJOR, c);
            f.cpu.fill(zero, 0);
            View mean = f.empty(Layout.ROW_MAJOR, c);
            View inverse = f.empty(Layout.ROW_MAJOR, c);
            View variance = f.empty(Layout.ROW_MAJOR, c);
            View y = f.gaussian(layout(4), n, c, h, w);
            f.cpu.batchNormTrain(x, one, zero, 1e-5f, Optional.empty(), Activation.NONE, y, mean, inverse, variance);
            double[] xs = Fixture.values(x);
            double[] means = new double[c];
            double[] variances = new double[c];
            double[] sizes = new double[c];
            int count = n * h * w;
            for (int i = 0; i < xs.length; i++) {
                means[i / (h * w) % c] += xs[i] / count;
                sizes[i / (h * w) % c] += Math.abs(xs[i]) / count;
            }
            for (int i = 0; i < xs.length; i++) {
                double d = xs[i] - means[i / (h * w) % c];
                variances[i / (h * w) % c] += d * d / count;
            }
            compare("mean", mean, means, sizes);
            compare("variance", variance, variances, variances);
            double[] expected = new double[xs.length];
            double[] ySizes = new double[xs.length];
            for (int i = 0; i < xs.length; i++) {
                int k = i / (h * w) % c;
                expected[i] = (xs[i] - means[k]) / Math.sqrt(variances[k] + 1e-5f);
                ySizes[i] = 4 * (Math.abs(expected[i]) + (1 + Math.abs(means[k])) / Math.sqrt(variances[k] + 1e-5f));
            }
            compare("result", y, expected, ySizes);
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12})
    void rows(long seed) {
        search(seed, () -> {
            int rows = size(9);
            int width = size(random.nextInt(4) == 0 ? 400 : 30);
            View x = operand(Layout.ROW_MAJOR, rows, width);
            View log = f.gaussian(Layout.ROW_MAJOR, rows, width);
            View soft = f.gaussian(Layout.ROW_MAJOR, rows, width);
            f.cpu.softmax(true, x, log);
            f.cpu.softmax(false, x, soft);
            View gamma = f.gaussian(Layout.ROW_MAJOR, width);
            View beta = f.gaussian(Layout.ROW_MAJOR, width);
            View y = f.gaussian(Layout.ROW_MAJOR, rows, width);
            f.cpu.layerNorm(x, gamma, beta, 1e-5f, y, f.empty(Layout.ROW_MAJOR, rows), f.empty(Layout.ROW_MAJOR, rows));
            double[] xs = Fixture.values(x);
            double[] logs = new double[xs.length];
            double[] softs = new double[xs.length];
            double[] normal = new double[xs.length];
            double[] sizes = new double[xs.length];
            double[] normalSizes = new double[xs.length];
            for (int r = 0; r < rows; r++) {
                double[] row = Arrays.copyOfRange(xs, r * width, (r + 1) * width);
                double largest = Arrays.stream(row).reduce(Double.NEGATIVE_INFINITY, Math::max);
                double sum = Arrays.stream(row).map(v -> Math.exp(v - largest)).sum();
                double mean = Arrays.stream(row).sum() / width;
                double variance =
                        Arrays.stream(row).map(v -> (v - mean) * (v - mean)).sum() / width;
                // The mean is what differences from the first value add up to, in float.
                double offset =
                        Arrays.stream(row).map(v -> Math.abs(v - row[0])).sum() / width;
                double rounded = offset / Math.sqrt(variance + 1e-5f);
                for (int i = 0; i < width; i++) {
                    int at = r * width + i;
                    softs[at] = Math.exp(row[i] - largest) / sum;
                    logs[at] = row[i] - largest - Math.log(sum);
                    sizes[at] = 2 + Math.abs(row[i]) + Math.abs(largest);
                    double z = (row[i] - mean) / Math.sqrt(variance + 1e-5f);
                    normal[at] = z * Fixture.at(gamma, i) + Fixture.at(beta, i);
                    normalSizes[at] =
                            (Math.abs(z) + rounded) * Math.abs(Fixture.at(gamma, i)) + Math.abs(Fixture.at(beta, i));
                }
            }
            compare("softmax", soft, softs, softs);
            compare("log-softmax", log, logs, sizes);
            compare("layer norm", y, normal, normalSizes);
        });
    }
}
