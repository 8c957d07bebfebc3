package dev.graft.nn.metric;

/**
 * The area under the precision-recall curve as a sum, {@code sum of (R_n - R_{n-1}) * P_n} over thresholds; tied scores share
 * one. For rare positives it says more than {@link RocAuc}.
 *
 * @see <a href="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html">average_precision_score</a>
 */
public final class AveragePrecision {
    private AveragePrecision() {
    }

    /** NaN where there is no positive example. */
    public static double binary(float[] scores, boolean[] positive) {
        Ranking ranking = Ranking.of("average precision", scores, positive);
        double sum = 0;
        long found = 0;
        long taken = 0;
        for (Ranking.Tie tie : ranking.ties()) {
            found += tie.positives();
            taken += tie.positives() + tie.negatives();
            sum += tie.positives() * ((double) found / taken);
        }
        return sum / ranking.positives();
    }

    /** Of class 1 for two classes; else the mean over the classes that have examples, each against the rest. */
    public static double of(float[][] probabilities, int[] labels) {
        Checks.sameLength("average precision", probabilities.length, labels.length);
        return Macro.mean(probabilities, labels, AveragePrecision::binary);
    }
}
