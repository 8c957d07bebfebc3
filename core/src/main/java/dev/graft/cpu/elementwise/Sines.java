package dev.graft.cpu.elementwise;

/**
 * Sine and cosine of floats, computed in double and rounded once: half a unit in the last place, and nearly always the
 * float next to the exact value. Blocks of doubles are what C2 makes vectors of, so both kernel sets have the same
 * bits.
 *
 * <p>{@code x = k pi + r} with {@code |r| <= pi / 2}, so that {@code sin(x) = (-1)^k sin(r)}, by the series of the
 * sine; for the cosine, {@code k} is a whole number and a half. The first part of pi has 33 bits, its product with
 * {@code k} is exact (Cody and Waite).
 */
final class Sines {
    private static final int BLOCK = 512;
    /** Beyond, {@code k} has more bits than the first part of pi leaves room for. */
    private static final float LARGEST = 0x1p20f;
    /** Added and taken away again, it rounds to an integer. */
    private static final double ROUND = 0x1.8p52;

    private static final double INVERSE_PI = 1 / Math.PI;
    private static final double PI_HIGH = Double.longBitsToDouble(Double.doubleToRawLongBits(Math.PI) & (-1L << 20));
    /** The rest of pi, with what {@link Math#PI} lacks. */
    private static final double PI_LOW = Math.PI - PI_HIGH + 1.2246467991473532e-16;

    private static final double S1 = -1.0 / 6;
    private static final double S2 = 1.0 / 120;
    private static final double S3 = -1.0 / 5040;
    private static final double S4 = 1.0 / 362880;
    private static final double S5 = -1.0 / 39916800;
    private static final double S6 = 1.0 / 6227020800L;
    private static final double S7 = -1.0 / 1307674368000L;

    private Sines() {}

    /** {@code y = sin(x)}; {@code y} may be {@code x}. */
    static void sin(float[] x, float[] y, int from, int to) {
        double[] s = new double[Math.min(BLOCK, to - from)];
        for (int at = from; at < to; at += BLOCK) {
            int count = Math.min(BLOCK, to - at);
            sines(0, x, at, s, count);
            for (int i = 0; i < count; i++) {
                y[at + i] = (float) s[i];
            }
        }
    }

    /** {@code y = cos(x)}; {@code y} may be {@code x}. */
    static void cos(float[] x, float[] y, int from, int to) {
        double[] s = new double[Math.min(BLOCK, to - from)];
        for (int at = from; at < to; at += BLOCK) {
            int count = Math.min(BLOCK, to - at);
            sines(0.5, x, at, s, count);
            for (int i = 0; i < count; i++) {
                y[at + i] = (float) s[i];
            }
        }
    }

    /** {@code dx = dy cos(x)}; {@code dx} may be {@code x} or {@code dy}. */
    static void sinGradient(float[] x, float[] dy, float[] dx, int from, int to) {
        double[] s = new double[Math.min(BLOCK, to - from)];
        for (int at = from; at < to; at += BLOCK) {
            int count = Math.min(BLOCK, to - at);
            sines(0.5, x, at, s, count);
            for (int i = 0; i < count; i++) {
                dx[at + i] = dy[at + i] * (float) s[i];
            }
        }
    }

    /** {@code dx = -dy sin(x)}; {@code dx} may be {@code x} or {@code dy}. */
    static void cosGradient(float[] x, float[] dy, float[] dx, int from, int to) {
        double[] s = new double[Math.min(BLOCK, to - from)];
        for (int at = from; at < to; at += BLOCK) {
            int count = Math.min(BLOCK, to - at);
            sines(0, x, at, s, count);
            for (int i = 0; i < count; i++) {
                dx[at + i] = dy[at + i] * -(float) s[i];
            }
        }
    }

    /** {@code s = sin(x + phase pi)}, where {@code phase} is 0, or half for the cosine. */
    private static void sines(double phase, float[] x, int at, double[] s, int count) {
        for (int i = 0; i < count; i++) {
            s[i] = x[at + i];
        }
        series(phase, s, count);
        for (int i = 0; i < count; i++) {
            if (!(Math.abs(x[at + i]) <= LARGEST)) {
                s[i] = phase == 0 ? Math.sin(x[at + i]) : Math.cos(x[at + i]);
            }
        }
    }

    private static void series(double phase, double[] s, int count) {
        // cos(x) = -sin(x - pi / 2)
        double factor = 1 - 4 * phase;
        for (int i = 0; i < count; i++) {
            double x = s[i];
            double whole = x * INVERSE_PI - phase + ROUND - ROUND;
            double k = whole + phase;
            double r = x - k * PI_HIGH - k * PI_LOW;
            double odd = whole - 2 * (whole * 0.5 + ROUND - ROUND);
            double sign = factor * (1 - 2 * odd * odd);
            double q = r * r;
            double p = S7;
            p = p * q + S6;
            p = p * q + S5;
            p = p * q + S4;
            p = p * q + S3;
            p = p * q + S2;
            p = p * q + S1;
            s[i] = sign * (r * (p * q + 1)); // r as a factor keeps the sign of -0
        }
    }
}
