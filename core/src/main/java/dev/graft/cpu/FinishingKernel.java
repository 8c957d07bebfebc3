package dev.graft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Matrix product and epilogue in one: sums go from registers to their places in the result, as {@link MicroKernel} computes and
 * {@link VectorEpilogue} finishes them. Where depth is small, writing and reading sums in between costs as much as the product.
 */
final class FinishingKernel {
    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;
    private static final int LANES = VectorKernels.LANES;

    private final float[] scale;
    private final float[] shift;
    private final int low;
    private final int high;
    private final Watch watch;
    private final float[] watched;

    /** {@code epilogue} has no residual. */
    FinishingKernel(VectorEpilogue epilogue, Workspace workspace) {
        this.scale = epilogue.scale();
        this.shift = epilogue.shift();
        this.low = epilogue.low();
        this.high = epilogue.high();
        this.watch = Watch.begin(workspace);
        this.watched = watch.sums();
    }

    /**
     * {@code y[i][j] = finished(sum over k of a[i][k] * b[k][j])}, with {@code a[i][k]} at {@code aAt + i * aRow + k}, {@code b[k][j]} at
     * {@code bAt + k * columns + j} and {@code y[i][j]} at {@code yAt + i * yRow + j}.
     *
     * @param columns whole vectors, at most {@link MicroKernel#WIDTH}
     * @param channel the first column's
     * @return whether all is finite; where it is not, the result is undefined
     */
    boolean multiply(float[] a, int aAt, int aRow, float[] b, int bAt, int rows, int columns, int depth, int channel, float[] y, int yAt,
            int yRow) {
        for (int i = 0; i < rows; i += MicroKernel.ROWS) {
            int count = Math.min(MicroKernel.ROWS, rows - i);
            int from = aAt + i * aRow;
            int to = yAt + i * yRow;
            switch (columns / LANES) {
                case 4 -> multiply4(a, from, aRow, b, bAt, depth, count, channel, y, to, yRow);
                case 3 -> multiply3(a, from, aRow, b, bAt, depth, count, channel, y, to, yRow);
                case 2 -> multiply2(a, from, aRow, b, bAt, depth, count, channel, y, to, yRow);
                default -> multiply1(a, from, aRow, b, bAt, depth, count, channel, y, to, yRow);
            }
        }
        return watch.isFinite();
    }

