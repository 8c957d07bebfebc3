package dev.graft.nn.metric.interval;

import java.util.Arrays;
import java.util.Optional;

/**
 * The interval of a score's mean over several trainings that are judged on the same cases. Two things are left to
 * chance: which cases judge, the same for all trainings, so that their mean knows no more of it than one; and what
 * differs between the trainings, such as seeds and draws of training cases, of which the mean knows more than one. Both
 * reaches are added as independent errors are, by their squares; the second is Student's, of the deviation over the
 * trainings.
 */
public final class TrainingsInterval {
    private TrainingsInterval() {}

    /**
     * Of trainings with an interval each.
     *
     * @param scores of each training
     * @param each the interval of each score that the judging cases leave, at one level
     * @return empty without intervals; of one training its own, since nothing tells how far others would be
     * @throws IllegalArgumentException for another number of intervals than scores, or none
     */
    public static Optional<Interval> of(double[] scores, Interval... each) {
        if (scores.length == 0 || (each.length != 0 && each.length != scores.length)) {
            throw new IllegalArgumentException("interval of several trainings: there are " + scores.length
                    + " scores and " + each.length + " intervals. Hint: give an interval for each score.");
        }
        if (each.length < 2) {
            return Arrays.stream(each).findFirst();
        }
        double mean = Arrays.stream(scores).average().orElseThrow();
        double squares = Arrays.stream(scores)
                .map(score -> (score - mean) * (score - mean))
                .sum();
        int n = scores.length;
        double error = Math.sqrt(squares / (n - 1) / n);
        double level = each[0].level();
        double reach = error == 0 ? 0 : Quantiles.student(level, n - 1) * error;
        double below =
                mean - Arrays.stream(each).mapToDouble(Interval::low).average().orElseThrow();
        double above = Arrays.stream(each).mapToDouble(Interval::high).average().orElseThrow() - mean;
        return Optional.of(new Interval(
                mean - Math.hypot(below, reach),
                mean + Math.hypot(above, reach),
                level,
                each[0].method() + ", and Student over " + n + " trainings"));
    }
}
