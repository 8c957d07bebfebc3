package dev.graft.nn.metric.interval;

import dev.graft.random.NormalQuantile;

/** The distributions that intervals and tests need. */
final class Quantiles {
    private static final double SERIES_UP_TO = 3;
    private static final int FRACTION_TERMS = 200;

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
        if (degrees > 1000) {
            return 1 - 2 * above(t * (1 - 1 / (4.0 * degrees)) / Math.sqrt(1 + t * t / (2.0 * degrees)));
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
