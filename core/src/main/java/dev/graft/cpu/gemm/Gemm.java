package dev.graft.cpu.gemm;

import dev.graft.backend.Backend;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import java.util.Arrays;
import java.util.Optional;

/** Batched matrix products of strided operands: small ones in plain loops, others by {@link LargeProducts}. */
public final class Gemm {
    /** Depth of a sum in floats in {@link #dotProducts}; deeper sums are accumulated in double. */
    private static final int STRETCH = 128;
    // Below this many multiplications, a plain loop is faster than rearranging operands.
    private static final int SMALL = 4096;
    /** Multiplications of a task of {@link #dotProducts}, for each row. */
    private static final int DOT_PRODUCTS = 1 << 18;
    // Up to this many rows against a transposed matrix, as a linear layer's weights are, reading the matrix is all the
    // work; rearranging it would read and write it once more.
    private static final int FEW_ROWS = 4;

    // Up to this many results of at least this depth, as gradients of narrow layers over many rows are, tiles would
    // stay mostly empty. A task takes a fixed part of the depth.
    private static final int FEW_RESULTS = 16;
    private static final int DEEP = 512;
    private static final int DEEP_PIECE = 1 << 12;
    /** Depth that is read again for each result, from the first-level cache. */
    private static final int DEEP_STRETCH = 1 << 8;

    private final ExecutionContext context;
    private final LargeProducts large;

    public Gemm(ExecutionContext context, LargeProducts large) {
        this.context = context;
        this.large = large;
    }

    /** See {@link Backend#matmul}. */
    public void matmul(View p, View q, View y) {
        if (y.numel() == 0) {
            return;
        }
        int count = y.numel() / (y.dim(-2) * y.dim(-1));
        Matrices a = Matrices.of(p, CpuStorage.floats(p));
        Matrices b = Matrices.of(q, CpuStorage.floats(q));
        Matrices c = Matrices.of(y, CpuStorage.floatsToWrite(y));
        run(
                new Product(a, b, c, count, y.dim(-2), y.dim(-1), p.dim(-1), Product.NO_BIAS, false).merged(),
                Optional.empty());
    }

    /** See {@link Backend#linear}. */
    public void linear(View x, View w, Optional<View> bias, View y) {
        if (y.numel() == 0) {
            return;
        }
        float[] added = bias.map(b -> Arrays.copyOfRange(
                        CpuStorage.floats(b), CpuStorage.offset(b), CpuStorage.offset(b) + b.numel()))
                .orElse(Product.NO_BIAS);
        Matrices a = Matrices.of(x, CpuStorage.floats(x));
        Matrices b = Matrices.of(w, CpuStorage.floats(w)).transposed();
        Matrices c = Matrices.of(y, CpuStorage.floatsToWrite(y));
        run(new Product(a, b, c, 1, y.dim(0), y.dim(1), x.dim(1), added, false), Optional.of(w));
    }

    /** @param weights what the right matrix is, if it is worth keeping a rearranged copy of it */
    private void run(Product product, Optional<View> weights) {
        int m = product.m();
        int n = product.n();
        int k = product.k();
        if (k == 0) {
            clear(product);
        } else if (m <= FEW_ROWS && product.a().columnStep() == 1 && product.b().rowStep() == 1) {
            int columns = Math.max(4, DOT_PRODUCTS / k / 4 * 4);
            int blocks = (n + columns - 1) / columns;
            context.forEach(product.count() * blocks, task -> {
                int column = task % blocks * columns;
                dotProducts(
                        product.a().get(task / blocks),
                        product.b().get(task / blocks).moved(0, column),
                        product.c().get(task / blocks).moved(0, column),
                        m,
                        Math.min(columns, n - column),
                        k);
            });
        } else if ((long) m * n <= FEW_RESULTS && k >= DEEP) {
            deep(product);
        } else if (product.multiplications() <= SMALL) {
            int grain = Math.max(1, 4 * SMALL / (m * n * k));
            context.forRange(product.count(), grain, (from, to) -> {
                for (int i = from; i < to; i++) {
                    plain(product.a().get(i), product.b().get(i), product.c().get(i), m, n, k);
                }
            });
        } else {
            context.awaitKernels();
            large.run(product, weights);
            return;
        }
        if (product.bias().length > 0) {
            addBias(product);
        }
    }

