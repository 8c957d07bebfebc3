package dev.graft.cpu.conv.winograd;

import dev.graft.cpu.run.Vectors;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Winograd's F(4, 4) along a line, with the points 0, 1, -1, 2, -2, 1/2 and infinity: 4 results of 4 taps by 7 products
 * in place of 16. Longer kernels are cut into groups of 4 taps. As 4 is the number of results too, the patches of all
 * groups begin at multiples of 4 pixels, and each is transformed once. Its error is about three times that of a direct
 * convolution.
 *
 * <p>The gradient of the weights has the same transforms: the kernel is 4 gradients of results, and the results are the
 * gradients of 4 taps.
 *
 * @see <a href="https://arxiv.org/abs/1509.09308">Lavin and Gray 2015</a>
 */
public final class LineTransforms {
    /** Results of a tile, and taps of a group. */
    public static final int TILE = 4;

    /** Pixels that a tile reads for a group of taps, and products of each. */
    public static final int POINTS = 7;

    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int LANES = Vectors.LANES;

    private LineTransforms() {}

    /**
     * Transforms 7 pixels of {@code count} channels, {@code step} apart in {@code d}, to 7 points, {@code vPosition}
     * apart in {@code v}.
     *
     * @param count whole vectors
     */
    public static void input(float[] d, int dAt, int step, float[] v, int vAt, int vPosition, int count) {
        for (int j = 0; j < count; j += LANES) {
            int at = dAt + j;
            int to = vAt + j;
            FloatVector d0 = FloatVector.fromArray(SPECIES, d, at);
            FloatVector d1 = FloatVector.fromArray(SPECIES, d, at + step);
            FloatVector d2 = FloatVector.fromArray(SPECIES, d, at + 2 * step);
            FloatVector d3 = FloatVector.fromArray(SPECIES, d, at + 3 * step);
            FloatVector d4 = FloatVector.fromArray(SPECIES, d, at + 4 * step);
            FloatVector d5 = FloatVector.fromArray(SPECIES, d, at + 5 * step);
            FloatVector d6 = FloatVector.fromArray(SPECIES, d, at + 6 * step);
            FloatVector minusHalf = FloatVector.broadcast(SPECIES, -0.5f);
            FloatVector four = FloatVector.broadcast(SPECIES, 4f);
            FloatVector minusFour = FloatVector.broadcast(SPECIES, -4f);
            FloatVector minusFive = FloatVector.broadcast(SPECIES, -5f);
            // all points but 1/2 have the factor x - 1/2
            FloatVector s0 = minusHalf.fma(d0, d1);
            FloatVector s1 = minusHalf.fma(d1, d2);
            FloatVector s2 = minusHalf.fma(d2, d3);
            FloatVector s3 = minusHalf.fma(d3, d4);
            FloatVector s4 = minusHalf.fma(d4, d5);
            FloatVector s5 = minusHalf.fma(d5, d6);
            FloatVector even = minusFour.fma(s2, s4);
            FloatVector odd = minusFour.fma(s1, s3);
            FloatVector evenTwo = s4.sub(s2);
            FloatVector oddTwo = s3.sub(s1);
            FloatVector oddTwice = oddTwo.add(oddTwo);
            four.fma(s0, minusFive.fma(s2, s4)).intoArray(v, to);
            even.add(odd).intoArray(v, to + vPosition);
            even.sub(odd).intoArray(v, to + 2 * vPosition);
            evenTwo.add(oddTwice).intoArray(v, to + 3 * vPosition);
            evenTwo.sub(oddTwice).intoArray(v, to + 4 * vPosition);
            four.fma(d1, minusFive.fma(d3, d5)).intoArray(v, to + 5 * vPosition);
            four.fma(s1, minusFive.fma(s3, s5)).intoArray(v, to + 6 * vPosition);
        }
    }

