package dev.graft.nn.metric;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Examples from the highest score to the lowest, equal scores joined: what ranking metrics walk along. */
record Ranking(List<Tie> ties, long positives, long negatives) {

    /** Examples of one score. */
    record Tie(long positives, long negatives) {
    }

    static Ranking of(String metric, float[] scores, boolean[] positive) {
        Checks.sameLength(metric, scores.length, positive.length);
        for (float score : scores) {
            if (Float.isNaN(score)) {
                throw new IllegalArgumentException(metric + ": a score is NaN. Hint: the network has diverged; use a smaller learning"
                        + " rate.");
            }
        }
        int[] order = IntStream.range(0, scores.length).boxed().sorted(Comparator.comparingDouble(i -> -scores[i])).mapToInt(i -> i)
                .toArray();
        List<Tie> ties = new ArrayList<>();
        long allPositives = 0;
        for (int from = 0; from < order.length;) {
            int to = from;
            long positives = 0;
            while (to < order.length && scores[order[to]] == scores[order[from]]) {
                positives += positive[order[to]] ? 1 : 0;
                to++;
            }
            ties.add(new Tie(positives, to - from - positives));
            allPositives += positives;
            from = to;
        }
        return new Ranking(ties, allPositives, scores.length - allPositives);
    }
}