    private void deep(Product product) {
        int m = product.m();
        int n = product.n();
        int k = product.k();
        int pieces = (k + DEEP_PIECE - 1) / DEEP_PIECE;
        double[] sums = new double[Math.multiplyExact(product.count() * pieces, m * n)];
        context.forEach(product.count() * pieces, task -> {
            Matrix a = product.a().get(task / pieces);
            Matrix b = product.b().get(task / pieces);
            int end = Math.min(k, (task % pieces + 1) * DEEP_PIECE);
            for (int start = task % pieces * DEEP_PIECE; start < end; start += DEEP_STRETCH) {
                int depth = Math.min(DEEP_STRETCH, end - start);
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < n; j++) {
                        sums[(task * m + i) * n + j] += dot(a.moved(i, start), b.moved(start, j), depth);
                    }
                }
            }
        });
        for (int i = 0; i < product.count(); i++) {
            Matrix c = product.c().get(i);
            for (int r = 0; r < m * n; r++) {
                double sum = 0;
                for (int piece = 0; piece < pieces; piece++) {
                    sum += sums[(i * pieces + piece) * m * n + r];
                }
                c.data()[c.at() + r / n * c.rowStep() + r % n * c.columnStep()] = (float) sum;
            }
        }
    }

    /** A row of {@code a} times a column of {@code b}, as four sums, as each addition waits for the one before. */
    private static double dot(Matrix a, Matrix b, int depth) {
        float[] x = a.data();
        float[] w = b.data();
        int xStep = a.columnStep();
        int wStep = b.rowStep();
        int xAt = a.at();
        int wAt = b.at();
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        int l = 0;
        for (; l + 3 < depth; l += 4, xAt += 4 * xStep, wAt += 4 * wStep) {
            sum0 += (double) x[xAt] * w[wAt];
            sum1 += (double) x[xAt + xStep] * w[wAt + wStep];
            sum2 += (double) x[xAt + 2 * xStep] * w[wAt + 2 * wStep];
            sum3 += (double) x[xAt + 3 * xStep] * w[wAt + 3 * wStep];
        }
        for (; l < depth; l++, xAt += xStep, wAt += wStep) {
            sum0 += (double) x[xAt] * w[wAt];
        }
        return sum0 + sum1 + (sum2 + sum3);
    }

    /** To the results of a single product that was computed without it. */
    private void addBias(Product product) {
        float[] bias = product.bias();
        context.forRange(product.m(), Math.max(1, (1 << 15) / product.n()), (from, to) -> {
            for (int i = from; i < to; i++) {
                Matrix row = product.c().get(0).moved(i, 0);
                for (int j = 0; j < bias.length; j++) {
                    row.data()[row.at() + j] += bias[j];
                }
            }
        });
    }

    private void clear(Product product) {
        context.forRange(product.count(), 1, (from, to) -> {
            for (int i = from; i < to; i++) {
                Matrix c = product.c().get(i);
                Arrays.fill(c.data(), c.at(), c.at() + product.m() * product.n(), 0f);
            }
        });
    }

    private static void plain(Matrix a, Matrix b, Matrix c, int m, int n, int k) {
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int l = 0, x = a.at() + i * a.rowStep(), w = b.at() + j * b.columnStep();
                        l < k;
                        l++, x += a.columnStep(), w += b.rowStep()) {
                    sum += (double) a.data()[x] * b.data()[w];
                }
                c.data()[c.at() + i * c.rowStep() + j] = (float) sum;
            }
        }
    }

    // Eight sums at a time, as each addition waits for the one before: four columns, even and odd places. They are
    // floats for a stretch of the depth, then doubles. The last column is computed several times over.
    private static void dotProducts(Matrix a, Matrix b, Matrix c, int m, int n, int k) {
        for (int j = 0; j < n; j += 4) {
            int j1 = Math.min(j + 1, n - 1);
            int j2 = Math.min(j + 2, n - 1);
            int j3 = Math.min(j + 3, n - 1);
            int b0 = b.at() + j * b.columnStep();
            int b1 = b.at() + j1 * b.columnStep();
            int b2 = b.at() + j2 * b.columnStep();
            int b3 = b.at() + j3 * b.columnStep();
            for (int i = 0; i < m; i++) {
                int row = a.at() + i * a.rowStep();
                double total0 = 0;
                double total1 = 0;
                double total2 = 0;
                double total3 = 0;
                for (int start = 0; start < k; start += STRETCH) {
                    int end = Math.min(k, start + STRETCH);
                    int even = end - (end - start) % 2;
                    float sum0 = 0f;
                    float sum1 = 0f;
                    float sum2 = 0f;
                    float sum3 = 0f;
                    float odd0 = 0f;
                    float odd1 = 0f;
                    float odd2 = 0f;
                    float odd3 = 0f;
                    for (int l = start; l < even; l += 2) {
                        float x = a.data()[row + l];
                        float x1 = a.data()[row + l + 1];
                        sum0 += x * b.data()[b0 + l];
                        odd0 += x1 * b.data()[b0 + l + 1];
                        sum1 += x * b.data()[b1 + l];
                        odd1 += x1 * b.data()[b1 + l + 1];
                        sum2 += x * b.data()[b2 + l];
                        odd2 += x1 * b.data()[b2 + l + 1];
                        sum3 += x * b.data()[b3 + l];
                        odd3 += x1 * b.data()[b3 + l + 1];
                    }
                    if (even < end) {
                        float x = a.data()[row + even];
                        sum0 += x * b.data()[b0 + even];
                        sum1 += x * b.data()[b1 + even];
                        sum2 += x * b.data()[b2 + even];
                        sum3 += x * b.data()[b3 + even];
                    }
                    total0 += (double) sum0 + odd0;
                    total1 += (double) sum1 + odd1;
                    total2 += (double) sum2 + odd2;
                    total3 += (double) sum3 + odd3;
                }
                int to = c.at() + i * c.rowStep();
                c.data()[to + j] = (float) total0;
                c.data()[to + j1] = (float) total1;
                c.data()[to + j2] = (float) total2;
                c.data()[to + j3] = (float) total3;
            }
        }
    }
}
