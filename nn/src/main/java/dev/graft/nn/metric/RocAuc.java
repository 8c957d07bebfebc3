package dev.graft.nn.metric;

/**
 * The area under the receiver operating characteristic: the chance that a positive example scores higher than a negative one,
 * ties counting half. 0.5 is guessing.
 *
 * @see <a href="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_auc_score.html">roc_auc_score</a>
 */
public final class RocAuc {
    private RocAuc() {
    }

    /** NaN where all examples are on one side: the area is then not defined. */
    public static double binary(float[] scores, boolean[] positive) {
        Ranking ranking = Ranking.of("AUROC", scores, positive);
        double wins = 0;
        long negativesAbove = 0;
        for (Ranking.Tie tie : ranking.ties()) {
            long below = ranking.negatives() - negativesAbove - tie.negatives();
            wins += tie.positives() * (below + tie.negatives() / 2.0);
            negativesAbove += tie.negatives();
        }
        return wins / ((double) ranking.positives() * ranking.negatives());
    }

    /**
     * Of class 1 for two classes; else the mean over the classes that have examples, each against the rest.
     *
     * @param probabilities {@code [examples][classes]}
     */
    public static double of(float[][] probabilities, int[] labels) {
        Checks.sameLength("AUROC", probabilities.length, labels.length);
        return Macro.mean(probabilities, labels, RocAuc::binary);
    }
}
