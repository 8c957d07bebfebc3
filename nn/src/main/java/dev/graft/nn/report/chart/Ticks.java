package dev.graft.nn.report.chart;

import java.util.Locale;

/**
 * Round numbers along an axis.
 *
 * @param step between two of them
 */
record Ticks(double first, double step, int count) {
    private static final int MOST = 6;

    /** Those within a range. */
    static Ticks of(double low, double high) {
        double raw = (high - low) / (MOST - 1);
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        double step = power;
        for (double factor : new double[] {1, 2, 2.5, 5, 10}) {
            step = factor * power;
            if (step >= raw * (1 - 1e-9)) {
                break;
            }
        }
        double first = Math.ceil(low / step - 1e-9) * step;
        return new Ticks(first, step, (int) Math.floor((high - first) / step + 1e-9) + 1);
    }

    double at(int index) {
        return first + index * step;
    }

    /** With as many decimals as the step needs. */
    String text(int index) {
        double value = at(index);
        if (Math.abs(value) >= 1e6 || (step < 1e-4)) {
            return String.format(Locale.ROOT, "%.2g", value);
        }
        int decimals = 0;
        while (decimals < 6
                && Math.abs(step * Math.pow(10, decimals) - Math.rint(step * Math.pow(10, decimals))) > 1e-6) {
            decimals++;
        }
        return String.format(Locale.ROOT, "%." + decimals + "f", value + 0.0);
    }
}
