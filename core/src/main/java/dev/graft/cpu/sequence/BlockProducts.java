package dev.graft.cpu.sequence;

/**
 * Products of blocks that stay in the caches, on one thread. The right operand is a panel: {@code depth} rows of
 * {@code columns} values.
 */
public interface BlockProducts {
    /** The most columns of a panel; a multiple of 4. */
    int width();

    /** Whether products of a few rows take no longer than their part of a large one. */
    boolean likesFewRows();

    /** Columns in whole vectors, which a panel must have. */
    int padded(int columns);

    /**
     * {@code c[i][j] = sum over k of a[i][k] * b[k][j]}, with {@code a[i][k]} at {@code aAt + i * aRow + k},
     * {@code b[k][j]} at {@code bAt + k * columns + j} and {@code c[i][j]} at {@code cAt + i * cRow + j}; with
     * {@code add}, added to what {@code c} holds. The arrays differ.
     */
    void multiply(
            float[] a,
            int aAt,
            int aRow,
            float[] b,
            int bAt,
            float[] c,
            int cAt,
            int cRow,
            int rows,
            int columns,
            int depth,
            boolean add);

    /**
     * {@code c[i][j] = sum over k of a[k][i] * b[k][j]}, with {@code a[k][i]} at {@code aAt + k * width() + i},
     * {@code b[k][j]} at {@code bAt + k * width() + j} and {@code c} as above.
     *
     * @param rows a multiple of 4, at most {@link #width}
     */
    void multiplyTransposed(
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
            boolean add);
}