    private void multiply4(float[] a, int aAt, int aRow, float[] b, int bAt, int depth, int rows, int channel, float[] y, int yAt,
            int yRow) {
        int row1 = Math.min(1, rows - 1);
        int row2 = Math.min(2, rows - 1);
        int row3 = Math.min(3, rows - 1);
        int a1 = aAt + row1 * aRow;
        int a2 = aAt + row2 * aRow;
        int a3 = aAt + row3 * aRow;
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = FloatVector.zero(SPECIES);
        FloatVector c02 = FloatVector.zero(SPECIES);
        FloatVector c03 = FloatVector.zero(SPECIES);
        FloatVector c10 = FloatVector.zero(SPECIES);
        FloatVector c11 = FloatVector.zero(SPECIES);
        FloatVector c12 = FloatVector.zero(SPECIES);
        FloatVector c13 = FloatVector.zero(SPECIES);
        FloatVector c20 = FloatVector.zero(SPECIES);
        FloatVector c21 = FloatVector.zero(SPECIES);
        FloatVector c22 = FloatVector.zero(SPECIES);
        FloatVector c23 = FloatVector.zero(SPECIES);
        FloatVector c30 = FloatVector.zero(SPECIES);
        FloatVector c31 = FloatVector.zero(SPECIES);
        FloatVector c32 = FloatVector.zero(SPECIES);
        FloatVector c33 = FloatVector.zero(SPECIES);
        for (int k = 0; k < depth; k++) {
            int p = bAt + k * 4 * LANES;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, p + LANES);
            FloatVector b2 = FloatVector.fromArray(SPECIES, b, p + 2 * LANES);
            FloatVector b3 = FloatVector.fromArray(SPECIES, b, p + 3 * LANES);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[aAt + k]);
            c00 = v0.fma(b0, c00);
            c01 = v0.fma(b1, c01);
            c02 = v0.fma(b2, c02);
            c03 = v0.fma(b3, c03);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[a1 + k]);
            c10 = v1.fma(b0, c10);
            c11 = v1.fma(b1, c11);
            c12 = v1.fma(b2, c12);
            c13 = v1.fma(b3, c13);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[a2 + k]);
            c20 = v2.fma(b0, c20);
            c21 = v2.fma(b1, c21);
            c22 = v2.fma(b2, c22);
            c23 = v2.fma(b3, c23);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[a3 + k]);
            c30 = v3.fma(b0, c30);
            c31 = v3.fma(b1, c31);
            c32 = v3.fma(b2, c32);
            c33 = v3.fma(b3, c33);
        }
        FloatVector s0 = FloatVector.fromArray(SPECIES, scale, channel);
        FloatVector h0 = FloatVector.fromArray(SPECIES, shift, channel);
        c00 = c00.fma(s0, h0);
        c10 = c10.fma(s0, h0);
        c20 = c20.fma(s0, h0);
        c30 = c30.fma(s0, h0);
        FloatVector s1 = FloatVector.fromArray(SPECIES, scale, channel + LANES);
        FloatVector h1 = FloatVector.fromArray(SPECIES, shift, channel + LANES);
        c01 = c01.fma(s1, h1);
        c11 = c11.fma(s1, h1);
        c21 = c21.fma(s1, h1);
        c31 = c31.fma(s1, h1);
        FloatVector s2 = FloatVector.fromArray(SPECIES, scale, channel + 2 * LANES);
        FloatVector h2 = FloatVector.fromArray(SPECIES, shift, channel + 2 * LANES);
        c02 = c02.fma(s2, h2);
        c12 = c12.fma(s2, h2);
        c22 = c22.fma(s2, h2);
        c32 = c32.fma(s2, h2);
        FloatVector s3 = FloatVector.fromArray(SPECIES, scale, channel + 3 * LANES);
        FloatVector h3 = FloatVector.fromArray(SPECIES, shift, channel + 3 * LANES);
        c03 = c03.fma(s3, h3);
        c13 = c13.fma(s3, h3);
        c23 = c23.fma(s3, h3);
        c33 = c33.fma(s3, h3);
        int y1 = yAt + row1 * yRow;
        int y2 = yAt + row2 * yRow;
        int y3 = yAt + row3 * yRow;
        c00.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, yAt);
        c01.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, yAt + LANES);
        c02.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, yAt + 2 * LANES);
        c03.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, yAt + 3 * LANES);
        c10.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y1);
        c11.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y1 + LANES);
        c12.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y1 + 2 * LANES);
        c13.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y1 + 3 * LANES);
        c20.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y2);
        c21.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y2 + LANES);
        c22.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y2 + 2 * LANES);
        c23.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y2 + 3 * LANES);
        c30.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y3);
        c31.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y3 + LANES);
        c32.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y3 + 2 * LANES);
        c33.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y3 + 3 * LANES);
        FloatVector t0 = c00.add(c10).add(c20.add(c30));
        FloatVector t1 = c01.add(c11).add(c21.add(c31));
        FloatVector t2 = c02.add(c12).add(c22.add(c32));
        FloatVector t3 = c03.add(c13).add(c23.add(c33));
        FloatVector.fromArray(SPECIES, watched, 0).add(t0.add(t1).add(t2.add(t3))).intoArray(watched, 0);
    }

    private void multiply3(float[] a, int aAt, int aRow, float[] b, int bAt, int depth, int rows, int channel, float[] y, int yAt,
            int yRow) {
        int row1 = Math.min(1, rows - 1);
        int row2 = Math.min(2, rows - 1);
        int row3 = Math.min(3, rows - 1);
        int a1 = aAt + row1 * aRow;
        int a2 = aAt + row2 * aRow;
        int a3 = aAt + row3 * aRow;
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = FloatVector.zero(SPECIES);
        FloatVector c02 = FloatVector.zero(SPECIES);
        FloatVector c10 = FloatVector.zero(SPECIES);
        FloatVector c11 = FloatVector.zero(SPECIES);
        FloatVector c12 = FloatVector.zero(SPECIES);
        FloatVector c20 = FloatVector.zero(SPECIES);
        FloatVector c21 = FloatVector.zero(SPECIES);
        FloatVector c22 = FloatVector.zero(SPECIES);
        FloatVector c30 = FloatVector.zero(SPECIES);
        FloatVector c31 = FloatVector.zero(SPECIES);
        FloatVector c32 = FloatVector.zero(SPECIES);
        for (int k = 0; k < depth; k++) {
            int p = bAt + k * 3 * LANES;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, p + LANES);
            FloatVector b2 = FloatVector.fromArray(SPECIES, b, p + 2 * LANES);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[aAt + k]);
            c00 = v0.fma(b0, c00);
            c01 = v0.fma(b1, c01);
            c02 = v0.fma(b2, c02);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[a1 + k]);
            c10 = v1.fma(b0, c10);
            c11 = v1.fma(b1, c11);
            c12 = v1.fma(b2, c12);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[a2 + k]);
            c20 = v2.fma(b0, c20);
            c21 = v2.fma(b1, c21);
            c22 = v2.fma(b2, c22);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[a3 + k]);
            c30 = v3.fma(b0, c30);
            c31 = v3.fma(b1, c31);
            c32 = v3.fma(b2, c32);
        }
        FloatVector s0 = FloatVector.fromArray(SPECIES, scale, channel);
        FloatVector h0 = FloatVector.fromArray(SPECIES, shift, channel);
        c00 = c00.fma(s0, h0);
        c10 = c10.fma(s0, h0);
        c20 = c20.fma(s0, h0);
        c30 = c30.fma(s0, h0);
        FloatVector s1 = FloatVector.fromArray(SPECIES, scale, channel + LANES);
        FloatVector h1 = FloatVector.fromArray(SPECIES, shift, channel + LANES);
        c01 = c01.fma(s1, h1);
        c11 = c11.fma(s1, h1);
        c21 = c21.fma(s1, h1);
        c31 = c31.fma(s1, h1);
        FloatVector s2 = FloatVector.fromArray(SPECIES, scale, channel + 2 * LANES);
        FloatVector h2 = FloatVector.fromArray(SPECIES, shift, channel + 2 * LANES);
        c02 = c02.fma(s2, h2);
        c12 = c12.fma(s2, h2);
        c22 = c22.fma(s2, h2);
        c32 = c32.fma(s2, h2);
        int y1 = yAt + row1 * yRow;
        int y2 = yAt + row2 * yRow;
        int y3 = yAt + row3 * yRow;
        c00.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, yAt);
        c01.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, yAt + LANES);
        c02.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, yAt + 2 * LANES);
        c10.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y1);
        c11.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y1 + LANES);
        c12.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y1 + 2 * LANES);
        c20.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y2);
        c21.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y2 + LANES);
        c22.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y2 + 2 * LANES);
        c30.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y3);
        c31.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y3 + LANES);
        c32.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y3 + 2 * LANES);
        FloatVector t0 = c00.add(c10).add(c20.add(c30));
        FloatVector t1 = c01.add(c11).add(c21.add(c31));
        FloatVector t2 = c02.add(c12).add(c22.add(c32));
        FloatVector.fromArray(SPECIES, watched, 0).add(t0.add(t1).add(t2)).intoArray(watched, 0);
    }

    private void multiply2(float[] a, int aAt, int aRow, float[] b, int bAt, int depth, int rows, int channel, float[] y, int yAt,
            int yRow) {
        int row1 = Math.min(1, rows - 1);
        int row2 = Math.min(2, rows - 1);
        int row3 = Math.min(3, rows - 1);
        int a1 = aAt + row1 * aRow;
        int a2 = aAt + row2 * aRow;
        int a3 = aAt + row3 * aRow;
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = FloatVector.zero(SPECIES);
        FloatVector c10 = FloatVector.zero(SPECIES);
        FloatVector c11 = FloatVector.zero(SPECIES);
        FloatVector c20 = FloatVector.zero(SPECIES);
        FloatVector c21 = FloatVector.zero(SPECIES);
        FloatVector c30 = FloatVector.zero(SPECIES);
        FloatVector c31 = FloatVector.zero(SPECIES);
        for (int k = 0; k < depth; k++) {
            int p = bAt + k * 2 * LANES;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, p + LANES);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[aAt + k]);
            c00 = v0.fma(b0, c00);
            c01 = v0.fma(b1, c01);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[a1 + k]);
            c10 = v1.fma(b0, c10);
            c11 = v1.fma(b1, c11);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[a2 + k]);
            c20 = v2.fma(b0, c20);
            c21 = v2.fma(b1, c21);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[a3 + k]);
            c30 = v3.fma(b0, c30);
            c31 = v3.fma(b1, c31);
        }
        FloatVector s0 = FloatVector.fromArray(SPECIES, scale, channel);
        FloatVector h0 = FloatVector.fromArray(SPECIES, shift, channel);
        c00 = c00.fma(s0, h0);
        c10 = c10.fma(s0, h0);
        c20 = c20.fma(s0, h0);
        c30 = c30.fma(s0, h0);
        FloatVector s1 = FloatVector.fromArray(SPECIES, scale, channel + LANES);
        FloatVector h1 = FloatVector.fromArray(SPECIES, shift, channel + LANES);
        c01 = c01.fma(s1, h1);
        c11 = c11.fma(s1, h1);
        c21 = c21.fma(s1, h1);
        c31 = c31.fma(s1, h1);
        int y1 = yAt + row1 * yRow;
        int y2 = yAt + row2 * yRow;
        int y3 = yAt + row3 * yRow;
        c00.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, yAt);
        c01.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, yAt + LANES);
        c10.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y1);
        c11.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y1 + LANES);
        c20.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y2);
        c21.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y2 + LANES);
        c30.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y3);
        c31.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y3 + LANES);
        FloatVector t0 = c00.add(c10).add(c20.add(c30));
        FloatVector t1 = c01.add(c11).add(c21.add(c31));
        FloatVector.fromArray(SPECIES, watched, 0).add(t0.add(t1)).intoArray(watched, 0);
    }

    private void multiply1(float[] a, int aAt, int aRow, float[] b, int bAt, int depth, int rows, int channel, float[] y, int yAt,
            int yRow) {
        int row1 = Math.min(1, rows - 1);
        int row2 = Math.min(2, rows - 1);
        int row3 = Math.min(3, rows - 1);
        int a1 = aAt + row1 * aRow;
        int a2 = aAt + row2 * aRow;
        int a3 = aAt + row3 * aRow;
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c10 = FloatVector.zero(SPECIES);
        FloatVector c20 = FloatVector.zero(SPECIES);
        FloatVector c30 = FloatVector.zero(SPECIES);
        for (int k = 0; k < depth; k++) {
            int p = bAt + k * LANES;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, p);
            FloatVector v0 = FloatVector.broadcast(SPECIES, a[aAt + k]);
            c00 = v0.fma(b0, c00);
            FloatVector v1 = FloatVector.broadcast(SPECIES, a[a1 + k]);
            c10 = v1.fma(b0, c10);
            FloatVector v2 = FloatVector.broadcast(SPECIES, a[a2 + k]);
            c20 = v2.fma(b0, c20);
            FloatVector v3 = FloatVector.broadcast(SPECIES, a[a3 + k]);
            c30 = v3.fma(b0, c30);
        }
        FloatVector s0 = FloatVector.fromArray(SPECIES, scale, channel);
        FloatVector h0 = FloatVector.fromArray(SPECIES, shift, channel);
        c00 = c00.fma(s0, h0);
        c10 = c10.fma(s0, h0);
        c20 = c20.fma(s0, h0);
        c30 = c30.fma(s0, h0);
        int y1 = yAt + row1 * yRow;
        int y2 = yAt + row2 * yRow;
        int y3 = yAt + row3 * yRow;
        c00.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, yAt);
        c10.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y1);
        c20.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y2);
        c30.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, y3);
        FloatVector t0 = c00.add(c10).add(c20.add(c30));
        FloatVector.fromArray(SPECIES, watched, 0).add(t0).intoArray(watched, 0);
    }
}
