package dev.graft.nn.metric.decision;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryCounts;
import dev.graft.nn.metric.RocCurve;
import java.util.List;
import java.util.Locale;

/**
 * The probability from which on a case is called positive, chosen on validation data. Only there the sensitivity is as
 * required; on other data it is an expectation.
 *
 * @param value cases of at least this probability are called positive
 * @param rule how it was chosen, in words
 * @param validated what it decides on the validation data
 */
public record DecisionThreshold(double value, String rule, BinaryCounts validated) {
    private static final double ROUNDING = 1e-12;

    /**
     * The largest {@code J = sensitivity + specificity - 1}, which counts a missed positive and a false alarm alike if
     * both classes are equally common. Of thresholds with the same J, the one with the highest sensitivity.
     *
     * @throws IllegalArgumentException unless there are positive and negative cases
     * @see <a href="https://doi.org/10.1002/1097-0142(1950)3:1%3C32::AID-CNCR2820030106%3E3.0.CO;2-3">Youden 1950,
     *     Index for rating diagnostic tests</a>
     */
    public static DecisionThreshold youden(Validation<BinaryCases> validation) {
        List<RocCurve.Point> points = points(validation.cases());
        int best = 1;
        for (int i = 1; i < points.size(); i++) {
            // the later threshold is the laxer one, with the higher sensitivity
            best = j(points.get(i)) >= j(points.get(best)) - ROUNDING ? i : best;
        }
        return at(points, best, "Youden's J on validation data", validation.cases());
    }

    private static double j(RocCurve.Point point) {
        return point.sensitivity() - point.falsePositiveRate();
    }

    /**
     * The highest threshold that finds at least this share of the positive cases; so the specificity is the best that
     * the requirement allows.
     *
     * @param atLeast in (0, 1]
     * @throws IllegalArgumentException unless there are positive and negative cases
     */
    public static DecisionThreshold forSensitivity(Validation<BinaryCases> validation, double atLeast) {
        if (!(atLeast > 0 && atLeast <= 1)) {
            throw new IllegalArgumentException(
                    "threshold: the required sensitivity must be above 0 and at most 1, was " + atLeast);
        }
        List<RocCurve.Point> points = points(validation.cases());
        int first = 1;
        while (points.get(first).sensitivity() < atLeast - ROUNDING) {
            first++;
        }
        String rule = String.format(Locale.ROOT, "sensitivity of at least %s on validation data", atLeast);
        return at(points, first, rule, validation.cases());
    }

    /**
     * The lowest threshold that recognises at least this share of the negative cases; so the sensitivity is the best
     * that the requirement allows.
     *
     * @param atLeast in (0, 1]
     * @throws IllegalArgumentException unless there are positive and negative cases
     */
    public static DecisionThreshold forSpecificity(Validation<BinaryCases> validation, double atLeast) {
        if (!(atLeast > 0 && atLeast <= 1)) {
            throw new IllegalArgumentException(
                    "threshold: the required specificity must be above 0 and at most 1, was " + atLeast);
        }
        List<RocCurve.Point> points = points(validation.cases());
        int last = 0;
        while (last + 1 < points.size() && 1 - points.get(last + 1).falsePositiveRate() >= atLeast - ROUNDING) {
            last++;
        }
        String rule = String.format(Locale.ROOT, "specificity of at least %s on validation data", atLeast);
        if (last == 0) { // a negative case has the highest probability: above it, nothing is called positive
            double highest = points.get(1).threshold();
            double value = highest < 1 ? highest + (1 - highest) / 2 : 1;
            return new DecisionThreshold(value, rule, BinaryCounts.of(validation.cases(), value));
        }
        return at(points, last, rule, validation.cases());
    }

    private static List<RocCurve.Point> points(BinaryCases cases) {
        for (int i = 0; i < cases.size(); i++) {
            if (!(cases.probability(i) >= 0 && cases.probability(i) <= 1)) {
                throw new IllegalArgumentException("threshold: " + cases.probability(i)
                        + " is not a probability. Hint: give values in [0, 1], such as those of softmax or sigmoid.");
            }
        }
        return RocCurve.of(cases).points();
    }

    /** Halfway to the next lower probability that occurs, so that no case lies on it and rounding changes nothing. */
    private static DecisionThreshold at(List<RocCurve.Point> points, int index, String rule, BinaryCases cases) {
        double here = points.get(index).threshold();
        double below = index + 1 < points.size() ? points.get(index + 1).threshold() : 0;
        double middle = below + (here - below) / 2;
        double value = middle > below ? middle : here;
        return new DecisionThreshold(value, rule, BinaryCounts.of(cases, value));
    }

    public boolean isPositive(double probability) {
        return probability >= value;
    }
}
