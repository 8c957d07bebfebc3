package dev.graft.cpu.reduce;

/**
 * Sums over a row, in double and in four chains that do not wait for one another. Each chain takes every fourth
 * element, with vectors and without, so that the bits are the same.
 */
public final class RowSums {
    private RowSums() {}

    /** {@code sum(x)}. */
    public static double sum(float[] x, int at, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = at;
        for (int end = at + count - 3; i < end; i += 4) {
            s0 += x[i];
            s1 += x[i + 1];
            s2 += x[i + 2];
            s3 += x[i + 3];
        }
        for (; i < at + count; i++) {
            s0 += x[i];
        }
        return s0 + s1 + (s2 + s3);
    }

    /** {@code sum(x * y)}. */
    public static double products(float[] x, int xAt, float[] y, int yAt, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i < count - 3; i += 4) {
            s0 += (double) x[xAt + i] * y[yAt + i];
            s1 += (double) x[xAt + i + 1] * y[yAt + i + 1];
            s2 += (double) x[xAt + i + 2] * y[yAt + i + 2];
            s3 += (double) x[xAt + i + 3] * y[yAt + i + 3];
        }
        for (; i < count; i++) {
            s0 += (double) x[xAt + i] * y[yAt + i];
        }
        return s0 + s1 + (s2 + s3);
    }

    /**
     * The mean and the mean squared deviation from it, in one pass over deviations from the first element: that one is
     * at most {@code sqrt(count)} standard deviations away, so the squares lose at most {@code count} units of 2^-53.
     *
     * @param moments where to put the two
     */
    public static void moments(float[] x, int at, int count, double[] moments) {
        double origin = count == 0 ? Double.NaN : x[at];
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        double q0 = 0;
        double q1 = 0;
        double q2 = 0;
        double q3 = 0;
        int i = at;
        for (int end = at + count - 3; i < end; i += 4) {
            double d0 = x[i] - origin;
            double d1 = x[i + 1] - origin;
            double d2 = x[i + 2] - origin;
            double d3 = x[i + 3] - origin;
            s0 += d0;
            s1 += d1;
            s2 += d2;
            s3 += d3;
            q0 += d0 * d0;
            q1 += d1 * d1;
            q2 += d2 * d2;
            q3 += d3 * d3;
        }
        for (; i < at + count; i++) {
            double d = x[i] - origin;
            s0 += d;
            q0 += d * d;
        }
        double shift = (s0 + s1 + (s2 + s3)) / count;
        moments[0] = origin + shift;
        moments[1] = Math.max(0, (q0 + q1 + (q2 + q3)) / count - shift * shift);
    }
}
