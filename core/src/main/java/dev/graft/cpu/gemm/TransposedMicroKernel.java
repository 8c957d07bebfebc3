package dev.graft.cpu.gemm;

import dev.graft.cpu.run.Vectors;

/**
 * {@link MicroKernel} for a transposed left matrix, as gradients of weights need it: both operands are panels of
 * {@link MicroKernel#WIDTH} columns, one row for each pixel that is summed over.
 */
public final class TransposedMicroKernel {
    private static final int LANES = Vectors.LANES;
    private static final int ROWS = MicroKernel.ROWS;

    private TransposedMicroKernel() {}

    /**
     * {@code c[i][j] = sum over k of a[k][i] * b[k][j]}, with {@code a[k][i]} at {@code aAt + k * WIDTH + i},
     * {@code b[k][j]} at {@code bAt + k * WIDTH + j} and {@code c[i][j]} at {@code cAt + i * cRow + j}.
     *
     * @param rows whole tiles, at most {@link MicroKernel#WIDTH}
     * @param columns whole vectors, at most {@link MicroKernel#WIDTH}
     * @param add adds to what {@code c} holds
     */
    public static void multiply(
            float[] a,
            int aAt,
            float[] b,
            int bAt,
            float[] c,
            int cAt,
            int cRow,
            int rows,
            int columns,
            int depth,
            boolean add) {
        int vectors = columns / LANES;
        for (int i = 0; i < rows; i += ROWS) {
            int to = cAt + i * cRow;
            switch (vectors) {
                case 4 -> TransposedMicroTile.multiply4(a, aAt + i, b, bAt, c, to, cRow, depth, add);
                case 3 -> TransposedMicroTile.multiply3(a, aAt + i, b, bAt, c, to, cRow, depth, add);
                case 2 -> TransposedMicroTile.multiply2(a, aAt + i, b, bAt, c, to, cRow, depth, add);
                default -> TransposedMicroTile.multiply1(a, aAt + i, b, bAt, c, to, cRow, depth, add);
            }
        }
    }
}
