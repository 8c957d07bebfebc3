package dev.graft.nn.metric.interval;

import dev.graft.random.NormalQuantile;

/** The distributions that intervals and tests need. */
final class Quantiles {
    private static final double SERIES_UP_TO = 3;
    private static final int FRACTION_TERMS = 200;
    /** Up to here Student's distribution is computed by its own formula, beyond it by the normal one's. */
    private static final int MOST_DEGREES = 1000;

    private static final double HARDLY_SMALL = 0.01;

    private Quantiles() {}

    /** The half-width of the middle {@code level} of the standard normal distribution: 1.96 for 0.95. */
    static double normal(double level) {
        return NormalQuantile.of((1 + level) / 2);
    }

    /**
     * The half-width of the middle {@code level} of Student's distribution.
     *
     * @param degrees of freedom, 1 or more
     */
    static double student(double level, int degrees) {
        double p = (1 + level) / 2;
        if (degrees == 1) {
            return Math.tan(Math.PI * (p - 0.5));
        }
        if (degrees == 2) {
            double a = 2 * p - 1;
            return a * Math.sqrt(2 / (1 - a * a));
        }
        // bisection on the distribution function, which is a finite sum for whole degrees of freedom
        double low = 0;
        double high = 1000;
        for (int i = 0; i < 100; i++) {
            double middle = (low + high) / 2;
            if (within(middle, degrees) < level) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return (low + high) / 2;
    }

    /**
     * The probability between -t and t.
     *
     * @see <a href="https://personal.math.ubc.ca/~cbm/aands/page_948.htm">Abramowitz and Stegun, 26.7.3 and 26.7.4</a>
     */
    private static double within(double t, int degrees) {
        if (degrees > MOST_DEGREES) {
            return 1 - 2 * above(normalised(t, degrees));
        }
        double angle = Math.atan(t / Math.sqrt(degrees));
        double cos = Math.cos(angle);
        boolean odd = degrees % 2 == 1;
        double term = odd ? cos : 1;
        double sum = odd && degrees == 1 ? 0 : term;
        for (int k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
            term *= cos * cos * (k - 1) / k;
            sum += term;
        }
        return odd ? 2 / Math.PI * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
    }

    /** @see <a href="https://personal.math.ubc.ca/~cbm/aands/page_949.htm">Abramowitz and Stegun, 26.7.8</a> */
    private static double normalised(double t, int degrees) {
        return t * (1 - 1 / (4.0 * degrees)) / Math.sqrt(1 + t * t / (2.0 * degrees));
    }

    /**
     * The probability that a variable of Student's distribution is beyond {@code t} on either side. It is below 1 -
     * level exactly where {@code t} is above {@link #student(double, int) student(level, degrees)}. Small ones have a
     * relative error of about 1e-12.
     *
     * @param t 0 or more
     * @param degrees of freedom, 1 or more
     * @see <a href="https://dlmf.nist.gov/8.17#E7">DLMF 8.17.7, the incomplete beta function as a series</a>
     */
    static double beyond(double t, int degrees) {
        if (degrees > MOST_DEGREES) {
            return 2 * above(normalised(t, degrees));
        }
        double rest = 1 - within(t, degrees);
        if (rest > HARDLY_SMALL) {
            return rest;
        }
        // a difference from 1 has lost its digits; all terms of this sum are positive
        double a = degrees / 2.0;
        double x = degrees / (degrees + t * t);
        double ratio = 1 / Math.sqrt(Math.PI); // of Gamma((n + 1) / 2) to Gamma(n / 2), here for n = 1
        for (int n = 1; n < degrees; n++) {
            ratio = n / 2.0 / ratio;
        }
        double power = 1; // x^k times (1/2)_k / k!
        double sum = 1 / a;
        for (int k = 1; power / (a + k) > 1e-18 * sum; k++) {
            power *= x * (k - 0.5) / k;
            sum += power / (a + k);
        }
        return Math.pow(x, a) * ratio / Math.sqrt(Math.PI) * sum;
    }

    /** The probability that a standard normal variable is above {@code z}; relative error about 1e-14 for z above 0. */
    static double above(double z) {
        if (z < 0) {
            return 1 - above(-z);
        }
        double density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
        if (z > SERIES_UP_TO) {
            double fraction = z;
            for (int k = FRACTION_TERMS; k > 0; k--) {
                fraction = z + k / fraction;
            }
            return density / fraction;
        }
        double term = z;
        double sum = z;
        for (int k = 1; term > 1e-18 * sum; k++) {
            term *= z * z / (2 * k + 1);
            sum += term;
        }
        return 0.5 - density * sum;
    }

    /** The value at a share of a sorted list, between the two nearest. */
    static double of(double[] sorted, double share) {
        double at = share * (sorted.length - 1);
        int low = (int) Math.floor(at);
        int high = Math.min(low + 1, sorted.length - 1);
        return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
    }
}
