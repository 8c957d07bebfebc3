package dev.graft.nn.metric;

/**
 * The area under the precision-recall curve as a sum, {@code sum of (R_n - R_{n-1}) * P_n} over thresholds; tied scores
 * share one threshold. For rare positives it says more than {@link RocAuc}.
 *
 * @see <a
 *     href="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html">average_precision_score</a>
 */
public final class AveragePrecision {
    private static final String NAME = "average precision";

    private AveragePrecision() {}

    /** NaN if there is no positive example. */
    public static double binary(float[] scores, boolean[] positive) {
        return binary(Ranking.widened(scores), positive);
    }

    /** As {@link #binary(float[], boolean[])}. */
    public static double binary(double[] scores, boolean[] positive) {
        return Ranking.of(NAME, scores, positive).area().averagePrecision();
    }

    /**
     * For two classes, that of class 1; else the mean over the classes that have examples, each against the rest.
     *
     * @param probabilities {@code [examples][classes]}, two or more classes
     * @param labels the class of each row, in {@code [0, classes)}
     */
    public static double of(float[][] probabilities, int[] labels) {
        return OneVsRest.mean(NAME, probabilities, labels, AveragePrecision::binary);
    }
}
