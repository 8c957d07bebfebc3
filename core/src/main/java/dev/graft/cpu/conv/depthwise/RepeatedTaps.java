package dev.graft.cpu.conv.depthwise;

import dev.graft.cpu.run.Vectors;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops of {@link RepeatedConvolution}: any number of taps at any places. Unlike {@link DepthwiseTaps},
 * each pixel is loaded for every tap that reads it.
 */
final class RepeatedTaps {
    /** Result pixels of a block: their sums, a weight and a source pixel fit 16 registers. */
    static final int PIXELS = 7;
    /** The taps whose gradients are summed together. */
    static final int TAPS = 4;

    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int LANES = Vectors.LANES;

    private RepeatedTaps() {}

    /**
     * {@code y[p][c] = sum over t of x[p * pixelStep + offsets[t] + c] * w[t][c]} for {@link #PIXELS} pixels and the
     * taps from {@code first} to {@code last}.
     *
     * @param width channels, in whole vectors, of {@code w} and {@code y}
     * @param add adds to what {@code y} holds
     */
    static void forward(
            float[] x,
            int xAt,
            int pixelStep,
            int[] offsets,
            int first,
            int last,
            float[] w,
            int wAt,
            float[] y,
            int yAt,
            int width,
            boolean add) {
        for (int c = 0; c < width; c += LANES) {
            FloatVector a0 = FloatVector.zero(SPECIES);
            FloatVector a1 = FloatVector.zero(SPECIES);
            FloatVector a2 = FloatVector.zero(SPECIES);
            FloatVector a3 = FloatVector.zero(SPECIES);
            FloatVector a4 = FloatVector.zero(SPECIES);
            FloatVector a5 = FloatVector.zero(SPECIES);
            FloatVector a6 = FloatVector.zero(SPECIES);
            int from = xAt + c;
            int weight = wAt + first * width + c;
            for (int t = first; t < last; t++) {
                int at = from + offsets[t];
                FloatVector v = FloatVector.fromArray(SPECIES, w, weight);
                a0 = FloatVector.fromArray(SPECIES, x, at).fma(v, a0);
                a1 = FloatVector.fromArray(SPECIES, x, at + pixelStep).fma(v, a1);
                a2 = FloatVector.fromArray(SPECIES, x, at + 2 * pixelStep).fma(v, a2);
                a3 = FloatVector.fromArray(SPECIES, x, at + 3 * pixelStep).fma(v, a3);
                a4 = FloatVector.fromArray(SPECIES, x, at + 4 * pixelStep).fma(v, a4);
                a5 = FloatVector.fromArray(SPECIES, x, at + 5 * pixelStep).fma(v, a5);
                a6 = FloatVector.fromArray(SPECIES, x, at + 6 * pixelStep).fma(v, a6);
                weight += width;
            }
            int to = yAt + c;
            if (add) {
                a0 = a0.add(FloatVector.fromArray(SPECIES, y, to));
                a1 = a1.add(FloatVector.fromArray(SPECIES, y, to + width));
                a2 = a2.add(FloatVector.fromArray(SPECIES, y, to + 2 * width));
                a3 = a3.add(FloatVector.fromArray(SPECIES, y, to + 3 * width));
                a4 = a4.add(FloatVector.fromArray(SPECIES, y, to + 4 * width));
                a5 = a5.add(FloatVector.fromArray(SPECIES, y, to + 5 * width));
                a6 = a6.add(FloatVector.fromArray(SPECIES, y, to + 6 * width));
            }
            a0.intoArray(y, to);
            a1.intoArray(y, to + width);
            a2.intoArray(y, to + 2 * width);
            a3.intoArray(y, to + 3 * width);
            a4.intoArray(y, to + 4 * width);
            a5.intoArray(y, to + 5 * width);
            a6.intoArray(y, to + 6 * width);
        }
    }

    /**
     * {@code sums[t][c] += sum over p of x[p * pixelStep + offsets[t] + c] * dy[p][c]} for {@link #TAPS} taps from
     * {@code tap} on; where there are fewer, the last counts once.
     *
     * @param width channels, in whole vectors, of {@code dy} and {@code sums}
     */
    static void gradient(
            float[] x,
            int xAt,
            int pixelStep,
            int[] offsets,
            int tap,
            float[] dy,
            int pixels,
            float[] sums,
            int width) {
        int last = offsets.length - 1;
        int t1 = Math.min(tap + 1, last);
        int t2 = Math.min(tap + 2, last);
        int t3 = Math.min(tap + 3, last);
        int o0 = xAt + offsets[tap];
        int o1 = xAt + offsets[t1];
        int o2 = xAt + offsets[t2];
        int o3 = xAt + offsets[t3];
        for (int c = 0; c < width; c += LANES) {
            FloatVector s0 = FloatVector.fromArray(SPECIES, sums, tap * width + c);
            FloatVector s1 = FloatVector.fromArray(SPECIES, sums, t1 * width + c);
            FloatVector s2 = FloatVector.fromArray(SPECIES, sums, t2 * width + c);
            FloatVector s3 = FloatVector.fromArray(SPECIES, sums, t3 * width + c);
            int at = c;
            int from = c;
            for (int p = 0; p < pixels; p++) {
                FloatVector d = FloatVector.fromArray(SPECIES, dy, from);
                s0 = FloatVector.fromArray(SPECIES, x, o0 + at).fma(d, s0);
                s1 = FloatVector.fromArray(SPECIES, x, o1 + at).fma(d, s1);
                s2 = FloatVector.fromArray(SPECIES, x, o2 + at).fma(d, s2);
                s3 = FloatVector.fromArray(SPECIES, x, o3 + at).fma(d, s3);
                at += pixelStep;
                from += width;
            }
            s0.intoArray(sums, tap * width + c);
            s1.intoArray(sums, t1 * width + c);
            s2.intoArray(sums, t2 * width + c);
            s3.intoArray(sums, t3 * width + c);
        }
    }
}
