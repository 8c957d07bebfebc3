package dev.graft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link MicroKernel} for a left matrix that lies transposed, as gradients of weights need it: both operands are panels of
 * {@link MicroKernel#WIDTH} columns, one row for each pixel that is summed over.
 */
final class TransposedMicroKernel {
    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;
    private static final int LANES = VectorKernels.LANES;
    private static final int ROWS = MicroKernel.ROWS;
    private static final int WIDTH = MicroKernel.WIDTH;

    private TransposedMicroKernel() {
    }

    /**
     * {@code c[i][j] += sum over k of a[k][i] * b[k][j]}, with {@code a[k][i]} at {@code aAt + k * WIDTH + i}, {@code b[k][j]} at
     * {@code bAt + k * WIDTH + j} and {@code c[i][j]} at {@code cAt + i * cRow + j}.
     *
     * @param rows    whole tiles, at most {@link MicroKernel#WIDTH}
     * @param columns whole vectors, at most {@link MicroKernel#WIDTH}
     */
    static void add(float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int rows, int columns, int depth) {
        int vectors = columns / LANES;
        for (int i = 0; i < rows; i += ROWS) {
            int to = cAt + i * cRow;
            switch (vectors) {
                case 4 -> add4(a, aAt + i, b, bAt, c, to, cRow, depth);
                case 3 -> add3(a, aAt + i, b, bAt, c, to, cRow, depth);
                case 2 -> add2(a, aAt + i, b, bAt, c, to, cRow, depth);
                default -> add1(a, aAt + i, b, bAt, c, to, cRow, depth);
            }
        }
    }

    private static void add4(float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int depth) {
        int c1 = cAt + cRow;
        int c2 = cAt + 2 * cRow;
        int c3 = cAt + 3 * cRow;
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
            int o = aAt + k * WIDTH;
            int p = bAt + k * WIDTH;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, p + LANES);
            FloatVector b2 = FloatVector.fromArray(SPECIES, b, p + 2 * LANES);
            FloatVector b3 = FloatVector.fromArray(SPECIES, b, p + 3 * LANES);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[o]);
            c00 = v0.fma(b0, c00);
            c01 = v0.fma(b1, c01);
            c02 = v0.fma(b2, c02);
            c03 = v0.fma(b3, c03);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[o + 1]);
            c10 = v1.fma(b0, c10);
            c11 = v1.fma(b1, c11);
            c12 = v1.fma(b2, c12);
            c13 = v1.fma(b3, c13);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[o + 2]);
            c20 = v2.fma(b0, c20);
            c21 = v2.fma(b1, c21);
            c22 = v2.fma(b2, c22);
            c23 = v2.fma(b3, c23);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[o + 3]);
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

    private static void add3(float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int depth) {
        int c1 = cAt + cRow;
        int c2 = cAt + 2 * cRow;
        int c3 = cAt + 3 * cRow;
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
            int o = aAt + k * WIDTH;
            int p = bAt + k * WIDTH;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, p + LANES);
            FloatVector b2 = FloatVector.fromArray(SPECIES, b, p + 2 * LANES);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[o]);
            c00 = v0.fma(b0, c00);
            c01 = v0.fma(b1, c01);
            c02 = v0.fma(b2, c02);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[o + 1]);
            c10 = v1.fma(b0, c10);
            c11 = v1.fma(b1, c11);
            c12 = v1.fma(b2, c12);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[o + 2]);
            c20 = v2.fma(b0, c20);
            c21 = v2.fma(b1, c21);
            c22 = v2.fma(b2, c22);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[o + 3]);
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

    private static void add2(float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int depth) {
        int c1 = cAt + cRow;
        int c2 = cAt + 2 * cRow;
        int c3 = cAt + 3 * cRow;
        FloatVector c00 = FloatVector.fromArray(SPECIES, c, cAt);
        FloatVector c01 = FloatVector.fromArray(SPECIES, c, cAt + LANES);
        FloatVector c10 = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector c11 = FloatVector.fromArray(SPECIES, c, c1 + LANES);
        FloatVector c20 = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector c21 = FloatVector.fromArray(SPECIES, c, c2 + LANES);
        FloatVector c30 = FloatVector.fromArray(SPECIES, c, c3);
        FloatVector c31 = FloatVector.fromArray(SPECIES, c, c3 + LANES);
        for (int k = 0; k < depth; k++) {
            int o = aAt + k * WIDTH;
            int p = bAt + k * WIDTH;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, p + LANES);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[o]);
            c00 = v0.fma(b0, c00);
            c01 = v0.fma(b1, c01);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[o + 1]);
            c10 = v1.fma(b0, c10);
            c11 = v1.fma(b1, c11);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[o + 2]);
            c20 = v2.fma(b0, c20);
            c21 = v2.fma(b1, c21);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[o + 3]);
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

    private static void add1(float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int depth) {
        int c1 = cAt + cRow;
        int c2 = cAt + 2 * cRow;
        int c3 = cAt + 3 * cRow;
        FloatVector c00 = FloatVector.fromArray(SPECIES, c, cAt);
        FloatVector c10 = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector c20 = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector c30 = FloatVector.fromArray(SPECIES, c, c3);
        for (int k = 0; k < depth; k++) {
            int o = aAt + k * WIDTH;
            int p = bAt + k * WIDTH;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[o]);
            c00 = v0.fma(b0, c00);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[o + 1]);
            c10 = v1.fma(b0, c10);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[o + 2]);
            c20 = v2.fma(b0, c20);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[o + 3]);
            c30 = v3.fma(b0, c30);
        }
        c00.intoArray(c, cAt);
        c10.intoArray(c, c1);
        c20.intoArray(c, c2);
        c30.intoArray(c, c3);
    }
}
