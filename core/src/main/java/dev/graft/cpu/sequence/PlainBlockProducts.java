package dev.graft.cpu.sequence;

import java.util.Arrays;

/** Products in plain loops, four rows of the right operand at a time. */
public final class PlainBlockProducts implements BlockProducts {
    private static final int WIDTH = 64;
    private static final int LANES = 8;

    @Override
    public int width() {
        return WIDTH;
    }

    /** Large products are OpenBLAS's. */
    @Override
    public boolean likesFewRows() {
        return false;
    }

    @Override
    public int padded(int columns) {
        return (columns + LANES - 1) / LANES * LANES;
    }

    @Override
    public void multiply(
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
            boolean add) {
        for (int i = 0; i < rows; i++) {
            row(a, aAt + i * aRow, 1, b, bAt, columns, c, cAt + i * cRow, columns, depth, add);
        }
    }

    @Override
    public void multiplyTransposed(
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
        for (int i = 0; i < rows; i++) {
            row(a, aAt + i, WIDTH, b, bAt, WIDTH, c, cAt + i * cRow, columns, depth, add);
        }
    }

    private static void row(
            float[] a,
            int aAt,
            int aStep,
            float[] b,
            int bAt,
            int bRow,
            float[] c,
            int cAt,
            int columns,
            int depth,
            boolean add) {
        if (!add) {
            Arrays.fill(c, cAt, cAt + columns, 0f);
        }
        int k = 0;
        for (; k < depth - 3; k += 4) {
            float a0 = a[aAt + k * aStep];
            float a1 = a[aAt + (k + 1) * aStep];
            float a2 = a[aAt + (k + 2) * aStep];
            float a3 = a[aAt + (k + 3) * aStep];
            int b0 = bAt + k * bRow;
            int b1 = b0 + bRow;
            int b2 = b1 + bRow;
            int b3 = b2 + bRow;
            for (int j = 0; j < columns; j++) {
                c[cAt + j] += a0 * b[b0 + j] + a1 * b[b1 + j] + (a2 * b[b2 + j] + a3 * b[b3 + j]);
            }
        }
        for (; k < depth; k++) {
            float a0 = a[aAt + k * aStep];
            int b0 = bAt + k * bRow;
            for (int j = 0; j < columns; j++) {
                c[cAt + j] += a0 * b[b0 + j];
            }
        }
    }
}
