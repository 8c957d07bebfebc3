package dev.graft.cpu.reduce;

import static dev.graft.cpu.Fixture.assertClose;
import static dev.graft.cpu.Fixture.at;
import static dev.graft.cpu.Fixture.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.memory.CpuStorage;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CrossEntropyTest {
    private final Fixture f = new Fixture();

    private static double[] softmax(boolean log, View x) {
        double[] y = values(x);
        int width = x.dim(1);
        for (int r = 0; r < x.dim(0); r++) {
            double sum = 0;
            for (int i = 0; i < width; i++) {
                sum += Math.exp(y[r * width + i]);
            }
            for (int i = r * width; i < (r + 1) * width; i++) {
                y[i] = log ? y[i] - Math.log(sum) : Math.exp(y[i]) / sum;
            }
        }
        return y;
    }

    @Test
    void softmaxAndItsGradient() {
        for (int[] size : new int[][] {{1, 1}, {7, 13}, {3, 2000}, {5000, 2}}) {
            for (boolean log : new boolean[] {false, true}) {
                View x = f.gaussian(Layout.ROW_MAJOR, size[0], size[1]);
                View y = f.empty(Layout.ROW_MAJOR, size[0], size[1]);
                f.cpu.softmax(log, x, y);
                double[] expected = softmax(log, x);
                // a logarithm errs relative to the logits, a probability relative to itself
                assertClose("softmax", y, expected, 1e-6, log ? 1 : 0.1 / size[1]);
                View dy = f.gaussian(Layout.ROW_MAJOR, size[0], size[1]);
                View dx = f.sameBits("softmaxBackward", () -> {
                    View result = f.empty(Layout.ROW_MAJOR, size[0], size[1]);
                    f.cpu.softmaxBackward(log, y, dy, result);
                    return result;
                });
                double[] gradient = values(dy);
                for (int r = 0; r < size[0]; r++) {
                    double sum = 0;
                    for (int i = r * size[1]; i < (r + 1) * size[1]; i++) {
                        sum += log ? gradient[i] : gradient[i] * expected[i];
                    }
                    for (int i = r * size[1]; i < (r + 1) * size[1]; i++) {
                        gradient[i] =
                                log ? gradient[i] - Math.exp(expected[i]) * sum : expected[i] * (gradient[i] - sum);
                    }
                }
                assertClose("softmaxBackward", dx, gradient, 1e-5);
            }
        }
    }

    /** Rows of few elements are computed in columns, by blocks of rows; here with ties, and with sure ones. */
    @Test
    void softmaxOfShortRows() {
        for (int width : IntStream.rangeClosed(1, 18).toArray()) {
            for (int rows : new int[] {1, 1023, 1025, 20000 / width}) {
                View x = f.gaussian(Layout.ROW_MAJOR, rows, width);
                float[] data = CpuStorage.floatsToWrite(x);
                for (int i = 0; i < rows * width; i++) {
                    data[i] = i % 3 == 0 ? Math.round(data[i]) : 12 * data[i];
                }
                for (boolean log : new boolean[] {false, true}) {
                    View y = f.sameBits("softmax", () -> {
                        View result = f.empty(Layout.ROW_MAJOR, rows, width);
                        f.cpu.softmax(log, x, result);
                        return result;
                    });
                    double[] logits = values(x);
                    double[] expected = logits.clone();
                    for (int r = 0; r < rows; r++) {
                        exactRow(log, expected, r * width, width);
                    }
                    double[] actual = values(y);
                    for (int i = 0; i < actual.length; i++) {
                        double bound = bound(logits, i, width) * Math.abs(expected[i]) + (width > 16 ? 1e-15 : 0);
                        if (!(Math.abs(actual[i] - expected[i]) <= bound)) {
                            assertThat(actual[i])
                                    .as("log %s, %d of width %d", log, i, width)
                                    .isCloseTo(expected[i], within(bound));
                        }
                    }
                }
            }
        }
    }

    /**
     * Relative (longer rows add in double): the difference of two logits is rounded to a float, whose exponential is
     * taken.
     */
    private static double bound(double[] logits, int i, int width) {
        double spread = 0;
        for (int j = i - i % width; j < i - i % width + width; j++) {
            spread = Math.max(spread, Math.abs(logits[i] - logits[j]));
        }
        return 1e-6 + spread * 0x1p-23;
    }

    /** Of a sure element the logarithm is that of 1 plus the others, so that none of its digits are lost. */
    private static void exactRow(boolean log, double[] x, int at, int width) {
        int best = at;
        for (int i = at; i < at + width; i++) {
            best = x[i] > x[best] ? i : best;
        }
        double most = x[best];
        double rest = 0;
        for (int i = at; i < at + width; i++) {
            rest += i == best ? 0 : Math.exp(x[i] - most);
        }
        for (int i = at; i < at + width; i++) {
            double d = x[i] - most;
            x[i] = log ? d - Math.log1p(rest) : Math.exp(d) / (1 + rest);
        }
    }

    @Test
    void softmaxOfShortRowsWithSpecialValues() {
        float infinity = Float.POSITIVE_INFINITY;
        View x = Fixture.viewed(
                f.of(0f, -infinity, Float.NaN, 1f, infinity, 0f, -infinity, -infinity, -0f, 0f, 3e38f, -3e38f),
                new int[] {6, 2},
                new int[] {2, 1});
        View y = f.empty(Layout.ROW_MAJOR, 6, 2);
        double nan = Double.NaN;
        f.cpu.softmax(false, x, y);
        assertThat(values(y)).containsExactly(1, 0, nan, nan, nan, nan, nan, nan, 0.5, 0.5, 1, 0);
        f.cpu.softmax(true, x, y);
        double half = (float) -Math.log(2);
        assertThat(values(y))
                .containsExactly(0, Double.NEGATIVE_INFINITY, nan, nan, nan, nan, nan, nan, half, half, 0, -infinity);
    }

    @Test
    void softmaxOfLargeValuesDoesNotOverflow() {
        View x = Fixture.viewed(f.of(1000f, 1000f, -1000f, 0f), new int[] {1, 4}, new int[] {4, 1});
        View y = f.empty(Layout.ROW_MAJOR, 1, 4);
        f.cpu.softmax(false, x, y);
        assertThat(values(y)).containsExactly(0.5, 0.5, 0, 0);
        f.cpu.softmax(true, x, y);
        assertThat(values(y)[2]).isEqualTo((float) (-2000 - Math.log(2)));
    }

    @Test
    void crossEntropyAndItsGradient() {
        int rows = 9;
        int classes = 5;
        long ignore = -100;
        View x = f.gaussian(Layout.ROW_MAJOR, rows, classes);
        View target = f.of(0L, 4L, 2L, ignore, 1L, 3L, 0L, ignore, 4L);
        View weight = f.of(0.5f, 1f, 2f, 0.25f, 3f);
        View dloss = f.gaussian(Layout.ROW_MAJOR, rows);
        for (float smoothing : new float[] {0f, 0.1f}) {
            for (Optional<View> w : java.util.List.of(Optional.<View>empty(), Optional.of(weight))) {
                View loss = f.empty(Layout.ROW_MAJOR, rows);
                View rowWeight = f.empty(Layout.ROW_MAJOR, rows);
                View lp = f.empty(Layout.ROW_MAJOR, rows, classes);
                f.cpu.crossEntropy(x, target, w, smoothing, ignore, loss, rowWeight, lp);
                View dx = f.gaussian(Layout.ROW_MAJOR, rows, classes);
                f.cpu.crossEntropyBackward(lp, target, w, smoothing, ignore, dloss, dx);

                double[] expected = new double[rows];
                double[] weights = new double[rows];
                double[] gradient = new double[rows * classes];
                for (int r = 0; r < rows; r++) {
                    double[] logits = new double[classes];
                    for (int c = 0; c < classes; c++) {
                        logits[c] = at(x, r, c);
                    }
                    int label = (int) values(target)[r];
                    expected[r] = rowLoss(logits, label, w, smoothing);
                    weights[r] = label < 0 ? 0 : w.map(v -> at(v, label)).orElse(1f);
                    for (int c = 0; c < classes; c++) {
                        double h = 1e-5;
                        double v = logits[c];
                        logits[c] = v + h;
                        double above = rowLoss(logits, label, w, smoothing);
                        logits[c] = v - h;
                        gradient[r * classes + c] =
                                at(dloss, r) * (above - rowLoss(logits, label, w, smoothing)) / (2 * h);
                        logits[c] = v;
                    }
                }
                assertClose("loss", loss, expected, 1e-6);
                assertClose("rowWeight", rowWeight, weights, 0);
                assertClose("logProbabilities", lp, softmax(true, x), 1e-6);
                assertClose("dlogits", dx, gradient, 2e-6);
            }
        }
    }

    private static double rowLoss(double[] logits, int label, Optional<View> weight, double smoothing) {
        if (label < 0) {
            return 0;
        }
        double sum = 0;
        for (double v : logits) {
            sum += Math.exp(v);
        }
        double loss = 0;
        for (int c = 0; c < logits.length; c++) {
            double share = (c == label ? 1 - (double) (float) smoothing : 0) + (float) smoothing / logits.length;
            int k = c;
            loss -= share * weight.map(w -> at(w, k)).orElse(1f) * (logits[c] - Math.log(sum));
        }
        return loss;
    }

    @Test
    void impossibleClassesDoNotSpoilTheLoss() {
        View x = Fixture.viewed(f.of(0f, Float.NEGATIVE_INFINITY), new int[] {1, 2}, new int[] {2, 1});
        View loss = f.empty(Layout.ROW_MAJOR, 1);
        f.cpu.crossEntropy(
                x,
                f.of(0L),
                Optional.empty(),
                0f,
                -100,
                loss,
                f.empty(Layout.ROW_MAJOR, 1),
                f.empty(Layout.ROW_MAJOR, 1, 2));
        assertClose("loss", loss, new double[1], 0);
    }

    @Test
    void rowsOfATable() {
        View table = f.gaussian(Layout.ROW_MAJOR, 50, 9);
        View rows = f.of(3L, 49L, 3L, 0L, 3L);
        View y = f.empty(Layout.ROW_MAJOR, 5, 9);
        f.cpu.gatherRows(table, rows, y);
        View dy = f.gaussian(Layout.ROW_MAJOR, 5, 9);
        View dtable = f.sameBits("gatherRowsBackward", () -> {
            View result = f.gaussian(Layout.ROW_MAJOR, 50, 9);
            f.cpu.gatherRowsBackward(dy, rows, result);
            return result;
        });
        double[] gradient = new double[50 * 9];
        for (int i = 0; i < 5; i++) {
            int row = (int) values(rows)[i];
            for (int c = 0; c < 9; c++) {
                assertThat(at(y, i, c)).isEqualTo(at(table, row, c));
                gradient[row * 9 + c] += at(dy, i, c);
            }
        }
        assertClose("gatherRowsBackward", dtable, gradient, 1e-6);
    }
}
