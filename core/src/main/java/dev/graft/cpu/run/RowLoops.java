package dev.graft.cpu.run;

/**
 * Loops over a row of a matrix, {@code count} elements from {@code at} on, with the same bits on vectors of any length
 * and without: sums are made in {@link #CHAINS} chains of floats, chain {@code j} of the elements {@code j}, {@code j +
 * CHAINS} and so on. After {@link #BLOCK} elements the chains are added in double.
 */
public interface RowLoops {
    /** Enough that no addition waits for the one before. */
    int CHAINS = 32;

    /** A chain has 32 floats of a block, which cost it at most 31 roundings. */
    int BLOCK = 32 * CHAINS;

    /** The largest element; NaN, or the largest of the others, if there are NaNs; minus infinity of none. */
    float largest(float[] x, int at, int count);

    /** {@code y = exp(x - largest)}, where {@code largest} is what {@link #largest} found. */
    void exponentials(float[] x, int xAt, float largest, float[] y, int yAt, int count);

    /** {@code sum(x - origin)}. */
    double differences(float[] x, int at, int count, float origin);

    /** {@code sum((x - mean - rest)^2)}. */
    double squares(float[] x, int at, int count, float mean, float rest);

    /**
     * {@code sum(x - origin)} and {@code sum((x - origin)^2)}, in one pass.
     *
     * @param work for {@code 2 * CHAINS} floats
     */
    void moments(float[] x, int at, int count, float origin, float[] work, double[] sums);

    /** {@code sum(x * y)}. */
    double products(float[] x, int xAt, float[] y, int yAt, int count);

    /** {@code y = ((x - mean) * scale + shift) * g + b}. */
    void normalize(
            float[] x,
            int xAt,
            float mean,
            float scale,
            float shift,
            float[] g,
            int gAt,
            float[] b,
            int bAt,
            float[] y,
            int yAt,
            int count);

    /** {@code sum(x)}. */
    default double sum(float[] x, int at, int count) {
        return differences(x, at, count, 0f);
    }
}
