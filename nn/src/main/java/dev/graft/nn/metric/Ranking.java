package dev.graft.nn.metric;

import java.util.Arrays;

/**
 * The scores of positive and negative examples, each ascending, for ranking metrics of them all. Two sorted arrays of
 * primitives need no index and no boxing, which matters if thousands of classes are ranked; {@link WeightedRanking}
 * keeps the order, so that areas for other weights need no other sort.
 */
final class Ranking {
    private final double[] positives;
    private final double[] negatives;

    private Ranking(double[] positives, double[] negatives) {
        this.positives = positives;
        this.negatives = negatives;
    }

    static Ranking of(String metric, double[] scores, boolean[] positive) {
        Checks.sameLength(metric, scores.length, positive.length);
        int count = 0;
        for (boolean p : positive) {
            count += p ? 1 : 0;
        }
        double[] positives = new double[count];
        double[] negatives = new double[scores.length - count];
        int p = 0;
        int n = 0;
        for (int i = 0; i < scores.length; i++) {
            Checks.number(metric, scores[i]);
            // adding 0 turns -0 into 0, which sorting would distinguish
            if (positive[i]) {
                positives[p++] = scores[i] + 0.0;
            } else {
                negatives[n++] = scores[i] + 0.0;
            }
        }
        Arrays.sort(positives);
        Arrays.sort(negatives);
        return new Ranking(positives, negatives);
    }

    static double[] widened(float[] scores) {
        double[] wide = new double[scores.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = scores[i];
        }
        return wide;
    }

    /** The areas over all examples. */
    RankArea area() {
        RankArea area = new RankArea(positives.length, negatives.length);
        int p = positives.length - 1;
        int n = negatives.length - 1;
        while (p >= 0 || n >= 0) {
            double score = p < 0 ? negatives[n] : n < 0 ? positives[p] : Math.max(positives[p], negatives[n]);
            int fromP = p;
            int fromN = n;
            while (p >= 0 && positives[p] == score) {
                p--;
            }
            while (n >= 0 && negatives[n] == score) {
                n--;
            }
            area.tie(fromP - p, fromN - n);
        }
        return area;
    }
}
