package dev.graft.cpu.norm;

import static dev.graft.cpu.Fixture.assertClose;
import static dev.graft.cpu.Fixture.at;
import static dev.graft.cpu.Fixture.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.backend.Activation;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.memory.CpuStorage;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NormalizationTest {
    private static final float EPS = 1e-5f;

    private final Fixture f = new Fixture();

    private View channels(int c) {
        return f.empty(Layout.ROW_MAJOR, c);
    }

    /**
     * Mean and biased variance of each channel of {@code [N, C, ...]} with {@code size} elements per image and channel.
     */
    private static double[][] statistics(double[] x, int n, int c, int size) {
        double[][] s = new double[2][c];
        for (int i = 0; i < x.length; i++) {
            s[0][i / size % c] += x[i] / (n * size);
        }
        for (int i = 0; i < x.length; i++) {
            int channel = i / size % c;
            s[1][channel] += (x[i] - s[0][channel]) * (x[i] - s[0][channel]) / (n * size);
        }
        return s;
    }

    private void checkTraining(Layout layout, int n, int c, int h, int w, double shift, double tolerance) {
        View x = f.gaussian(layout, n, c, h, w);
        float[] data = CpuStorage.floatsToWrite(x);
        for (int i = 0; i < data.length; i++) {
            data[i] += (float) shift;
        }
        View gamma = f.gaussian(Layout.ROW_MAJOR, c);
        View beta = f.gaussian(Layout.ROW_MAJOR, c);
        View mean = channels(c);
        View inverse = channels(c);
        View variance = channels(c);
        View y = f.sameBits("batchNormTrain", () -> {
            View result = f.empty(layout, n, c, h, w);
            f.cpu.batchNormTrain(
                    x, gamma, beta, EPS, Optional.empty(), Activation.NONE, result, mean, inverse, variance);
            return result;
        });
        double[] xs = values(x);
        double[][] s = statistics(xs, n, c, h * w);
        double size = Arrays.stream(xs).map(Math::abs).average().orElse(0);
        assertClose("mean", mean, s[0], 1e-6, size);
        assertClose("variance", variance, s[1], tolerance);
        double[] expected = new double[xs.length];
        double[] z = new double[xs.length];
        for (int i = 0; i < xs.length; i++) {
            int k = i / (h * w) % c;
            z[i] = (xs[i] - s[0][k]) / Math.sqrt(s[1][k] + EPS);
            expected[i] = at(gamma, k) * z[i] + at(beta, k);
        }
        assertClose("y", y, expected, tolerance);

        View dy = f.gaussian(layout, n, c, h, w);
        View dgamma = channels(c);
        View dbeta = channels(c);
        View dx = f.sameBits("batchNormTrainBackward", () -> {
            View result = f.empty(layout, n, c, h, w);
            f.cpu.batchNormTrainBackward(
                    x,
                    Optional.empty(),
                    dy,
                    gamma,
                    beta,
                    mean,
                    inverse,
                    Activation.NONE,
                    result,
                    dgamma,
                    dbeta,
                    Optional.empty());
            return result;
        });
        double[] d = values(dy);
        double[][] sums = new double[2][c];
        for (int i = 0; i < d.length; i++) {
            int k = i / (h * w) % c;
            sums[0][k] += d[i];
            sums[1][k] += d[i] * z[i];
        }
        assertClose("dbeta", dbeta, sums[0], tolerance);
        assertClose("dgamma", dgamma, sums[1], tolerance);
        double[] gradient = new double[d.length];
        int m = n * h * w;
        for (int i = 0; i < d.length; i++) {
            int k = i / (h * w) % c;
            gradient[i] = at(gamma, k) / Math.sqrt(s[1][k] + EPS) * (d[i] - sums[0][k] / m - z[i] * sums[1][k] / m);
        }
        assertClose("dx", dx, gradient, tolerance);
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void batchNormInTraining(Layout layout) {
        checkTraining(layout, 3, 5, 7, 9, 0, 3e-6);
        checkTraining(layout, 1, 1, 2, 3, 0, 3e-6);
        checkTraining(layout, 5, 33, 1, 1, 0, 3e-6);
    }

    @Test
    void batchNormOverManyPiecesAndFarFromZero() {
        checkTraining(Layout.CHANNELS_LAST, 4, 24, 40, 50, 0, 3e-6);
        checkTraining(Layout.CHANNELS_LAST, 2, 1500, 5, 6, 0, 3e-6);
        checkTraining(Layout.CHANNELS_LAST, 4, 8, 40, 40, 1000, 2e-4);
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void batchNormWithGivenStatistics(Layout layout) {
        int n = 3;
        int c = 6;
        int h = 5;
        int w = 4;
        View x = f.gaussian(layout, n, c, h, w);
        View gamma = f.gaussian(Layout.ROW_MAJOR, c);
        View beta = f.gaussian(Layout.ROW_MAJOR, c);
        View mean = f.gaussian(Layout.ROW_MAJOR, c);
        View inverse = f.of(0.5f, 1f, 2f, 0.1f, 3f, 1.5f);
        View y = f.empty(layout, n, c, h, w);
        f.cpu.batchNormEval(x, gamma, beta, mean, inverse, Optional.empty(), Activation.NONE, y);
        View dy = f.gaussian(layout, n, c, h, w);
        View dx = f.empty(layout, n, c, h, w);
        View dgamma = channels(c);
        View dbeta = channels(c);
        f.cpu.batchNormEvalBackward(
                Optional.of(x),
                Optional.empty(),
                dy,
                gamma,
                beta,
                mean,
                inverse,
                Activation.NONE,
                dx,
                dgamma,
                dbeta,
                Optional.empty());
        double[] xs = values(x);
        double[] d = values(dy);
        double[] expected = new double[xs.length];
        double[] gradient = new double[xs.length];
        double[][] sums = new double[2][c];
        for (int i = 0; i < xs.length; i++) {
            int k = i / (h * w) % c;
            double z = (xs[i] - at(mean, k)) * at(inverse, k);
            expected[i] = at(gamma, k) * z + at(beta, k);
            gradient[i] = d[i] * at(gamma, k) * at(inverse, k);
            sums[0][k] += d[i];
            sums[1][k] += d[i] * z;
        }
        assertClose("y", y, expected, 1e-6);
        assertClose("dx", dx, gradient, 1e-6);
        assertClose("dbeta", dbeta, sums[0], 1e-6);
        assertClose("dgamma", dgamma, sums[1], 2e-6);
    }

    @Test
    void layerNorm() {
        for (int[] size : new int[][] {{1, 1}, {3, 7}, {100, 65}, {2, 9000}}) {
            int rows = size[0];
            int width = size[1];
            View x = f.gaussian(Layout.ROW_MAJOR, rows, width);
            View gamma = f.gaussian(Layout.ROW_MAJOR, width);
            View beta = f.gaussian(Layout.ROW_MAJOR, width);
            View mean = channels(rows);
            View inverse = channels(rows);
            View y = f.sameBits("layerNorm", () -> {
                View result = f.empty(Layout.ROW_MAJOR, rows, width);
                f.cpu.layerNorm(x, gamma, beta, EPS, result, mean, inverse);
                return result;
            });
            View dy = f.gaussian(Layout.ROW_MAJOR, rows, width);
            View dgamma = channels(width);
            View dbeta = channels(width);
            View dx = f.sameBits("layerNormBackward", () -> {
                View result = f.empty(Layout.ROW_MAJOR, rows, width);
                f.cpu.layerNormBackward(x, dy, gamma, mean, inverse, result, dgamma, dbeta);
                return result;
            });
            checkLayerNorm(rows, width, x, gamma, beta, y, dy, dx, dgamma, dbeta);
        }
    }

    /** The first elements, from which deviations are measured, may say nothing of the mean. */
    @Test
    void layerNormOfRowsThatBeginFarFromTheirMean() {
        for (int seed = 0; seed < 300; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int width = random.nextInt(64, 1200);
            double center = random.nextInt(3) * Math.pow(10, random.nextInt(5));
            double apart = random.nextInt(4) * Math.pow(10, random.nextInt(-2, 6));
            int first = random.nextInt(10);
            View x = f.empty(Layout.ROW_MAJOR, 1, width);
            float[] xs = CpuStorage.floatsToWrite(x);
            for (int i = 0; i < width; i++) {
                xs[CpuStorage.offset(x) + i] = (float) (center + random.nextDouble(-1, 1) + (i < first ? apart : 0));
            }
            View one = channels(width);
            f.cpu.fill(one, 1);
            View zero = channels(width);
            f.cpu.fill(zero, 0);
            View mean = channels(1);
            View inverse = channels(1);
            View y = f.empty(Layout.ROW_MAJOR, 1, width);
            f.cpu.layerNorm(x, one, zero, 0, y, mean, inverse);
            double[] v = values(x);
            double m = Arrays.stream(v).average().orElseThrow();
            double squares =
                    Arrays.stream(v).map(e -> (e - m) * (e - m)).average().orElseThrow();
            double expected = 1 / Math.sqrt(squares);
            assertThat(values(inverse)[0] / expected)
                    .as(
                            "seed %d: width %d, %d of them %s from the others, which lie about %s",
                            seed, width, first, apart, center)
                    .isCloseTo(1, within(1e-6));
            double[] results = values(y);
            for (int i = 0; i < width; i++) {
                // Of the input's own rounding nothing is lost; the mean's float part is made good.
                assertThat(results[i])
                        .as("seed %d, element %d", seed, i)
                        .isCloseTo((v[i] - m) * expected, within(2e-6 * Math.max(1, Math.abs((v[i] - m) * expected))));
            }
        }
    }

    private static void checkLayerNorm(
            int rows, int width, View x, View gamma, View beta, View y, View dy, View dx, View dgamma, View dbeta) {
        double[] xs = values(x);
        double[] d = values(dy);
        double[] expected = new double[xs.length];
        double[] gradient = new double[xs.length];
        double[][] sums = new double[2][width];
        for (int r = 0; r < rows; r++) {
            double m = 0;
            double v = 0;
            for (int i = 0; i < width; i++) {
                m += xs[r * width + i] / width;
            }
            for (int i = 0; i < width; i++) {
                v += (xs[r * width + i] - m) * (xs[r * width + i] - m) / width;
            }
            double inverse = 1 / Math.sqrt(v + EPS);
            double sum = 0;
            double products = 0;
            for (int i = 0; i < width; i++) {
                double z = (xs[r * width + i] - m) * inverse;
                double u = d[r * width + i] * at(gamma, i);
                expected[r * width + i] = z * at(gamma, i) + at(beta, i);
                sums[0][i] += d[r * width + i];
                sums[1][i] += d[r * width + i] * z;
                sum += u / width;
                products += u * z / width;
            }
            for (int i = 0; i < width; i++) {
                double z = (xs[r * width + i] - m) * inverse;
                gradient[r * width + i] = inverse * (d[r * width + i] * at(gamma, i) - sum - z * products);
            }
        }
        assertClose("y", y, expected, 2e-6);
        assertClose("dx", dx, gradient, 2e-6);
        assertClose("dbeta", dbeta, sums[0], 1e-6);
        assertClose("dgamma", dgamma, sums[1], 2e-6);
    }
}
