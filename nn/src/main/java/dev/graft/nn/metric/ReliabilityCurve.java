package dev.graft.nn.metric;

import java.util.ArrayList;
import java.util.List;

/**
 * How often cases with a certain probability are in fact positive: the points of a calibration plot, by bins of
 * probability. Empty bins have no point.
 *
 * @see <a
 *     href="https://scikit-learn.org/stable/modules/generated/sklearn.calibration.calibration_curve.html">calibration_curve</a>
 */
public record ReliabilityCurve(List<Point> points) {
    public ReliabilityCurve {
        points = List.copyOf(points);
    }

    /**
     * One bin.
     *
     * @param bin which of the bins, from 0
     * @param cases how many fell into it
     * @param predicted their mean probability
     * @param observed the share of them that is positive
     */
    public record Point(int bin, int cases, double predicted, double observed) {}

    /**
     * The curve of cases.
     *
     * @throws IllegalArgumentException if a value is not a probability
     */
    public static ReliabilityCurve of(BinaryCases cases, Bins bins) {
        cases.checked("reliability curve");
        double[] p = new double[cases.size()];
        for (int i = 0; i < p.length; i++) {
            p[i] = cases.probability(i);
        }
        double[] edges = bins.edges(p);
        int[] count = new int[bins.count()];
        double[] sum = new double[bins.count()];
        int[] positive = new int[bins.count()];
        for (int i = 0; i < p.length; i++) {
            int bin = Bins.bin(edges, p[i]);
            count[bin]++;
            sum[bin] += p[i];
            positive[bin] += cases.isPositive(i) ? 1 : 0;
        }
        List<Point> points = new ArrayList<>();
        for (int b = 0; b < count.length; b++) {
            if (count[b] > 0) {
                points.add(new Point(b, count[b], sum[b] / count[b], (double) positive[b] / count[b]));
            }
        }
        return new ReliabilityCurve(points);
    }
}
