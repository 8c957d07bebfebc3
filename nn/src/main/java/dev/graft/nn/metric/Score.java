package dev.graft.nn.metric;

import java.util.Locale;
import java.util.OptionalDouble;

/**
 * A metric's value or, where it is not defined, the reason in words. A NaN that is printed, averaged or compared would
 * look like a number; this does not.
 *
 * @param value finite; empty if the metric is not defined
 * @param reason why it is not defined, such as "no positive case"; empty if it is
 */
public record Score(OptionalDouble value, String reason) {
    /** @throws IllegalArgumentException unless there is either a finite value or a reason */
    public Score {
        if (value.isPresent() != reason.isEmpty() || (value.isPresent() && !Double.isFinite(value.getAsDouble()))) {
            throw new IllegalArgumentException("score: needs either a finite value or a reason, has " + value
                    + " and \"" + reason + "\". Hint: for a value that is not defined, call Score.undefined.");
        }
    }

    /** A defined value. */
    public static Score of(double value) {
        return new Score(OptionalDouble.of(value), "");
    }

    /** No value, with the reason. */
    public static Score undefined(String reason) {
        return new Score(OptionalDouble.empty(), reason);
    }

    /** {@code part / whole}, or undefined for the reason if {@code whole} is 0. */
    static Score ratio(long part, long whole, String reason) {
        return ratio((double) part, (double) whole, reason);
    }

    static Score ratio(double part, double whole, String reason) {
        return whole == 0 ? undefined(reason) : of(part / whole);
    }

    public boolean isDefined() {
        return value.isPresent();
    }

    /** For computations that know NaN; not for people. */
    public double orNaN() {
        return value.orElse(Double.NaN);
    }

    /** Four decimals, or "not defined: " and the reason. */
    @Override
    public String toString() {
        return isDefined() ? String.format(Locale.ROOT, "%.4f", value.getAsDouble()) : "not defined: " + reason;
    }
}
