package dev.graft.cpu.elementwise;

import dev.graft.cpu.run.RowLoops;
import java.util.Arrays;

/** Plain loops, in the order in which vectors add. */
class PlainRowLoops implements RowLoops {
    @Override
    public float largest(float[] x, int at, int count) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = at; i < at + count; i++) {
            largest = Math.max(largest, x[i]);
        }
        return largest;
    }

    @Override
    public void exponentials(float[] x, int xAt, float largest, float[] y, int yAt, int count) {
        if (Float.isNaN(largest)) {
            Arrays.fill(y, yAt, yAt + count, Float.NaN);
            return;
        }
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.expOfDifference(x[xAt + i], largest);
        }
    }

    @Override
    public final double differences(float[] x, int at, int count, float origin) {
        float[] chains = new float[CHAINS];
        double sum = 0;
        int whole = count - count % CHAINS;
        for (int i = 0; i < whole; i += BLOCK) {
            addDifferences(x, at + i, Math.min(BLOCK, whole - i), origin, chains);
            sum += total(chains, 0);
        }
        for (int i = whole; i < count; i++) {
            sum += x[at + i] - origin;
        }
        return sum;
    }

    @Override
    public final double squares(float[] x, int at, int count, float mean, float rest) {
        float[] chains = new float[CHAINS];
        double sum = 0;
        int whole = count - count % CHAINS;
        for (int i = 0; i < whole; i += BLOCK) {
            addSquares(x, at + i, Math.min(BLOCK, whole - i), mean, rest, chains);
            sum += total(chains, 0);
        }
        for (int i = whole; i < count; i++) {
            float d = x[at + i] - mean - rest;
            sum += d * d;
        }
        return sum;
    }

    @Override
    public final void moments(float[] x, int at, int count, float origin, float[] work, double[] sums) {
        double sum = 0;
        double squares = 0;
        int whole = count - count % CHAINS;
        for (int i = 0; i < whole; i += BLOCK) {
            addMoments(x, at + i, Math.min(BLOCK, whole - i), origin, work);
            sum += total(work, 0);
            squares += total(work, CHAINS);
        }
        for (int i = whole; i < count; i++) {
            float d = x[at + i] - origin;
            sum += d;
            squares += d * d;
        }
        sums[0] = sum;
        sums[1] = squares;
    }

    @Override
    public final double products(float[] x, int xAt, float[] y, int yAt, int count) {
        float[] chains = new float[CHAINS];
        double sum = 0;
        int whole = count - count % CHAINS;
        for (int i = 0; i < whole; i += BLOCK) {
            addProducts(x, xAt + i, y, yAt + i, Math.min(BLOCK, whole - i), chains);
            sum += total(chains, 0);
        }
        for (int i = whole; i < count; i++) {
            sum += x[xAt + i] * y[yAt + i];
        }
        return sum;
    }

    /** In eight sums of their own, as each addition waits for the one before. */
    private static double total(float[] chains, int from) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        double e = 0;
        double f = 0;
        double g = 0;
        double h = 0;
        for (int i = from; i < from + CHAINS; i += 8) {
            a += chains[i];
            b += chains[i + 1];
            c += chains[i + 2];
            d += chains[i + 3];
            e += chains[i + 4];
            f += chains[i + 5];
            g += chains[i + 6];
            h += chains[i + 7];
        }
        return ((a + b) + (c + d)) + ((e + f) + (g + h));
    }

    /** Sets {@code chains} to the sums over {@code count} elements, a multiple of their number. */
    void addDifferences(float[] x, int at, int count, float origin, float[] chains) {
        Arrays.fill(chains, 0f);
        for (int i = at; i < at + count; i += CHAINS) {
            for (int j = 0; j < CHAINS; j++) {
                chains[j] += x[i + j] - origin;
            }
        }
    }

    /** See {@link #addDifferences}; the sums of squares follow the others. */
    void addMoments(float[] x, int at, int count, float origin, float[] chains) {
        Arrays.fill(chains, 0, 2 * CHAINS, 0f);
        for (int i = at; i < at + count; i += CHAINS) {
            for (int j = 0; j < CHAINS; j++) {
                float d = x[i + j] - origin;
                chains[j] += d;
                chains[CHAINS + j] = FloatFunctions.fma(d, d, chains[CHAINS + j]);
            }
        }
    }

    /** See {@link #addDifferences}. */
    void addSquares(float[] x, int at, int count, float mean, float rest, float[] chains) {
        Arrays.fill(chains, 0f);
        for (int i = at; i < at + count; i += CHAINS) {
            for (int j = 0; j < CHAINS; j++) {
                float d = x[i + j] - mean - rest;
                chains[j] = FloatFunctions.fma(d, d, chains[j]);
            }
        }
    }

    /** See {@link #addDifferences}. */
    void addProducts(float[] x, int xAt, float[] y, int yAt, int count, float[] chains) {
        Arrays.fill(chains, 0f);
        for (int i = 0; i < count; i += CHAINS) {
            for (int j = 0; j < CHAINS; j++) {
                chains[j] = FloatFunctions.fma(x[xAt + i + j], y[yAt + i + j], chains[j]);
            }
        }
    }

    @Override
    public void normalize(
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
            int count) {
        for (int i = 0; i < count; i++) {
            float z = FloatFunctions.fma(x[xAt + i] - mean, scale, shift);
            y[yAt + i] = FloatFunctions.fma(z, g[gAt + i], b[bAt + i]);
        }
    }
}
