package dev.graft.cpu.conv.winograd;

import dev.graft.cpu.run.Vectors;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * 3x3 convolution of stride 2 in tiles of 4x4 results: 81 products in place of 144. Along each side, results are the
 * sum of two convolutions of stride 1. One is pixels 0, 2, 4, 6, 8 with taps 0 and 2: this is F(4, 2) with the points
 * 0, 1, -1 and 2, and takes 5 products. The other is pixels 1, 3, 5, 7 with tap 1: it takes 4 products, all with the
 * same weight, and needs no transform.
 *
 * <p>Every transform is applied in place along one side, then along the other.
 */
public final class WinogradStride2 extends WinogradTransforms {
    /** Values along a side of a transformed patch: the first five are F(4, 2), the others pixels. */
    static final int SIDE = 9;
    /** Distinct weights along a side. */
    static final int WEIGHTS = 6;

    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;

    public WinogradStride2() {
        super(4, 8, SIDE, matrices());
    }

    /** Which weights belong to each position. */
    static int[] matrices() {
        int[] matrices = new int[SIDE * SIDE];
        for (int p = 0; p < matrices.length; p++) {
            matrices[p] = Math.min(p / SIDE, WEIGHTS - 1) * WEIGHTS + Math.min(p % SIDE, WEIGHTS - 1);
        }
        return matrices;
    }

    @Override
    void input(float[] d, int dAt, int dRow, int dColumn, float[] v, int vAt, int vPosition) {
        for (int i = 0; i < 5; i++) {
            pixels(d, dAt + 2 * i * dRow, dColumn, v, vAt + i * SIDE * vPosition, vPosition);
        }
        for (int i = 0; i < 4; i++) {
            pixels(d, dAt + (2 * i + 1) * dRow, dColumn, v, vAt + (5 + i) * SIDE * vPosition, vPosition);
        }
        for (int j = 0; j < SIDE; j++) {
            int column = vAt + j * vPosition;
            int row = SIDE * vPosition;
            five(v, column, row, column + 4 * row, v, column, row);
        }
    }

    /** Transforms nine pixels to the nine values of a side. */
    private static void pixels(float[] d, int at, int step, float[] v, int to, int position) {
        five(d, at, 2 * step, at + 8 * step, v, to, position);
        FloatVector.fromArray(SPECIES, d, at + step).intoArray(v, to + 5 * position);
        FloatVector.fromArray(SPECIES, d, at + 3 * step).intoArray(v, to + 6 * position);
        FloatVector.fromArray(SPECIES, d, at + 5 * step).intoArray(v, to + 7 * position);
        FloatVector.fromArray(SPECIES, d, at + 7 * step).intoArray(v, to + 8 * position);
    }

    /** F(4, 2) of five pixels: four {@code step} apart, and the last one. */
    static void five(float[] d, int at, int step, int last, float[] v, int to, int position) {
        FloatVector d0 = FloatVector.fromArray(SPECIES, d, at);
        FloatVector d1 = FloatVector.fromArray(SPECIES, d, at + step);
        FloatVector d2 = FloatVector.fromArray(SPECIES, d, at + 2 * step);
        FloatVector d3 = FloatVector.fromArray(SPECIES, d, at + 3 * step);
        FloatVector d4 = FloatVector.fromArray(SPECIES, d, last);
        FloatVector two = FloatVector.broadcast(SPECIES, 2f);
        FloatVector minusTwo = FloatVector.broadcast(SPECIES, -2f);
        FloatVector odd = d3.sub(d1);
        FloatVector middle = d3.sub(d2);
        two.fma(d0.sub(d2), odd).intoArray(v, to);
        minusTwo.fma(d1, middle).intoArray(v, to + position);
        two.fma(d1.sub(d2), middle).intoArray(v, to + 2 * position);
        odd.intoArray(v, to + 3 * position);
        minusTwo.fma(odd, d4.sub(d2)).intoArray(v, to + 4 * position);
    }

