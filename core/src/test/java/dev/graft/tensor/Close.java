package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

/**
 * Comparison of single-precision results with exact ones; the tolerance grows with the number of rounded terms in a
 * sum.
 */
public final class Close {
    private static final double UNIT = 4e-6;

    private Close() {}

    /** Relative error for a sum of so many terms, whose rounding errors add up like a random walk. */
    public static double tolerance(int terms) {
        return UNIT * (1 + Math.sqrt(terms) / 4);
    }

    /**
     * Typical size of the values, which the error of a sum is relative to; next to nothing for element-wise functions.
     */
    public static double scale(double[] values, int terms) {
        double typical = Arrays.stream(values)
                .map(Math::abs)
                .filter(Double::isFinite)
                .average()
                .orElse(0);
        return terms == 0 ? 0.1 * typical : typical + 1e-6;
    }

    public static void check(String what, float[] actual, Nd expected, int terms) {
        assertThat(actual).as(what + ": number of elements").hasSize(expected.size());
        double tolerance = tolerance(terms);
        double scale = scale(expected.data(), terms);
        for (int i = 0; i < actual.length; i++) {
            double e = expected.data()[i];
            boolean same = Double.compare(actual[i], e) == 0 || actual[i] == e;
            if (!same && !(Math.abs(actual[i] - e) <= tolerance * (Math.abs(e) + scale))) {
                throw new AssertionError(what + ": element " + i + " of " + Arrays.toString(expected.dims()) + " is "
                        + actual[i]
                        + ", expected " + e
                        + " (difference " + (actual[i] - e) + ", allowed " + tolerance * (Math.abs(e) + scale) + ")");
            }
        }
    }
}
