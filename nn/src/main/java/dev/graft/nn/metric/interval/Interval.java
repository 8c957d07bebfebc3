package dev.graft.nn.metric.interval;

import java.util.Locale;

/**
 * A confidence interval. Of many studies like this one, the share {@code level} would have an interval that contains
 * the metric's true value.
 *
 * @param low not above {@code high}
 * @param level such as 0.95
 * @param method how it was computed, such as "DeLong"
 */
public record Interval(double low, double high, double level, String method) {
    /** @throws IllegalArgumentException unless {@code low <= high} */
    public Interval {
        if (!(low <= high)) {
            throw new IllegalArgumentException("interval: low must not be above high (" + low + ", " + high + ")");
        }
    }

    public double width() {
        return high - low;
    }

    public boolean contains(double value) {
        return low <= value && value <= high;
    }

    /** Such as {@code 0.8123 to 0.9012}. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.4f to %.4f", low, high);
    }
}
