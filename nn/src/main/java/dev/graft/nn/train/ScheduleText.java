package dev.graft.nn.train;

import dev.graft.nn.optim.LrSchedule;
import java.util.Arrays;
import java.util.stream.LongStream;

/** A text that distinguishes learning rate schedules. */
final class ScheduleText {
    private static final int SHOWN = 4;
    /** Every step at first, then at increasing distances. */
    private static final long[] STEPS = LongStream.concat(
                    LongStream.range(0, 64), LongStream.range(6, 20).map(power -> 1L << power))
            .toArray();

    private ScheduleText() {}

    /**
     * The schedule's own text. A schedule without one, or with such a schedule inside, is identified by its class and
     * its factors, which are a pure function of the step.
     */
    static String of(LrSchedule schedule) {
        String text = schedule.toString();
        if (!text.contains("@")) {
            return text;
        }
        String named = text.replaceAll("([a-z_]\\w*\\.)+(?=[A-Z])", "")
                .replaceAll("\\$\\$Lambda[^@]*", "'s lambda")
                .replaceAll("@[0-9a-f]+", "");
        double[] factors = new double[STEPS.length];
        for (int i = 0; i < STEPS.length; i++) {
            try {
                factors[i] = schedule.factor(STEPS[i]);
            } catch (RuntimeException e) {
                factors[i] = Double.NaN; // it was made for fewer steps
            }
        }
        return named + " (factors "
                + Arrays.toString(Arrays.copyOf(factors, SHOWN)).replaceAll("[\\[\\]]", "") + ", ... #"
                + Integer.toHexString(Arrays.hashCode(factors)) + ")";
    }
}