    /** Transforms 4 taps, or gradients of 4 results, {@code step} apart in {@code g}, to 7 points. */
    public static void kernel(float[] g, int gAt, int step, float[] u, int uAt, int uPosition, int count) {
        for (int j = 0; j < count; j += LANES) {
            int at = gAt + j;
            int to = uAt + j;
            FloatVector g0 = FloatVector.fromArray(SPECIES, g, at);
            FloatVector g1 = FloatVector.fromArray(SPECIES, g, at + step);
            FloatVector g2 = FloatVector.fromArray(SPECIES, g, at + 2 * step);
            FloatVector g3 = FloatVector.fromArray(SPECIES, g, at + 3 * step);
            FloatVector even = g0.add(g2);
            FloatVector odd = g1.add(g3);
            FloatVector four = FloatVector.broadcast(SPECIES, 4f);
            FloatVector half = FloatVector.broadcast(SPECIES, 0.5f);
            FloatVector evenTwo = four.fma(g2, g0);
            FloatVector oddHalf = four.fma(g3, g1);
            FloatVector oddTwo = oddHalf.add(oddHalf);
            FloatVector last = half.fma(half.fma(half.fma(g3, g2), g1), g0);
            g0.mul(-0.5f).intoArray(u, to);
            even.add(odd).mul(-1f / 3).intoArray(u, to + uPosition);
            even.sub(odd).mul(1f / 9).intoArray(u, to + 2 * uPosition);
            evenTwo.add(oddTwo).mul(1f / 36).intoArray(u, to + 3 * uPosition);
            evenTwo.sub(oddTwo).mul(-1f / 60).intoArray(u, to + 4 * uPosition);
            last.mul(32f / 45).intoArray(u, to + 5 * uPosition);
            g3.intoArray(u, to + 6 * uPosition);
        }
    }

    /**
     * Transforms the products of 7 points back to 4 results, or to the gradients of 4 taps, {@code step} apart in
     * {@code y}.
     *
     * @param watched a vector to which all results are added
     */
    public static void output(
            float[] m, int mAt, int mPosition, float[] y, int yAt, int step, int count, float[] watched) {
        FloatVector sum = FloatVector.fromArray(SPECIES, watched, 0);
        for (int j = 0; j < count; j += LANES) {
            int at = mAt + j;
            int to = yAt + j;
            FloatVector m1 = FloatVector.fromArray(SPECIES, m, at + mPosition);
            FloatVector m2 = FloatVector.fromArray(SPECIES, m, at + 2 * mPosition);
            FloatVector m3 = FloatVector.fromArray(SPECIES, m, at + 3 * mPosition);
            FloatVector m4 = FloatVector.fromArray(SPECIES, m, at + 4 * mPosition);
            FloatVector m5 = FloatVector.fromArray(SPECIES, m, at + 5 * mPosition);
            FloatVector even = m1.add(m2);
            FloatVector odd = m1.sub(m2);
            FloatVector evenTwo = m3.add(m4);
            FloatVector oddTwo = m3.sub(m4);
            FloatVector y0 = FloatVector.fromArray(SPECIES, m, at).add(even).add(evenTwo.add(m5));
            FloatVector half = m5.mul(0.5f);
            FloatVector y1 = odd.add(oddTwo.add(oddTwo)).add(half);
            FloatVector quarter = half.mul(0.5f);
            FloatVector y2 = evenTwo.mul(4f).add(even).add(quarter);
            FloatVector y3 = oddTwo.mul(8f)
                    .add(odd)
                    .add(quarter.mul(0.5f))
                    .add(FloatVector.fromArray(SPECIES, m, at + 6 * mPosition));
            y0.intoArray(y, to);
            y1.intoArray(y, to + step);
            y2.intoArray(y, to + 2 * step);
            y3.intoArray(y, to + 3 * step);
            sum = sum.add(y0.add(y1)).add(y2.add(y3));
        }
        sum.intoArray(watched, 0);
    }
}
