package dev.graft.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost matrix product: a tile of {@link #ROWS} rows by up to {@link #MAX_VECTORS} vectors lives in registers while one loop runs
 * over the depth. That loop must be the only one: JDK 17 keeps vectors that outlive a loop nest on the heap, fifty times slower. Hence one
 * method for each number of vectors, written out and without branches; a tile of fewer rows computes its last row several times over.
 */
final class MicroKernel {
    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;
    private static final int LANES = VectorKernels.LANES;

    /** Rows of a tile. */
    static final int ROWS = 4;

    /** Vectors in a tile's row: 16 sums where there are 32 registers (AVX-512, NEON), 8 where there are 16 (AVX2). */
    static final int MAX_VECTORS = SPECIES.vectorBitSize() == 256 ? 2 : 4;

    /** Columns of the widest tile. */
    static final int WIDTH = MAX_VECTORS * LANES;

    private MicroKernel() {
    }

    /** Columns in whole vectors. */
    static int padded(int columns) {
        return (columns + LANES - 1) / LANES * LANES;
    }

    /**
     * Rows of a task, at most {@code most}, in whole tiles and such that tasks come in even numbers, as threads do: with a single odd one
     * left over, half of them would wait.
     */
    static int evenRows(int rows, int most) {
        int tasks = (rows + most - 1) / most;
        int even = tasks > 1 ? (tasks + 1) / 2 * 2 : 1;
        return ((rows + even - 1) / even + ROWS - 1) / ROWS * ROWS;
    }

    /**
     * {@code c[i][j] = sum over k of a[i][k] * b[k][j]}, with {@code a[i][k]} at {@code aAt + i * aRow + k * aDepth}, {@code b[k][j]} at
     * {@code bAt + k * bDepth + j} and {@code c[i][j]} at {@code cAt + i * cRow + j}.
     *
     * @param columns whole vectors, at most {@link #WIDTH}
     * @param add     adds to what {@code c} holds
     */
    static void multiply(float[] a, int aAt, int aRow, int aDepth, float[] b, int bAt, int bDepth, float[] c, int cAt, int cRow, int rows,
            int columns, int depth, boolean add) {
        int vectors = columns / LANES;
        for (int i = 0; i < rows; i += ROWS) {
            int count = Math.min(ROWS, rows - i);
            int from = aAt + i * aRow;
            int to = cAt + i * cRow;
            if (!add) {
                clear(c, to, cRow, count, columns);
            }
            switch (vectors) {
                case 4 -> multiply4(a, from, aRow, aDepth, b, bAt, bDepth, c, to, cRow, count, depth);
                case 3 -> multiply3(a, from, aRow, aDepth, b, bAt, bDepth, c, to, cRow, count, depth);
                case 2 -> multiply2(a, from, aRow, aDepth, b, bAt, bDepth, c, to, cRow, count, depth);
                default -> multiply1(a, from, aRow, aDepth, b, bAt, bDepth, c, to, cRow, count, depth);
            }
        }
    }

    private static void clear(float[] c, int at, int cRow, int rows, int columns) {
        if (columns == cRow) {
            Arrays.fill(c, at, at + rows * columns, 0f);
            return;
        }
        for (int i = 0; i < rows; i++) {
            Arrays.fill(c, at + i * cRow, at + i * cRow + columns, 0f);
        }
    }

    private static void multiply4(float[] a, int aAt, int aRow, int aDepth, float[] b, int bAt, int bDepth, float[] c, int cAt, int cRow,
            int rows, int depth) {
        int row1 = Math.min(1, rows - 1);
        int row2 = Math.min(2, rows - 1);
        int row3 = Math.min(3, rows - 1);
        int a1 = aAt + row1 * aRow;
        int a2 = aAt + row2 * aRow;
        int a3 = aAt + row3 * aRow;
        int c1 = cAt + row1 * cRow;
        int c2 = cAt + row2 * cRow;
        int c3 = cAt + row3 * cRow;
        FloatVector c00 = FloatVector.fromArray(SPECIES, c, cAt);
        FloatVector c01 = FloatVector.fromArray(SPECIES, c, cAt + LANES);
        FloatVector c02 = FloatVector.fromArray(SPECIES, c, cAt + 2 * LANES);
        FloatVector c03 = FloatVector.fromArray(SPECIES, c, cAt + 3 * LANES);
        FloatVector c10 = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector c11 = FloatVector.fromArray(SPECIES, c, c1 + LANES);
        FloatVector c12 = FloatVector.fromArray(SPECIES, c, c1 + 2 * LANES);
        FloatVector c13 = FloatVector.fromArray(SPECIES, c, c1 + 3 * LANES);
        FloatVector c20 = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector c21 = FloatVector.fromArray(SPECIES, c, c2 + LANES);
        FloatVector c22 = FloatVector.fromArray(SPECIES, c, c2 + 2 * LANES);
        FloatVector c23 = FloatVector.fromArray(SPECIES, c, c2 + 3 * LANES);
        FloatVector c30 = FloatVector.fromArray(SPECIES, c, c3);
        FloatVector c31 = FloatVector.fromArray(SPECIES, c, c3 + LANES);
        FloatVector c32 = FloatVector.fromArray(SPECIES, c, c3 + 2 * LANES);
        FloatVector c33 = FloatVector.fromArray(SPECIES, c, c3 + 3 * LANES);
        for (int k = 0; k < depth; k++) {
            int o = k * aDepth;
            int p = bAt + k * bDepth;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, p + LANES);
            FloatVector b2 = FloatVector.fromArray(SPECIES, b, p + 2 * LANES);
            FloatVector b3 = FloatVector.fromArray(SPECIES, b, p + 3 * LANES);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[aAt + o]);
            c00 = v0.fma(b0, c00);
            c01 = v0.fma(b1, c01);
            c02 = v0.fma(b2, c02);
            c03 = v0.fma(b3, c03);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[a1 + o]);
            c10 = v1.fma(b0, c10);
            c11 = v1.fma(b1, c11);
            c12 = v1.fma(b2, c12);
            c13 = v1.fma(b3, c13);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[a2 + o]);
            c20 = v2.fma(b0, c20);
            c21 = v2.fma(b1, c21);
            c22 = v2.fma(b2, c22);
            c23 = v2.fma(b3, c23);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[a3 + o]);
            c30 = v3.fma(b0, c30);
            c31 = v3.fma(b1, c31);
            c32 = v3.fma(b2, c32);
            c33 = v3.fma(b3, c33);
        }
        c00.intoArray(c, cAt);
        c01.intoArray(c, cAt + LANES);
        c02.intoArray(c, cAt + 2 * LANES);
        c03.intoArray(c, cAt + 3 * LANES);
        c10.intoArray(c, c1);
        c11.intoArray(c, c1 + LANES);
        c12.intoArray(c, c1 + 2 * LANES);
        c13.intoArray(c, c1 + 3 * LANES);
        c20.intoArray(c, c2);
        c21.intoArray(c, c2 + LANES);
        c22.intoArray(c, c2 + 2 * LANES);
        c23.intoArray(c, c2 + 3 * LANES);
        c30.intoArray(c, c3);
        c31.intoArray(c, c3 + LANES);
        c32.intoArray(c, c3 + 2 * LANES);
        c33.intoArray(c, c3 + 3 * LANES);
    }

    private static void multiply3(float[] a, int aAt, int aRow, int aDepth, float[] b, int bAt, int bDepth, float[] c, int cAt, int cRow,
            int rows, int depth) {
        int row1 = Math.min(1, rows - 1);
        int row2 = Math.min(2, rows - 1);
        int row3 = Math.min(3, rows - 1);
        int a1 = aAt + row1 * aRow;
        int a2 = aAt + row2 * aRow;
        int a3 = aAt + row3 * aRow;
        int c1 = cAt + row1 * cRow;
        int c2 = cAt + row2 * cRow;
        int c3 = cAt + row3 * cRow;
        FloatVector c00 = FloatVector.fromArray(SPECIES, c, cAt);
        FloatVector c01 = FloatVector.fromArray(SPECIES, c, cAt + LANES);
        FloatVector c02 = FloatVector.fromArray(SPECIES, c, cAt + 2 * LANES);
        FloatVector c10 = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector c11 = FloatVector.fromArray(SPECIES, c, c1 + LANES);
        FloatVector c12 = FloatVector.fromArray(SPECIES, c, c1 + 2 * LANES);
        FloatVector c20 = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector c21 = FloatVector.fromArray(SPECIES, c, c2 + LANES);
        FloatVector c22 = FloatVector.fromArray(SPECIES, c, c2 + 2 * LANES);
        FloatVector c30 = FloatVector.fromArray(SPECIES, c, c3);
        FloatVector c31 = FloatVector.fromArray(SPECIES, c, c3 + LANES);
        FloatVector c32 = FloatVector.fromArray(SPECIES, c, c3 + 2 * LANES);
        for (int k = 0; k < depth; k++) {
            int o = k * aDepth;
            int p = bAt + k * bDepth;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, p + LANES);
            FloatVector b2 = FloatVector.fromArray(SPECIES, b, p + 2 * LANES);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[aAt + o]);
            c00 = v0.fma(b0, c00);
            c01 = v0.fma(b1, c01);
            c02 = v0.fma(b2, c02);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[a1 + o]);
            c10 = v1.fma(b0, c10);
            c11 = v1.fma(b1, c11);
            c12 = v1.fma(b2, c12);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[a2 + o]);
            c20 = v2.fma(b0, c20);
            c21 = v2.fma(b1, c21);
            c22 = v2.fma(b2, c22);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[a3 + o]);
            c30 = v3.fma(b0, c30);
            c31 = v3.fma(b1, c31);
            c32 = v3.fma(b2, c32);
        }
        c00.intoArray(c, cAt);
        c01.intoArray(c, cAt + LANES);
        c02.intoArray(c, cAt + 2 * LANES);
        c10.intoArray(c, c1);
        c11.intoArray(c, c1 + LANES);
        c12.intoArray(c, c1 + 2 * LANES);
        c20.intoArray(c, c2);
        c21.intoArray(c, c2 + LANES);
        c22.intoArray(c, c2 + 2 * LANES);
        c30.intoArray(c, c3);
        c31.intoArray(c, c3 + LANES);
        c32.intoArray(c, c3 + 2 * LANES);
    }

    private static void multiply2(float[] a, int aAt, int aRow, int aDepth, float[] b, int bAt, int bDepth, float[] c, int cAt, int cRow,
            int rows, int depth) {
        int row1 = Math.min(1, rows - 1);
        int row2 = Math.min(2, rows - 1);
        int row3 = Math.min(3, rows - 1);
        int a1 = aAt + row1 * aRow;
        int a2 = aAt + row2 * aRow;
        int a3 = aAt + row3 * aRow;
        int c1 = cAt + row1 * cRow;
        int c2 = cAt + row2 * cRow;
        int c3 = cAt + row3 * cRow;
        FloatVector c00 = FloatVector.fromArray(SPECIES, c, cAt);
        FloatVector c01 = FloatVector.fromArray(SPECIES, c, cAt + LANES);
        FloatVector c10 = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector c11 = FloatVector.fromArray(SPECIES, c, c1 + LANES);
        FloatVector c20 = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector c21 = FloatVector.fromArray(SPECIES, c, c2 + LANES);
        FloatVector c30 = FloatVector.fromArray(SPECIES, c, c3);
        FloatVector c31 = FloatVector.fromArray(SPECIES, c, c3 + LANES);
        for (int k = 0; k < depth; k++) {
            int o = k * aDepth;
            int p = bAt + k * bDepth;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, p + LANES);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[aAt + o]);
            c00 = v0.fma(b0, c00);
            c01 = v0.fma(b1, c01);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[a1 + o]);
            c10 = v1.fma(b0, c10);
            c11 = v1.fma(b1, c11);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[a2 + o]);
            c20 = v2.fma(b0, c20);
            c21 = v2.fma(b1, c21);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[a3 + o]);
            c30 = v3.fma(b0, c30);
            c31 = v3.fma(b1, c31);
        }
        c00.intoArray(c, cAt);
        c01.intoArray(c, cAt + LANES);
        c10.intoArray(c, c1);
        c11.intoArray(c, c1 + LANES);
        c20.intoArray(c, c2);
        c21.intoArray(c, c2 + LANES);
        c30.intoArray(c, c3);
        c31.intoArray(c, c3 + LANES);
    }

    private static void multiply1(float[] a, int aAt, int aRow, int aDepth, float[] b, int bAt, int bDepth, float[] c, int cAt, int cRow,
            int rows, int depth) {
        int row1 = Math.min(1, rows - 1);
        int row2 = Math.min(2, rows - 1);
        int row3 = Math.min(3, rows - 1);
        int a1 = aAt + row1 * aRow;
        int a2 = aAt + row2 * aRow;
        int a3 = aAt + row3 * aRow;
        int c1 = cAt + row1 * cRow;
        int c2 = cAt + row2 * cRow;
        int c3 = cAt + row3 * cRow;
        FloatVector c00 = FloatVector.fromArray(SPECIES, c, cAt);
        FloatVector c10 = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector c20 = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector c30 = FloatVector.fromArray(SPECIES, c, c3);
        for (int k = 0; k < depth; k++) {
            int o = k * aDepth;
            int p = bAt + k * bDepth;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[aAt + o]);
            c00 = v0.fma(b0, c00);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[a1 + o]);
            c10 = v1.fma(b0, c10);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[a2 + o]);
            c20 = v2.fma(b0, c20);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[a3 + o]);
            c30 = v3.fma(b0, c30);
        }
        c00.intoArray(c, cAt);
        c10.intoArray(c, c1);
        c20.intoArray(c, c2);
        c30.intoArray(c, c3);
    }
}
