package dev.graft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link MicroKernel} for a left matrix that lies transposed, as gradients of weights need it: both operands are panels
 * of {@link MicroKernel#WIDTH} columns, one row for each pixel that is summed over.
 */
final class TransposedMicroKernel {
    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;
    private static final int LANES = VectorKernels.LANES;
    private static final int ROWS = MicroKernel.ROWS;
    private static final int WIDTH = MicroKernel.WIDTH;

    private TransposedMicroKernel() {}

    /**
     * {@code c[i][j] = sum over k of a[k][i] * b[k][j]}, with {@code a[k][i]} at {@code aAt + k * WIDTH + i},
     * {@code b[k][j]} at {@code bAt + k * WIDTH + j} and {@code c[i][j]} at {@code cAt + i * cRow + j}.
     *
     * @param rows whole tiles, at most {@link MicroKernel#WIDTH}
     * @param columns whole vectors, at most {@link MicroKernel#WIDTH}
     * @param add adds to what {@code c} holds
     */
    static void multiply(
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
                case 4 -> multiply4(a, aAt + i, b, bAt, c, to, cRow, depth, add);
                case 3 -> multiply3(a, aAt + i, b, bAt, c, to, cRow, depth, add);
                case 2 -> multiply2(a, aAt + i, b, bAt, c, to, cRow, depth, add);
                default -> multiply1(a, aAt + i, b, bAt, c, to, cRow, depth, add);
            }
        }
    }

    private static void multiply4(
            float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int depth, boolean add) {
        FloatVector zero = FloatVector.zero(SPECIES);
        int c1 = cAt + cRow;
        int c2 = cAt + 2 * cRow;
        int c3 = cAt + 3 * cRow;
        FloatVector c00 = zero;
        FloatVector c01 = zero;
        FloatVector c02 = zero;
        FloatVector c03 = zero;
        FloatVector c10 = zero;
        FloatVector c11 = zero;
        FloatVector c12 = zero;
        FloatVector c13 = zero;
        FloatVector c20 = zero;
        FloatVector c21 = zero;
        FloatVector c22 = zero;
        FloatVector c23 = zero;
        FloatVector c30 = zero;
        FloatVector c31 = zero;
        FloatVector c32 = zero;
        FloatVector c33 = zero;
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
        if (add) {
            FloatVector d00 = c00.add(FloatVector.fromArray(SPECIES, c, cAt));
            FloatVector d01 = c01.add(FloatVector.fromArray(SPECIES, c, cAt + LANES));
            FloatVector d02 = c02.add(FloatVector.fromArray(SPECIES, c, cAt + 2 * LANES));
            FloatVector d03 = c03.add(FloatVector.fromArray(SPECIES, c, cAt + 3 * LANES));
            FloatVector d10 = c10.add(FloatVector.fromArray(SPECIES, c, c1));
            FloatVector d11 = c11.add(FloatVector.fromArray(SPECIES, c, c1 + LANES));
            FloatVector d12 = c12.add(FloatVector.fromArray(SPECIES, c, c1 + 2 * LANES));
            FloatVector d13 = c13.add(FloatVector.fromArray(SPECIES, c, c1 + 3 * LANES));
            FloatVector d20 = c20.add(FloatVector.fromArray(SPECIES, c, c2));
            FloatVector d21 = c21.add(FloatVector.fromArray(SPECIES, c, c2 + LANES));
            FloatVector d22 = c22.add(FloatVector.fromArray(SPECIES, c, c2 + 2 * LANES));
            FloatVector d23 = c23.add(FloatVector.fromArray(SPECIES, c, c2 + 3 * LANES));
            FloatVector d30 = c30.add(FloatVector.fromArray(SPECIES, c, c3));
            FloatVector d31 = c31.add(FloatVector.fromArray(SPECIES, c, c3 + LANES));
            FloatVector d32 = c32.add(FloatVector.fromArray(SPECIES, c, c3 + 2 * LANES));
            FloatVector d33 = c33.add(FloatVector.fromArray(SPECIES, c, c3 + 3 * LANES));
            d00.intoArray(c, cAt);
            d01.intoArray(c, cAt + LANES);
            d02.intoArray(c, cAt + 2 * LANES);
            d03.intoArray(c, cAt + 3 * LANES);
            d10.intoArray(c, c1);
            d11.intoArray(c, c1 + LANES);
            d12.intoArray(c, c1 + 2 * LANES);
            d13.intoArray(c, c1 + 3 * LANES);
            d20.intoArray(c, c2);
            d21.intoArray(c, c2 + LANES);
            d22.intoArray(c, c2 + 2 * LANES);
            d23.intoArray(c, c2 + 3 * LANES);
            d30.intoArray(c, c3);
            d31.intoArray(c, c3 + LANES);
            d32.intoArray(c, c3 + 2 * LANES);
            d33.intoArray(c, c3 + 3 * LANES);
            return;
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

    private static void multiply3(
            float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int depth, boolean add) {
        FloatVector zero = FloatVector.zero(SPECIES);
        int c1 = cAt + cRow;
        int c2 = cAt + 2 * cRow;
        int c3 = cAt + 3 * cRow;
        FloatVector c00 = zero;
        FloatVector c01 = zero;
        FloatVector c02 = zero;
        FloatVector c10 = zero;
        FloatVector c11 = zero;
        FloatVector c12 = zero;
        FloatVector c20 = zero;
        FloatVector c21 = zero;
        FloatVector c22 = zero;
        FloatVector c30 = zero;
        FloatVector c31 = zero;
        FloatVector c32 = zero;
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
        if (add) {
            FloatVector d00 = c00.add(FloatVector.fromArray(SPECIES, c, cAt));
            FloatVector d01 = c01.add(FloatVector.fromArray(SPECIES, c, cAt + LANES));
            FloatVector d02 = c02.add(FloatVector.fromArray(SPECIES, c, cAt + 2 * LANES));
            FloatVector d10 = c10.add(FloatVector.fromArray(SPECIES, c, c1));
            FloatVector d11 = c11.add(FloatVector.fromArray(SPECIES, c, c1 + LANES));
            FloatVector d12 = c12.add(FloatVector.fromArray(SPECIES, c, c1 + 2 * LANES));
            FloatVector d20 = c20.add(FloatVector.fromArray(SPECIES, c, c2));
            FloatVector d21 = c21.add(FloatVector.fromArray(SPECIES, c, c2 + LANES));
            FloatVector d22 = c22.add(FloatVector.fromArray(SPECIES, c, c2 + 2 * LANES));
            FloatVector d30 = c30.add(FloatVector.fromArray(SPECIES, c, c3));
            FloatVector d31 = c31.add(FloatVector.fromArray(SPECIES, c, c3 + LANES));
            FloatVector d32 = c32.add(FloatVector.fromArray(SPECIES, c, c3 + 2 * LANES));
            d00.intoArray(c, cAt);
            d01.intoArray(c, cAt + LANES);
            d02.intoArray(c, cAt + 2 * LANES);
            d10.intoArray(c, c1);
            d11.intoArray(c, c1 + LANES);
            d12.intoArray(c, c1 + 2 * LANES);
            d20.intoArray(c, c2);
            d21.intoArray(c, c2 + LANES);
            d22.intoArray(c, c2 + 2 * LANES);
            d30.intoArray(c, c3);
            d31.intoArray(c, c3 + LANES);
            d32.intoArray(c, c3 + 2 * LANES);
            return;
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

    private static void multiply2(
            float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int depth, boolean add) {
        FloatVector zero = FloatVector.zero(SPECIES);
        int c1 = cAt + cRow;
        int c2 = cAt + 2 * cRow;
        int c3 = cAt + 3 * cRow;
        FloatVector c00 = zero;
        FloatVector c01 = zero;
        FloatVector c10 = zero;
        FloatVector c11 = zero;
        FloatVector c20 = zero;
        FloatVector c21 = zero;
        FloatVector c30 = zero;
        FloatVector c31 = zero;
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
        if (add) {
            FloatVector d00 = c00.add(FloatVector.fromArray(SPECIES, c, cAt));
            FloatVector d01 = c01.add(FloatVector.fromArray(SPECIES, c, cAt + LANES));
            FloatVector d10 = c10.add(FloatVector.fromArray(SPECIES, c, c1));
            FloatVector d11 = c11.add(FloatVector.fromArray(SPECIES, c, c1 + LANES));
            FloatVector d20 = c20.add(FloatVector.fromArray(SPECIES, c, c2));
            FloatVector d21 = c21.add(FloatVector.fromArray(SPECIES, c, c2 + LANES));
            FloatVector d30 = c30.add(FloatVector.fromArray(SPECIES, c, c3));
            FloatVector d31 = c31.add(FloatVector.fromArray(SPECIES, c, c3 + LANES));
            d00.intoArray(c, cAt);
            d01.intoArray(c, cAt + LANES);
            d10.intoArray(c, c1);
            d11.intoArray(c, c1 + LANES);
            d20.intoArray(c, c2);
            d21.intoArray(c, c2 + LANES);
            d30.intoArray(c, c3);
            d31.intoArray(c, c3 + LANES);
            return;
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

    private static void multiply1(
            float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int depth, boolean add) {
        FloatVector zero = FloatVector.zero(SPECIES);
        int c1 = cAt + cRow;
        int c2 = cAt + 2 * cRow;
        int c3 = cAt + 3 * cRow;
        FloatVector c00 = zero;
        FloatVector c10 = zero;
        FloatVector c20 = zero;
        FloatVector c30 = zero;
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
        if (add) {
            FloatVector d00 = c00.add(FloatVector.fromArray(SPECIES, c, cAt));
            FloatVector d10 = c10.add(FloatVector.fromArray(SPECIES, c, c1));
            FloatVector d20 = c20.add(FloatVector.fromArray(SPECIES, c, c2));
            FloatVector d30 = c30.add(FloatVector.fromArray(SPECIES, c, c3));
            d00.intoArray(c, cAt);
            d10.intoArray(c, c1);
            d20.intoArray(c, c2);
            d30.intoArray(c, c3);
            return;
        }
        c00.intoArray(c, cAt);
        c10.intoArray(c, c1);
        c20.intoArray(c, c2);
        c30.intoArray(c, c3);
    }
}
