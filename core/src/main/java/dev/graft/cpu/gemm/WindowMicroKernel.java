package dev.graft.cpu.gemm;

import dev.graft.cpu.run.Vectors;

/**
 * {@link TransposedMicroKernel} for operands that are read where they lie, in rows that may overlap: the windows of a
 * convolution along a line.
 */
public final class WindowMicroKernel {
    private static final int LANES = Vectors.LANES;
    private static final int ROWS = MicroKernel.ROWS;
    private static final int WIDTH = MicroKernel.WIDTH;

    private WindowMicroKernel() {}

    /**
     * {@code c[i][j] = sum over k of a[k][i] * b[k][j]}, with {@code a[k][i]} at {@code aAt + k * aRow + i},
     * {@code b[k][j]} at {@code bAt + k * bRow + j} and {@code c[i][j]} at {@code cAt + i * cRow + j}.
     *
     * @param rows whole tiles
     * @param columns whole vectors
     * @param add adds to what {@code c} holds
     */
    public static void multiply(
            float[] a,
            int aAt,
            int aRow,
            float[] b,
            int bAt,
            int bRow,
            float[] c,
            int cAt,
            int cRow,
            int rows,
            int columns,
            int depth,
            boolean add) {
        for (int j = 0; j < columns; j += WIDTH) {
            int vectors = Math.min(WIDTH, columns - j) / LANES;
            for (int i = 0; i < rows; i += ROWS) {
                int to = cAt + i * cRow + j;
                switch (vectors) {
                    case 4 -> WindowMicroTile.multiply4(a, aAt + i, aRow, b, bAt + j, bRow, c, to, cRow, depth, add);
                    case 3 -> WindowMicroTile.multiply3(a, aAt + i, aRow, b, bAt + j, bRow, c, to, cRow, depth, add);
                    case 2 -> WindowMicroTile.multiply2(a, aAt + i, aRow, b, bAt + j, bRow, c, to, cRow, depth, add);
                    default -> WindowMicroTile.multiply1(a, aAt + i, aRow, b, bAt + j, bRow, c, to, cRow, depth, add);
                }
            }
        }
    }
}
