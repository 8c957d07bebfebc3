package dev.graft.cpu.conv.winograd;

import dev.graft.cpu.run.Vectors;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The input's gradient of a 3x3 convolution of stride 2 and padding 1, as a convolution of the output's gradient with
 * the rotated kernel: tiles of 8x8 results from 5x5 pixels, with 81 products in place of 144. Along each side, results
 * 0, 2, 4, 6 are pixels 0 to 3 times the middle tap, and results 1, 3, 5, 7 are F(4, 2) of all five pixels with the
 * other two taps (see {@link WinogradStride2}).
 */
public final class WinogradStride2Gradient extends WinogradTransforms {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int SIDE = WinogradStride2.SIDE;

    public WinogradStride2Gradient() {
        super(8, 4, 5, WinogradStride2.matrices());
    }

    @Override
    void input(float[] d, int dAt, int dRow, int dColumn, float[] v, int vAt, int vPosition) {
        for (int i = 0; i < 4; i++) {
            pixels(d, dAt + i * dRow, dColumn, v, vAt + (5 + i) * SIDE * vPosition, vPosition);
        }
        pixels(d, dAt + 4 * dRow, dColumn, v, vAt, vPosition);
        for (int j = 0; j < SIDE; j++) {
            int column = vAt + j * vPosition;
            int row = SIDE * vPosition;
            WinogradStride2.five(v, column + 5 * row, row, column, v, column, row);
        }
    }

    /** Transforms five pixels to the nine values of a side. */
    private static void pixels(float[] d, int at, int step, float[] v, int to, int position) {
        WinogradStride2.five(d, at, step, at + 4 * step, v, to, position);
        FloatVector.fromArray(SPECIES, d, at).intoArray(v, to + 5 * position);
        FloatVector.fromArray(SPECIES, d, at + step).intoArray(v, to + 6 * position);
        FloatVector.fromArray(SPECIES, d, at + 2 * step).intoArray(v, to + 7 * position);
        FloatVector.fromArray(SPECIES, d, at + 3 * step).intoArray(v, to + 8 * position);
    }

    @Override
    void output(float[] m, int mAt, int mPosition, float[] y, int yAt, int yRow, int yColumn, float[] watched) {
        for (int i = 0; i < SIDE; i++) {
            int row = mAt + i * SIDE * mPosition;
            four(m, row, mPosition, m, row, mPosition);
        }
        for (int j = 0; j < 4; j++) {
            // Columns of F(4, 2) and columns of pixels are results 2j + 1 and 2j.
            column(m, mAt + j * mPosition, SIDE * mPosition, y, yAt + (2 * j + 1) * yColumn, yRow);
            column(m, mAt + (5 + j) * mPosition, SIDE * mPosition, y, yAt + 2 * j * yColumn, yRow);
            for (int i = 0; i < 8; i += 4) {
                WinogradStride2.watch(y, yAt + i * yRow + 2 * j * yColumn, yRow, watched);
                WinogradStride2.watch(y, yAt + i * yRow + (2 * j + 1) * yColumn, yRow, watched);
            }
        }
    }

    private static void column(float[] m, int at, int row, float[] y, int to, int yRow) {
        four(m, at, row, y, to + yRow, 2 * yRow);
        FloatVector.fromArray(SPECIES, m, at + 5 * row).intoArray(y, to);
        FloatVector.fromArray(SPECIES, m, at + 6 * row).intoArray(y, to + 2 * yRow);
        FloatVector.fromArray(SPECIES, m, at + 7 * row).intoArray(y, to + 4 * yRow);
        FloatVector.fromArray(SPECIES, m, at + 8 * row).intoArray(y, to + 6 * yRow);
    }

    /** Transforms the five values of F(4, 2) to four results. */
    private static void four(float[] m, int at, int position, float[] y, int to, int step) {
        FloatVector m0 = FloatVector.fromArray(SPECIES, m, at);
        FloatVector m1 = FloatVector.fromArray(SPECIES, m, at + position);
        FloatVector m2 = FloatVector.fromArray(SPECIES, m, at + 2 * position);
        FloatVector m3 = FloatVector.fromArray(SPECIES, m, at + 3 * position);
        FloatVector m4 = FloatVector.fromArray(SPECIES, m, at + 4 * position);
        FloatVector sum = m1.add(m2);
        FloatVector difference = m1.sub(m2);
        m0.add(sum).add(m3).intoArray(y, to);
        FloatVector.broadcast(SPECIES, 2f).fma(m3, difference).intoArray(y, to + step);
        FloatVector.broadcast(SPECIES, 4f).fma(m3, sum).intoArray(y, to + 2 * step);
        FloatVector.broadcast(SPECIES, 8f).fma(m3, difference).add(m4).intoArray(y, to + 3 * step);
    }

    @Override
    void weights(float[] g, int gAt, int gTap, float[] u, int uAt, int uMatrix) {
        WinogradStride2.transformWeights(g, gAt, gTap, u, uAt, uMatrix);
    }
}
