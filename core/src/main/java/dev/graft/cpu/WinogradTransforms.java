package dev.graft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The transforms of Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016):
 * {@code y = A'[(G g G') * (B' d B)]A}, with the points 0, 1, -1, 2, -2. A 6x6 patch of the image gives 4x4 results by 36 products in place of
 * 144. Every transform works on vectors of channels, rows first, then columns, with the halfway result in {@code t}.
 */
final class WinogradTransforms {
    /** Result pixels of a tile along one side. */
    static final int TILE = 4;
    /** Image pixels of a tile along one side. */
    static final int PATCH = 6;
    static final int POSITIONS = PATCH * PATCH;
    /** Floats of scratch memory that a transform needs. */
    static final int SCRATCH = POSITIONS * VectorKernels.LANES;

    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;
    private static final int LANES = VectorKernels.LANES;
    private static final int ROW = PATCH * LANES;

    private WinogradTransforms() {
    }

    /**
     * {@code v = B' d B}.
     *
     * @param d        patch: pixel (i, j) at {@code dAt + i * dRow + j * dColumn}, then channels
     * @param v        position p at {@code vAt + p * vPosition}, then channels
     * @param channels whole vectors
     */
    static void input(float[] d, int dAt, int dRow, int dColumn, float[] v, int vAt, int vPosition, int channels, float[] t) {
        for (int c = 0; c < channels; c += LANES) {
            for (int j = 0; j < PATCH; j++) {
                input(d, dAt + c + j * dColumn, dRow, t, j * LANES, ROW);
            }
            for (int i = 0; i < PATCH; i++) {
                input(t, i * ROW, LANES, v, vAt + c + i * PATCH * vPosition, vPosition);
            }
        }
    }

    private static void input(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector d0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector d1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector d2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector d3 = FloatVector.fromArray(SPECIES, x, at + 3 * step);
        FloatVector d4 = FloatVector.fromArray(SPECIES, x, at + 4 * step);
        FloatVector d5 = FloatVector.fromArray(SPECIES, x, at + 5 * step);
        FloatVector four = FloatVector.broadcast(SPECIES, 4f);
        FloatVector five = FloatVector.broadcast(SPECIES, -5f);
        FloatVector minusFour = FloatVector.broadcast(SPECIES, -4f);
        FloatVector even = minusFour.fma(d2, d4);
        FloatVector odd = minusFour.fma(d1, d3);
        FloatVector evenHalf = d4.sub(d2);
        FloatVector oddHalf = d3.sub(d1);
        oddHalf = oddHalf.add(oddHalf);
        four.fma(d0, five.fma(d2, d4)).intoArray(y, to);
        even.add(odd).intoArray(y, to + toStep);
        even.sub(odd).intoArray(y, to + 2 * toStep);
        evenHalf.add(oddHalf).intoArray(y, to + 3 * toStep);
        evenHalf.sub(oddHalf).intoArray(y, to + 4 * toStep);
        four.fma(d1, five.fma(d3, d5)).intoArray(y, to + 5 * toStep);
    }

    /** {@code y = A' m A}: positions of {@code m} to 4x4 pixels of {@code y}, laid out as in {@link #input}. */
    static void output(float[] m, int mAt, int mPosition, float[] y, int yAt, int yRow, int yColumn, int channels, float[] t) {
        for (int c = 0; c < channels; c += LANES) {
            for (int j = 0; j < PATCH; j++) {
                output(m, mAt + c + j * mPosition, PATCH * mPosition, t, j * LANES, ROW);
            }
            for (int i = 0; i < TILE; i++) {
                output(t, i * ROW, LANES, y, yAt + c + i * yRow, yColumn);
            }
        }
    }

    private static void output(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector m0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector m1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector m2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector m3 = FloatVector.fromArray(SPECIES, x, at + 3 * step);
        FloatVector m4 = FloatVector.fromArray(SPECIES, x, at + 4 * step);
        FloatVector m5 = FloatVector.fromArray(SPECIES, x, at + 5 * step);
        FloatVector sum1 = m1.add(m2);
        FloatVector difference1 = m1.sub(m2);
        FloatVector sum2 = m3.add(m4);
        FloatVector difference2 = m3.sub(m4);
        m0.add(sum1).add(sum2).intoArray(y, to);
        FloatVector.broadcast(SPECIES, 2f).fma(difference2, difference1).intoArray(y, to + toStep);
        FloatVector.broadcast(SPECIES, 4f).fma(sum2, sum1).intoArray(y, to + 2 * toStep);
        FloatVector.broadcast(SPECIES, 8f).fma(difference2, difference1).add(m5).intoArray(y, to + 3 * toStep);
    }

    /** {@code u = G g G'} for one vector of channels: tap {@code i} of 9 at {@code gAt + i * gTap}, position p at {@code uAt + p * uPosition}. */
    static void weights(float[] g, int gAt, int gTap, float[] u, int uAt, int uPosition, float[] t) {
        for (int j = 0; j < 3; j++) {
            weights(g, gAt + j * gTap, 3 * gTap, t, j * LANES, ROW);
        }
        for (int i = 0; i < PATCH; i++) {
            weights(t, i * ROW, LANES, u, uAt + i * PATCH * uPosition, uPosition);
        }
    }

    private static void weights(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector g0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector g1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector g2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector outer = g0.add(g2).mul(-1f / 6);
        FloatVector middle = g1.mul(1f / 6);
        FloatVector outerHalf = g0.mul(1f / 24).add(g2.mul(1f / 6));
        FloatVector middleHalf = g1.mul(1f / 12);
        g0.mul(0.25f).intoArray(y, to);
        outer.sub(middle).intoArray(y, to + toStep);
        outer.add(middle).intoArray(y, to + 2 * toStep);
        outerHalf.add(middleHalf).intoArray(y, to + 3 * toStep);
        outerHalf.sub(middleHalf).intoArray(y, to + 4 * toStep);
        g2.intoArray(y, to + 5 * toStep);
    }

    /** {@code m = A dy A'}: the transpose of {@link #output}, from 4x4 pixels of gradient to positions. */
    static void outputGradient(float[] dy, int dyAt, int dyRow, int dyColumn, float[] m, int mAt, int mPosition, int channels, float[] t) {
        for (int c = 0; c < channels; c += LANES) {
            for (int j = 0; j < TILE; j++) {
                outputGradient(dy, dyAt + c + j * dyColumn, dyRow, t, j * LANES, ROW);
            }
            for (int i = 0; i < PATCH; i++) {
                outputGradient(t, i * ROW, LANES, m, mAt + c + i * PATCH * mPosition, mPosition);
            }
        }
    }

    private static void outputGradient(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector d0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector d1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector d2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector d3 = FloatVector.fromArray(SPECIES, x, at + 3 * step);
        FloatVector four = FloatVector.broadcast(SPECIES, 4f);
        FloatVector even = d0.add(d2);
        FloatVector odd = d1.add(d3);
        FloatVector evenDouble = four.fma(d2, d0);
        FloatVector oddDouble = four.fma(d3, d1);
        oddDouble = oddDouble.add(oddDouble);
        d0.intoArray(y, to);
        even.add(odd).intoArray(y, to + toStep);
        even.sub(odd).intoArray(y, to + 2 * toStep);
        evenDouble.add(oddDouble).intoArray(y, to + 3 * toStep);
        evenDouble.sub(oddDouble).intoArray(y, to + 4 * toStep);
        d3.intoArray(y, to + 5 * toStep);
    }

    /** {@code dg = G' u G}: the transpose of {@link #weights}. */
    static void weightGradient(float[] u, int uAt, int uPosition, float[] dg, int dgAt, int dgTap, float[] t) {
        for (int j = 0; j < PATCH; j++) {
            weightGradient(u, uAt + j * uPosition, PATCH * uPosition, t, j * LANES, ROW);
        }
        for (int i = 0; i < 3; i++) {
            weightGradient(t, i * ROW, LANES, dg, dgAt + 3 * i * dgTap, dgTap);
        }
    }

    private static void weightGradient(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector u0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector u1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector u2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector u3 = FloatVector.fromArray(SPECIES, x, at + 3 * step);
        FloatVector u4 = FloatVector.fromArray(SPECIES, x, at + 4 * step);
        FloatVector u5 = FloatVector.fromArray(SPECIES, x, at + 5 * step);
        FloatVector sum1 = u1.add(u2).mul(1f / 6);
        FloatVector sum2 = u3.add(u4).mul(1f / 6);
        u0.mul(0.25f).sub(sum1).add(sum2.mul(0.25f)).intoArray(y, to);
        u2.sub(u1).mul(1f / 6).add(u3.sub(u4).mul(1f / 12)).intoArray(y, to + toStep);
        sum2.sub(sum1).add(u5).intoArray(y, to + 2 * toStep);
    }
}
