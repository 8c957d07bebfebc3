package dev.graft.cpu.gemm;

import dev.graft.cpu.memory.HeapMatrixBuffer;
import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.run.Blas;
import java.util.Arrays;

/** Matrix products in plain Java, for machines without OpenBLAS: correct but slow (5 to 9 GFLOP/s for each core). */
public final class JavaBlas implements Blas {
    private static final int COLUMNS = 512;
    /** The number of products that are summed in floats. */
    private static final int FLOAT_ADDITIONS = 64;

    private final String reason;

    public JavaBlas(String reason) {
        this.reason = reason;
    }

    @Override
    public String description() {
        return "plain Java loops (" + reason + ")";
    }

    @Override
    public MatrixBuffer allocate(int floats) {
        return new HeapMatrixBuffer(new float[floats]);
    }

    @Override
    public void multiply(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            MatrixBuffer a,
            int aAt,
            int lda,
            MatrixBuffer b,
            int bAt,
            int ldb,
            float beta,
            MatrixBuffer c,
            int cAt,
            int ldc) {
        float[] p = ((HeapMatrixBuffer) a).data();
        float[] q = ((HeapMatrixBuffer) b).data();
        float[] y = ((HeapMatrixBuffer) c).data();
        float[] row = new float[COLUMNS];
        float[] sum = new float[COLUMNS];
        double[] total = new double[COLUMNS];
        for (int j0 = 0; j0 < n; j0 += COLUMNS) {
            int width = Math.min(COLUMNS, n - j0);
            for (int i = 0; i < m; i++) {
                Arrays.fill(sum, 0, width, 0f);
                Arrays.fill(total, 0, width, 0);
                for (int l = 0; l < k; l++) {
                    if (l % FLOAT_ADDITIONS == 0) {
                        flush(sum, total, width);
                    }
                    load(q, bAt, ldb, transposeB, l, j0, width, row);
                    addScaled(p[transposeA ? aAt + l * lda + i : aAt + i * lda + l], row, sum, width);
                }
                flush(sum, total, width);
                int at = cAt + i * ldc + j0;
                for (int j = 0; j < width; j++) {
                    y[at + j] = (float) (beta == 0f ? total[j] : (double) beta * y[at + j] + total[j]);
                }
            }
        }
    }

    private static void flush(float[] sum, double[] total, int width) {
        for (int j = 0; j < width; j++) {
            total[j] += sum[j];
            sum[j] = 0f;
        }
    }

    private static void load(
            float[] b, int at, int ld, boolean transposed, int row, int column, int width, float[] target) {
        if (!transposed) {
            System.arraycopy(b, at + row * ld + column, target, 0, width);
            return;
        }
        for (int j = 0; j < width; j++) {
            target[j] = b[at + (column + j) * ld + row];
        }
    }

    // One index for all arrays: the only form that C2 turns into vector instructions.
    private static void addScaled(float factor, float[] x, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] += factor * x[i];
        }
    }
}
