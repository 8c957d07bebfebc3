package dev.graft.nn.metric;

/**
 * How many cases a threshold decided rightly and wrongly. A measure whose denominator is 0 is not defined, and says
 * why.
 *
 * @param truePositives positive cases that were found
 * @param falsePositives negative cases that were taken for positive
 * @param falseNegatives positive cases that were missed
 * @param trueNegatives negative cases that were recognised
 * @see <a href="https://scikit-learn.org/stable/modules/model_evaluation.html">scikit-learn, Metrics and scoring</a>
 */
public record BinaryCounts(long truePositives, long falsePositives, long falseNegatives, long trueNegatives) {
    static final String NONE_CALLED_POSITIVE = "no case was called positive";
    static final String NONE_CALLED_NEGATIVE = "no case was called negative";

    /** Counts cases, calling positive those whose probability is at least the threshold. */
    public static BinaryCounts of(BinaryCases cases, double threshold) {
        long[] counts = new long[4];
        for (int i = 0; i < cases.size(); i++) {
            counts[slot(cases.isPositive(i), cases.probability(i) >= threshold)]++;
        }
        return new BinaryCounts(counts[0], counts[1], counts[2], counts[3]);
    }

    static int slot(boolean positive, boolean called) {
        return positive ? (called ? 0 : 2) : (called ? 1 : 3);
    }

    /** Cases that are positive. */
    public long positives() {
        return truePositives + falseNegatives;
    }

    /** Cases that are negative. */
    public long negatives() {
        return trueNegatives + falsePositives;
    }

    /** All cases. */
    public long total() {
        return positives() + negatives();
    }

    /** {@code (TP + TN) / all}, in [0, 1]. */
    public Score accuracy() {
        return Score.ratio(truePositives + trueNegatives, total(), "no case");
    }

    /** {@code TP / (TP + FN)}, in [0, 1]: of the sick, the share that is found; also called recall. */
    public Score sensitivity() {
        return Score.ratio(truePositives, positives(), WeightedRanking.NO_POSITIVE);
    }

    /** {@code TN / (TN + FP)}, in [0, 1]: of the healthy, the share that is recognised. */
    public Score specificity() {
        return Score.ratio(trueNegatives, negatives(), WeightedRanking.NO_NEGATIVE);
    }

    /** The positive predictive value {@code TP / (TP + FP)}, in [0, 1]; also called precision. */
    public Score ppv() {
        return Score.ratio(truePositives, truePositives + falsePositives, NONE_CALLED_POSITIVE);
    }

    /** The negative predictive value {@code TN / (TN + FN)}, in [0, 1]. */
    public Score npv() {
        return Score.ratio(trueNegatives, trueNegatives + falseNegatives, NONE_CALLED_NEGATIVE);
    }

    /** The mean of sensitivity and specificity, in [0, 1]; 0.5 is guessing. Not defined with one class only. */
    public Score balancedAccuracy() {
        Score sensitivity = sensitivity();
        Score specificity = specificity();
        return !sensitivity.isDefined()
                ? sensitivity
                : !specificity.isDefined() ? specificity : Score.of((sensitivity.orNaN() + specificity.orNaN()) / 2);
    }

    /** {@code 2 TP / (2 TP + FP + FN)}, in [0, 1]: the harmonic mean of sensitivity and PPV. */
    public Score f1() {
        return Score.ratio(
                2.0 * truePositives,
                2.0 * truePositives + falsePositives + falseNegatives,
                "no case is positive or was called positive");
    }

    /**
     * Matthews' correlation coefficient {@code (TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN))}, in [-1, 1]; 0 is
     * guessing. Not defined if truth or calls are of one class only, where scikit-learn says 0.
     *
     * @see <a
     *     href="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.matthews_corrcoef.html">matthews_corrcoef</a>
     */
    public Score mcc() {
        if (positives() == 0 || negatives() == 0) {
            return Score.undefined(positives() == 0 ? WeightedRanking.NO_POSITIVE : WeightedRanking.NO_NEGATIVE);
        }
        long called = truePositives + falsePositives;
        if (called == 0 || called == total()) {
            return Score.undefined(called == 0 ? NONE_CALLED_POSITIVE : NONE_CALLED_NEGATIVE);
        }
        double covariance = (double) truePositives * trueNegatives - (double) falsePositives * falseNegatives;
        double spread = Math.sqrt((double) called * (total() - called)) * Math.sqrt((double) positives() * negatives());
        return Score.of(covariance / spread);
    }
}
