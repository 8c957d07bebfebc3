package dev.graft.nn.metric;

import java.util.ArrayList;
import java.util.List;

/**
 * Precision (PPV) and sensitivity (recall) of each threshold, from the strictest to the laxest. Cases of equal
 * probability are one step. The steps' area is {@link AveragePrecision}.
 *
 * @see <a
 *     href="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_curve.html">precision_recall_curve</a>
 */
public record PrecisionRecallCurve(List<Point> points) {
    public PrecisionRecallCurve {
        points = List.copyOf(points);
    }

    /**
     * One threshold.
     *
     * @param threshold cases of at least this probability are called positive
     * @param recall of the positive cases, the share that is found
     * @param precision of what is called positive, the share that is
     */
    public record Point(double threshold, double recall, double precision) {}

    /**
     * The curve of cases.
     *
     * @throws IllegalArgumentException without a positive case
     */
    public static PrecisionRecallCurve of(BinaryCases cases) {
        if (cases.positives() == 0) {
            throw new IllegalArgumentException("precision-recall curve: there is no positive case");
        }
        List<Point> points = new ArrayList<>();
        Steps.walk(
                cases,
                (threshold, found, falselyCalled) -> points.add(new Point(
                        threshold, (double) found / cases.positives(), (double) found / (found + falselyCalled))));
        return new PrecisionRecallCurve(points);
    }
}
