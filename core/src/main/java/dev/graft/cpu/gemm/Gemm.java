package dev.graft.cpu.gemm;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.run.Blas;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/** Batched matrix products of strided operands, divided into blocks of the result. */
public final class Gemm {
    private static final int ROWS = 256;
    private static final int COLUMNS = 512;
    private static final int DEPTH = 2048;
    /** Depth of a sum in floats; deeper sums are accumulated in double. */
    private static final int DEEP = 2 * DEPTH;
    /** The same for {@link #dotProducts}. */
    private static final int STRETCH = 128;
    // Below this many multiplications, a plain loop is faster than copying to BLAS and back.
    private static final int SMALL = 4096;
    // Up to this many rows against a transposed matrix, as a linear layer's weights are, reading the matrix is all the
    // work: BLAS would
    // only be handed a copy, and a program that predicts need not load it.
    private static final int FEW_ROWS = 4;

    private final ExecutionContext context;

    public Gemm(ExecutionContext context) {
        this.context = context;
    }

    /** One matrix in an array. */
    private record Matrix(float[] data, int at, int rowStep, int columnStep) {
        private Matrix moved(int row, int column) {
            return new Matrix(data, at + row * rowStep + column * columnStep, rowStep, columnStep);
        }
    }

    public void matmul(View p, View q, View y) {
        float[] ps = CpuStorage.floats(p);
        float[] qs = CpuStorage.floats(q);
        float[] ys = CpuStorage.floatsToWrite(y);
        int m = y.dim(-2);
        int n = y.dim(-1);
        int k = p.dim(-1);
        if (y.numel() == 0) {
            return;
        }
        if (k == 0) {
            Arrays.fill(ys, CpuStorage.offset(y), CpuStorage.offset(y) + y.numel(), 0f);
            return;
        }
        int batch = y.numel() / (m * n);
        int rowBlocks = (m + ROWS - 1) / ROWS;
        int columnBlocks = (n + COLUMNS - 1) / COLUMNS;
        boolean small = (long) m * n * k <= SMALL;
        int grain = small ? Math.max(1, 4 * SMALL / (m * n * k)) : 1;
        context.forRange(batch * rowBlocks * columnBlocks, grain, (from, to) -> {
            for (int task = from; task < to; task++) {
                int matrix = task / (rowBlocks * columnBlocks);
                int row = task / columnBlocks % rowBlocks * ROWS;
                int column = task % columnBlocks * COLUMNS;
                Matrix a = matrix(p, ps, matrix).moved(row, 0);
                Matrix b = matrix(q, qs, matrix).moved(0, column);
                Matrix c = new Matrix(ys, CpuStorage.offset(y) + matrix * m * n + row * n + column, n, 1);
                int height = Math.min(ROWS, m - row);
                int width = Math.min(COLUMNS, n - column);
                if (m <= FEW_ROWS && a.columnStep == 1 && b.rowStep == 1) {
                    dotProducts(a, b, c, height, width, k);
                } else if (small) {
                    plain(a, b, c, height, width, k);
                } else {
                    block(a, b, c, height, width, k);
                }
            }
        });
    }

    private static Matrix matrix(View view, float[] data, int index) {
        int rank = view.rank();
        int at = CpuStorage.offset(view);
        int rest = index;
        for (int d = rank - 3; d >= 0; d--) {
            at += rest % view.dim(d) * CpuStorage.stride(view, d);
            rest /= view.dim(d);
        }
        return new Matrix(data, at, CpuStorage.stride(view, rank - 2), CpuStorage.stride(view, rank - 1));
    }

