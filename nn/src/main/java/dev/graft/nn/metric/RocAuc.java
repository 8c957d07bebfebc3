package dev.graft.nn.metric;

/**
 * The area under the receiver operating characteristic: the probability that a positive example scores higher than a
 * negative one; ties count half. 0.5 is guessing.
 *
 * @see <a href="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_auc_score.html">roc_auc_score</a>
 */
public final class RocAuc {
    private static final String NAME = "AUROC";

    private RocAuc() {}

    /** NaN if all examples are on one side, because the area is then not defined. */
    public static double binary(float[] scores, boolean[] positive) {
        return binary(Ranking.widened(scores), positive);
    }

    /**
     * As {@link #binary(float[], boolean[])}; two confident probabilities that are equal as floats may differ as
     * doubles.
     */
    public static double binary(double[] scores, boolean[] positive) {
        return Ranking.of(NAME, scores, positive).area().auroc();
    }

    /**
     * For two classes, that of class 1; else the mean over the classes that have examples, each against the rest.
     * Probabilities near 1 are ranked by the share of the other classes, because floats cannot distinguish them.
     *
     * @param probabilities {@code [examples][classes]}, two or more classes
     * @param labels the class of each row, in {@code [0, classes)}
     * @return in [0, 1]; NaN if all examples are of one class
     */
    public static double of(float[][] probabilities, int[] labels) {
        return OneVsRest.mean(NAME, probabilities, labels, RocAuc::binary);
    }
}
