package dev.graft.cpu.gemm;

import static dev.graft.cpu.Fixture.assertClose;
import static dev.graft.cpu.Fixture.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.run.VectorCheck;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GemmTest {
    private final Fixture f = new Fixture();

    private static double[] reference(View p, View q) {
        int m = p.dim(1);
        int k = p.dim(2);
        int n = q.dim(2);
        double[] y = new double[p.dim(0) * m * n];
        for (int b = 0; b < p.dim(0); b++) {
            for (int i = 0; i < m; i++) {
                for (int l = 0; l < k; l++) {
                    double factor = at(p, b, i, l);
                    for (int j = 0; j < n; j++) {
                        y[(b * m + i) * n + j] += factor * at(q, b, l, j);
                    }
                }
            }
        }
        return y;
    }

    private void check(View p, View q) {
        View y = f.sameBits("matmul", () -> {
            View result = f.gaussian(Layout.ROW_MAJOR, p.dim(0), p.dim(1), q.dim(2));
            f.cpu.matmul(p, q, result);
            return result;
        });
        assertClose("matmul " + p + " " + q, y, reference(p, q), 1e-6 * Math.sqrt(p.dim(2)));
    }

    @Test
    void sizesAcrossAllCuts() {
        int[][] sizes = {
            {1, 1, 1},
            {1, 5, 1},
            {3, 2, 4},
            {17, 19, 23},
            {1, 300, 70},
            {3, 700, 5},
            {5, 9000, 3},
            {70, 300, 1},
            {257, 31, 33},
            {9, 2049, 30},
            {8, 40, 1030},
            {300, 64, 520},
            {130, 129, 65},
            {64, 161, 128},
            {5, 8200, 66},
            {40, 3000, 33},
            {2, 66000, 70}
        };
        for (int[] s : sizes) {
            check(f.gaussian(Layout.ROW_MAJOR, 1, s[0], s[1]), f.gaussian(Layout.ROW_MAJOR, 1, s[1], s[2]));
            check(transposed(1, s[0], s[1]), f.gaussian(Layout.ROW_MAJOR, 1, s[1], s[2]));
            check(f.gaussian(Layout.ROW_MAJOR, 1, s[0], s[1]), transposed(1, s[1], s[2]));
            check(transposed(1, s[0], s[1]), transposed(1, s[1], s[2]));
        }
    }

    /** {@code [batch, rows, columns]} whose columns are contiguous. */
    private View transposed(int batch, int rows, int columns) {
        return Fixture.viewed(
                f.gaussian(Layout.ROW_MAJOR, batch, columns, rows),
                new int[] {batch, rows, columns},
                new int[] {rows * columns, 1, rows});
    }

    @Test
    void batchesOfEveryForm() {
        for (int batch : new int[] {2, 5, 17, 40}) {
            check(f.gaussian(Layout.ROW_MAJOR, batch, 37, 20), f.gaussian(Layout.ROW_MAJOR, batch, 20, 70));
            check(transposed(batch, 37, 20), f.gaussian(Layout.ROW_MAJOR, batch, 20, 70));
            check(f.gaussian(Layout.ROW_MAJOR, batch, 37, 20), transposed(batch, 20, 70));
            check(transposed(batch, 37, 20), transposed(batch, 20, 70));
            check(f.gaussian(Layout.GAPS, batch, 37, 20), f.gaussian(Layout.GAPS, batch, 20, 70));
            // One right matrix for all left ones.
            check(
                    f.gaussian(Layout.ROW_MAJOR, batch, 37, 20),
                    Fixture.viewed(
                            f.gaussian(Layout.ROW_MAJOR, 20, 70), new int[] {batch, 20, 70}, new int[] {0, 70, 1}));
        }
        check(f.gaussian(Layout.ROW_MAJOR, 3, 180, 160), f.gaussian(Layout.ROW_MAJOR, 3, 160, 200));
    }

    @Test
    void transposedStridedAndRepeatedMatrices() {
        for (Layout left : new Layout[] {Layout.ROW_MAJOR, Layout.GAPS, Layout.REVERSED}) {
            for (Layout right : new Layout[] {Layout.ROW_MAJOR, Layout.GAPS, Layout.REVERSED}) {
                check(f.gaussian(left, 3, 21, 34), f.gaussian(right, 3, 34, 19));
                check(f.gaussian(left, 2, 3, 4), f.gaussian(right, 2, 4, 5));
            }
        }
        View p = f.gaussian(Layout.ROW_MAJOR, 4, 25, 30);
        View transposed =
                Fixture.viewed(f.gaussian(Layout.ROW_MAJOR, 40, 30), new int[] {4, 30, 40}, new int[] {0, 1, 30});
        check(p, transposed);
        View columns =
                Fixture.viewed(f.gaussian(Layout.ROW_MAJOR, 4, 60, 50), new int[] {4, 30, 25}, new int[] {3000, 50, 2});
        check(p, columns);
        View rowVector =
                Fixture.viewed(f.gaussian(Layout.ROW_MAJOR, 3000), new int[] {1, 1, 3000}, new int[] {3000, 1, 1});
        check(rowVector, f.gaussian(Layout.ROW_MAJOR, 1, 3000, 7));
    }

    @Test
    void emptyProducts() {
        View y = f.gaussian(Layout.ROW_MAJOR, 1, 2, 3);
        f.cpu.matmul(f.empty(Layout.ROW_MAJOR, 1, 2, 0), f.empty(Layout.ROW_MAJOR, 1, 0, 3), y);
        assertClose("no inner dimension", y, new double[6], 0);
        check(f.empty(Layout.ROW_MAJOR, 0, 2, 3), f.empty(Layout.ROW_MAJOR, 0, 3, 2));
        check(f.empty(Layout.ROW_MAJOR, 1, 0, 3), f.gaussian(Layout.ROW_MAJOR, 1, 3, 2));
    }

    @Test
    void linearWithAndWithoutKeptWeights() {
        int[][] sizes = {
            {1, 30, 20},
            {3, 300, 70},
            {128, 130, 100},
            {40, 70, 10},
            {200, 64, 130},
            {7, 0, 5},
            {6, 9000, 40},
            {3, 9000, 5}
        };
        for (int[] s : sizes) {
            View x = s[1] == 0 ? f.empty(Layout.ROW_MAJOR, s[0], 0) : f.gaussian(Layout.ROW_MAJOR, s[0], s[1]);
            View w = s[1] == 0 ? f.empty(Layout.ROW_MAJOR, s[2], 0) : f.gaussian(Layout.ROW_MAJOR, s[2], s[1]);
            View bias = f.gaussian(Layout.ROW_MAJOR, s[2]);
            View first = f.gaussian(Layout.ROW_MAJOR, s[0], s[2]);
            f.cpu.linear(x, w, Optional.of(bias), first);
            // From the second time on, weights that have not changed are kept rearranged.
            View again = f.sameBits("linear", () -> {
                View y = f.gaussian(Layout.ROW_MAJOR, s[0], s[2]);
                f.cpu.linear(x, w, Optional.of(bias), y);
                return y;
            });
            assertThat(Fixture.values(again)).isEqualTo(Fixture.values(first));
            assertClose("linear", again, linear(x, w, bias), 1e-6 * Math.sqrt(Math.max(1, s[1])));
            if (s[1] > 0) {
                f.cpu.fill(w, 0.5);
                f.cpu.linear(x, w, Optional.of(bias), first);
                assertClose("changed weights", first, linear(x, w, bias), 1e-6 * Math.sqrt(s[1]));
            }
        }
    }

    private static double[] linear(View x, View w, View bias) {
        double[] y = new double[x.dim(0) * w.dim(0)];
        for (int i = 0; i < x.dim(0); i++) {
            for (int o = 0; o < w.dim(0); o++) {
                double sum = at(bias, o);
                for (int k = 0; k < x.dim(1); k++) {
                    sum += at(x, i, k) * at(w, o, k);
                }
                y[i * w.dim(0) + o] = sum;
            }
        }
        return y;
    }

    /** Of 4 million multiplications, each of 16 threads gets a task; a thread more or less never changes a bit. */
    @Test
    void noThreadStarves() {
        // m, k, n: squares, the layers of an MLP, of a transformer, of an LSTM's step, and gradients of few weights.
        int[][] sizes = {
            {256, 256, 256},
            {512, 512, 512},
            {2048, 2048, 2048},
            {128, 512, 1024},
            {1024, 128, 512},
            {1576, 384, 1152},
            {384, 1576, 1536},
            {64, 256, 1024},
            {32, 40_000, 32},
            {10, 100_000, 10},
            {4, 4096, 4096}
        };
        for (int[] s : sizes) {
            Product product = product(s[0], s[1], s[2]);
            assertThat(BlasProducts.tasks(product))
                    .as("blocks of %s", Arrays.toString(s))
                    .isGreaterThanOrEqualTo(Math.min(16, s[0] * s[2] / 8192));
            if (VectorCheck.hasModule()) {
                for (Product p : new Product[] {product, product.transposed()}) {
                    assertThat(VectorProducts.tasks(p))
                            .as("tasks of %s", Arrays.toString(s))
                            .isGreaterThanOrEqualTo(16);
                }
            }
        }
    }

    private static Product product(int m, int k, int n) {
        float[] none = {};
        return new Product(
                Matrices.of(none, k), Matrices.of(none, n), Matrices.of(none, n), 1, m, n, k, Product.NO_BIAS, false);
    }

    @Test
    void sameBitsWithUpToSixteenThreads() {
        int[][] sizes = {{200, 400, 130}, {32, 5000, 32}, {128, 96, 300}};
        for (int[] s : sizes) {
            View x = f.gaussian(Layout.ROW_MAJOR, s[0], s[1]);
            View w = f.gaussian(Layout.ROW_MAJOR, s[2], s[1]);
            View y = f.gaussian(Layout.ROW_MAJOR, s[0], s[2]);
            f.cpu.setThreads(1);
            f.cpu.linear(x, w, Optional.empty(), y);
            double[] expected = Fixture.values(y);
            for (int threads : new int[] {2, 4, 8, 16}) {
                f.cpu.setThreads(threads);
                f.cpu.fill(y, 0);
                f.cpu.linear(x, w, Optional.empty(), y);
                assertThat(Fixture.values(y)).as("%d threads", threads).isEqualTo(expected);
            }
        }
    }
}
