package dev.graft.cpu.pool;

/**
 * The inner loops of {@link Resampling}: weighted sums of ranges of {@code count} floats. Products and sums are rounded
 * one by one, from left to right, so that all implementations give the same bits.
 */
public interface TapLoops {

    /** {@code y = p * x[a..]}. */
    void sum(float[] x, int a, float p, float[] y, int yAt, int count);

    /** {@code y = p * x[a..] + q * x[b..]}. */
    void sum(float[] x, int a, float p, int b, float q, float[] y, int yAt, int count);

    /** {@code y = p * x[a..] + q * x[b..] + r * x[c..] + s * x[d..]}. */
    void sum(float[] x, int a, float p, int b, float q, int c, float r, int d, float s, float[] y, int yAt, int count);

    /** {@code y += p * x[a..]}. */
    void add(float[] x, int a, float p, float[] y, int yAt, int count);
}
