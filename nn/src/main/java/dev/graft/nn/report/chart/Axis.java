package dev.graft.nn.report.chart;

/**
 * One direction of a chart.
 *
 * @param label what it measures, with its unit
 * @param low its least value
 * @param high its largest
 */
public record Axis(String label, double low, double high) {
    /** @throws IllegalArgumentException unless {@code low < high} and both are finite */
    public Axis {
        if (!(low < high) || Double.isInfinite(low) || Double.isInfinite(high)) {
            throw new IllegalArgumentException("axis: low must be below high, were " + low + " and " + high);
        }
    }

    /** From 0 to 1, for shares and probabilities. */
    public static Axis unit(String label) {
        return new Axis(label, 0, 1);
    }

    /** Wide enough for all finite values, with some room; from 0 to 1 if there are none. */
    public static Axis around(String label, double... values) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            if (Double.isFinite(value)) {
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
        }
        if (low > high) {
            return unit(label);
        }
        double room = high > low ? 0.04 * (high - low) : Math.max(0.5, 0.05 * Math.abs(high));
        return new Axis(label, low - room, high + room);
    }

    /** Where a value lies between two pixels; not finite if it is not. */
    double pixel(double value, double from, double to) {
        return from + (to - from) * (value - low) / (high - low);
    }
}