    private static void plain(Matrix a, Matrix b, Matrix c, int m, int n, int k) {
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int l = 0, x = a.at + i * a.rowStep, w = b.at + j * b.columnStep;
                        l < k;
                        l++, x += a.columnStep, w += b.rowStep) {
                    sum += (double) a.data[x] * b.data[w];
                }
                c.data[c.at + i * c.rowStep + j] = (float) sum;
            }
        }
    }

    // Eight sums at a time, as each addition waits for the one before: four columns, even and odd places. They are
    // floats for a stretch of
    // the depth, then doubles. The last column is computed several times over.
    private static void dotProducts(Matrix a, Matrix b, Matrix c, int m, int n, int k) {
        for (int j = 0; j < n; j += 4) {
            int j1 = Math.min(j + 1, n - 1);
            int j2 = Math.min(j + 2, n - 1);
            int j3 = Math.min(j + 3, n - 1);
            int b0 = b.at + j * b.columnStep;
            int b1 = b.at + j1 * b.columnStep;
            int b2 = b.at + j2 * b.columnStep;
            int b3 = b.at + j3 * b.columnStep;
            for (int i = 0; i < m; i++) {
                int row = a.at + i * a.rowStep;
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
                        float x = a.data[row + l];
                        float x1 = a.data[row + l + 1];
                        sum0 += x * b.data[b0 + l];
                        odd0 += x1 * b.data[b0 + l + 1];
                        sum1 += x * b.data[b1 + l];
                        odd1 += x1 * b.data[b1 + l + 1];
                        sum2 += x * b.data[b2 + l];
                        odd2 += x1 * b.data[b2 + l + 1];
                        sum3 += x * b.data[b3 + l];
                        odd3 += x1 * b.data[b3 + l + 1];
                    }
                    if (even < end) {
                        float x = a.data[row + even];
                        sum0 += x * b.data[b0 + even];
                        sum1 += x * b.data[b1 + even];
                        sum2 += x * b.data[b2 + even];
                        sum3 += x * b.data[b3 + even];
                    }
                    total0 += (double) sum0 + odd0;
                    total1 += (double) sum1 + odd1;
                    total2 += (double) sum2 + odd2;
                    total3 += (double) sum3 + odd3;
                }
                int to = c.at + i * c.rowStep;
                c.data[to + j] = (float) total0;
                c.data[to + j1] = (float) total1;
                c.data[to + j2] = (float) total2;
                c.data[to + j3] = (float) total3;
            }
        }
    }

    private void block(Matrix a, Matrix b, Matrix c, int m, int n, int k) {
        Workspace workspace = context.workspace();
        Blas blas = context.blas();
        int depth = Math.min(k, DEPTH);
        MatrixBuffer left = workspace.buffer(Workspace.Slot.LEFT, (long) m * depth);
        MatrixBuffer right = workspace.buffer(Workspace.Slot.RIGHT, (long) depth * n);
        MatrixBuffer result = workspace.buffer(Workspace.Slot.RESULT, (long) m * n);
        DeepSums sums = new DeepSums(workspace, k > DEEP ? m * n : 0);
        for (int l = 0; l < k; l += DEPTH) {
            int part = Math.min(DEPTH, k - l);
            boolean transposeA = load(a.moved(0, l), m, part, left, workspace);
            boolean transposeB = load(b.moved(l, 0), part, n, right, workspace);
            blas.multiply(
                    transposeA,
                    transposeB,
                    m,
                    n,
                    part,
                    left,
                    0,
                    transposeA ? m : part,
                    right,
                    0,
                    transposeB ? part : n,
                    l % DEEP == 0 ? 0f : 1f,
                    result,
                    0,
                    n);
            if (k > DEEP && ((l + DEPTH) % DEEP == 0 || l + DEPTH >= k)) {
                sums.add(result);
            }
        }
        if (k > DEEP) {
            sums.store(result);
        }
        for (int i = 0; i < m; i++) {
            result.get(i * n, c.data, c.at + i * c.rowStep, n);
        }
    }

    /** Copies a block to a buffer along its contiguous dimension; returns whether it is transposed there. */
    private static boolean load(Matrix x, int rows, int columns, MatrixBuffer buffer, Workspace workspace) {
        if (x.columnStep != 1 && x.rowStep == 1 && rows > 1) {
            load(new Matrix(x.data, x.at, x.columnStep, 1), columns, rows, buffer, workspace);
            return true;
        }
        if (x.columnStep == 1 && x.rowStep == columns) {
            buffer.put(0, x.data, x.at, rows * columns);
        } else if (x.columnStep == 1) {
            for (int r = 0; r < rows; r++) {
                buffer.put(r * columns, x.data, x.at + r * x.rowStep, columns);
            }
        } else {
            float[] line = workspace.floats(0, columns);
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    line[c] = x.data[x.at + r * x.rowStep + c * x.columnStep];
                }
                buffer.put(r * columns, line, 0, columns);
            }
        }
        return false;
    }
}
