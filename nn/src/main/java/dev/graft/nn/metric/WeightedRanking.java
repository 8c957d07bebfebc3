package dev.graft.nn.metric;

import java.util.stream.IntStream;

/**
 * Cases from the highest score to the lowest, with the ends of runs of equal scores. Areas are computed from it in one
 * pass for any weights of the cases, with the same bits as {@link RocAuc} and {@link AveragePrecision} if all are 1.
 */
final class WeightedRanking {
    static final String NO_POSITIVE = "no positive case";
    static final String NO_NEGATIVE = "no negative case";

    private final int[] order;
    private final boolean[] positive;
    /** Whether a position is the last of its run of equal scores. */
    private final boolean[] last;

    WeightedRanking(double[] scores, boolean[] truth) {
        int n = scores.length;
        order = descending(scores);
        positive = new boolean[n];
        last = new boolean[n];
        for (int i = 0; i < n; i++) {
            positive[i] = truth[order[i]];
            last[i] = i == n - 1 || scores[order[i]] != scores[order[i + 1]];
        }
    }

    /** Positions of the scores from high to low; equal ones in the order of the cases. */
    static int[] descending(double[] scores) {
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted((a, b) -> Double.compare(scores[b] + 0.0, scores[a] + 0.0))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** The case at a position from the top. */
    int at(int position) {
        return order[position];
    }

    boolean endsRun(int position) {
        return last[position];
    }

    private long[] counts(int[] weights) {
        long[] counts = new long[2];
        for (int i = 0; i < order.length; i++) {
            counts[positive[i] ? 1 : 0] += weights[order[i]];
        }
        return counts;
    }

    /** The areas if each case counted so many times. */
    private RankArea area(int[] weights) {
        long[] counts = counts(weights);
        RankArea area = new RankArea(counts[1], counts[0]);
        long p = 0;
        long n = 0;
        for (int i = 0; i < order.length; i++) {
            int w = weights[order[i]];
            p += positive[i] ? w : 0;
            n += positive[i] ? 0 : w;
            if (last[i]) {
                area.tie(p, n);
                p = 0;
                n = 0;
            }
        }
        return area;
    }

    Score auroc(int[] weights) {
        long[] counts = counts(weights);
        return counts[0] == 0 || counts[1] == 0
                ? Score.undefined(counts[1] == 0 ? NO_POSITIVE : NO_NEGATIVE)
                : Score.of(area(weights).auroc());
    }

    Score averagePrecision(int[] weights) {
        return counts(weights)[1] == 0
                ? Score.undefined(NO_POSITIVE)
                : Score.of(area(weights).averagePrecision());
    }
}