    @Override
    void output(float[] m, int mAt, int mPosition, float[] y, int yAt, int yRow, int yColumn, float[] watched) {
        for (int i = 0; i < SIDE; i++) {
            results(m, mAt + i * SIDE * mPosition, mPosition, m, mAt + i * SIDE * mPosition, mPosition);
        }
        for (int j = 0; j < 4; j++) {
            results(m, mAt + j * mPosition, SIDE * mPosition, y, yAt + j * yColumn, yRow);
            watch(y, yAt + j * yColumn, yRow, watched);
        }
    }

    /** Adds four results to {@code watched}. */
    static void watch(float[] y, int at, int step, float[] watched) {
        FloatVector y0 = FloatVector.fromArray(SPECIES, y, at);
        FloatVector y1 = FloatVector.fromArray(SPECIES, y, at + step);
        FloatVector y2 = FloatVector.fromArray(SPECIES, y, at + 2 * step);
        FloatVector y3 = FloatVector.fromArray(SPECIES, y, at + 3 * step);
        FloatVector.fromArray(SPECIES, watched, 0)
                .add(y0.add(y1).add(y2.add(y3)))
                .intoArray(watched, 0);
    }

    /** Transforms the nine values of a side to four results. */
    private static void results(float[] m, int at, int position, float[] y, int to, int step) {
        // Written out rather than the gradient's transform of five values with these four added in memory: a layer took
        // a tenth longer by that.
        FloatVector m0 = FloatVector.fromArray(SPECIES, m, at);
        FloatVector m1 = FloatVector.fromArray(SPECIES, m, at + position);
        FloatVector m2 = FloatVector.fromArray(SPECIES, m, at + 2 * position);
        FloatVector m3 = FloatVector.fromArray(SPECIES, m, at + 3 * position);
        FloatVector m4 = FloatVector.fromArray(SPECIES, m, at + 4 * position);
        FloatVector p0 = FloatVector.fromArray(SPECIES, m, at + 5 * position);
        FloatVector p1 = FloatVector.fromArray(SPECIES, m, at + 6 * position);
        FloatVector p2 = FloatVector.fromArray(SPECIES, m, at + 7 * position);
        FloatVector p3 = FloatVector.fromArray(SPECIES, m, at + 8 * position);
        FloatVector sum = m1.add(m2);
        FloatVector difference = m1.sub(m2);
        m0.add(sum).add(m3).add(p0).intoArray(y, to);
        FloatVector.broadcast(SPECIES, 2f).fma(m3, difference).add(p1).intoArray(y, to + step);
        FloatVector.broadcast(SPECIES, 4f).fma(m3, sum).add(p2).intoArray(y, to + 2 * step);
        FloatVector.broadcast(SPECIES, 8f).fma(m3, difference).add(m4).add(p3).intoArray(y, to + 3 * step);
    }

    @Override
    void weights(float[] g, int gAt, int gTap, float[] u, int uAt, int uMatrix) {
        transformWeights(g, gAt, gTap, u, uAt, uMatrix);
    }

    /** {@link #weights} for the gradient as well, whose taps come in reverse. */
    static void transformWeights(float[] g, int gAt, int gTap, float[] u, int uAt, int uMatrix) {
        for (int j = 0; j < 3; j++) {
            taps(g, gAt + j * gTap, 3 * gTap, u, uAt + j * uMatrix, WEIGHTS * uMatrix);
        }
        for (int i = 0; i < WEIGHTS; i++) {
            taps(u, uAt + i * WEIGHTS * uMatrix, uMatrix, u, uAt + i * WEIGHTS * uMatrix, uMatrix);
        }
    }

    /** Transforms three taps to the six weights of a side. */
    private static void taps(float[] g, int at, int step, float[] u, int to, int matrix) {
        FloatVector g0 = FloatVector.fromArray(SPECIES, g, at);
        FloatVector g1 = FloatVector.fromArray(SPECIES, g, at + step);
        FloatVector g2 = FloatVector.fromArray(SPECIES, g, at + 2 * step);
        g0.mul(0.5f).intoArray(u, to);
        g0.add(g2).mul(-0.5f).intoArray(u, to + matrix);
        g2.sub(g0).mul(1f / 6).intoArray(u, to + 2 * matrix);
        g0.mul(1f / 6).add(g2.mul(1f / 3)).intoArray(u, to + 3 * matrix);
        g2.intoArray(u, to + 4 * matrix);
        g1.intoArray(u, to + 5 * matrix);
    }
}
