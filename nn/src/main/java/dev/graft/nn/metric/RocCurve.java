package dev.graft.nn.metric;

import java.util.ArrayList;
import java.util.List;

/**
 * What each threshold would find and falsely report, from the strictest to the laxest. Cases of equal probability are
 * one step.
 *
 * @param points the first calls nothing positive (its threshold is infinite), the last everything
 * @see <a href="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_curve.html">roc_curve</a>, with
 *     {@code drop_intermediate=False}
 */
public record RocCurve(List<Point> points) {
    public RocCurve {
        points = List.copyOf(points);
    }

    /**
     * One threshold.
     *
     * @param threshold cases of at least this probability are called positive
     * @param falsePositiveRate 1 - specificity
     * @param sensitivity of the positive cases, the share that is found
     */
    public record Point(double threshold, double falsePositiveRate, double sensitivity) {}

    /**
     * The curve of cases.
     *
     * @throws IllegalArgumentException unless there are positive and negative cases
     */
    public static RocCurve of(BinaryCases cases) {
        if (cases.positives() == 0 || cases.negatives() == 0) {
            throw new IllegalArgumentException("ROC curve: there is "
                    + (cases.positives() == 0 ? WeightedRanking.NO_POSITIVE : WeightedRanking.NO_NEGATIVE)
                    + ". Hint: it needs cases of both classes.");
        }
        List<Point> points = new ArrayList<>(List.of(new Point(Double.POSITIVE_INFINITY, 0, 0)));
        Steps.walk(
                cases,
                (threshold, found, falselyCalled) -> points.add(new Point(
                        threshold, (double) falselyCalled / cases.negatives(), (double) found / cases.positives())));
        return new RocCurve(points);
    }
}
