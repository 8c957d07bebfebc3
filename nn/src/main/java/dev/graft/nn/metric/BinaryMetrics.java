package dev.graft.nn.metric;

import java.util.function.Function;

/**
 * The metrics of cases with a yes or a no. Those with a threshold call positive what has at least that probability. All
 * are {@linkplain Score undefined}, with the reason, where the cases do not define them, and refuse NaN.
 */
public final class BinaryMetrics {
    private BinaryMetrics() {}

    private record Named(String name, Function<BinaryCases, Statistic> function) implements BinaryMetric {
        @Override
        public Statistic over(BinaryCases cases) {
            return function.apply(cases);
        }
    }

    private interface Decided {
        boolean is(boolean positive, boolean called);
    }

    private static BinaryMetric share(String name, double threshold, String nothing, Decided counts, Decided right) {
        return new Named(name, cases -> {
            boolean[] counted = new boolean[cases.size()];
            boolean[] good = new boolean[cases.size()];
            for (int i = 0; i < counted.length; i++) {
                boolean called = cases.probability(i) >= threshold;
                counted[i] = counts.is(cases.isPositive(i), called);
                good[i] = right.is(cases.isPositive(i), called);
            }
            return new Statistic.Share(counted, good, nothing);
        });
    }

    private static BinaryMetric counted(String name, double threshold, Function<BinaryCounts, Score> formula) {
        return new Named(name, cases -> {
            int[] slot = new int[cases.size()];
            for (int i = 0; i < slot.length; i++) {
                slot[i] = BinaryCounts.slot(cases.isPositive(i), cases.probability(i) >= threshold);
            }
            return weights -> {
                long[] counts = new long[4];
                for (int i = 0; i < slot.length; i++) {
                    counts[slot[i]] += weights[i];
                }
                return formula.apply(new BinaryCounts(counts[0], counts[1], counts[2], counts[3]));
            };
        });
    }

    /**
     * The area under the ROC curve: the probability that a positive case ranks above a negative one, ties counting
     * half. In [0, 1]; 0.5 is guessing. Not defined with one class only. See {@link RocAuc}.
     */
    public static BinaryMetric auroc() {
        return new Named("AUROC", Statistic.Area::new);
    }

    /**
     * Average precision, the area under the precision-recall curve (AUPRC) as a sum of steps; tied scores are one step.
     * In [0, 1]; guessing gives the share of positive cases. Not defined without a positive case. See
     * {@link AveragePrecision}.
     */
    public static BinaryMetric averagePrecision() {
        return new Named("AUPRC", cases -> cases.ranking()::averagePrecision);
    }

    /** The share of right decisions, {@link BinaryCounts#accuracy}. */
    public static BinaryMetric accuracy(double threshold) {
        return share("accuracy", threshold, "no case", (p, called) -> true, (p, called) -> p == called);
    }

    /** Of the positive cases, the share that is found, {@link BinaryCounts#sensitivity}. */
    public static BinaryMetric sensitivity(double threshold) {
        return share("sensitivity", threshold, WeightedRanking.NO_POSITIVE, (p, called) -> p, (p, called) -> called);
    }

    /** Of the negative cases, the share that is recognised, {@link BinaryCounts#specificity}. */
    public static BinaryMetric specificity(double threshold) {
        return share("specificity", threshold, WeightedRanking.NO_NEGATIVE, (p, called) -> !p, (p, called) -> !called);
    }

    /**
     * Of what is called positive, the share that is, {@link BinaryCounts#ppv}. It depends on how common positives are.
     */
    public static BinaryMetric ppv(double threshold) {
        return share("PPV", threshold, BinaryCounts.NONE_CALLED_POSITIVE, (p, called) -> called, (p, called) -> p);
    }

    /**
     * Of what is called negative, the share that is, {@link BinaryCounts#npv}. It depends on how common positives are.
     */
    public static BinaryMetric npv(double threshold) {
        return share("NPV", threshold, BinaryCounts.NONE_CALLED_NEGATIVE, (p, called) -> !called, (p, called) -> !p);
    }

    /** The mean of sensitivity and specificity, {@link BinaryCounts#balancedAccuracy}. */
    public static BinaryMetric balancedAccuracy(double threshold) {
        return counted("balanced accuracy", threshold, BinaryCounts::balancedAccuracy);
    }

    /** {@link BinaryCounts#f1}. */
    public static BinaryMetric f1(double threshold) {
        return counted("F1", threshold, BinaryCounts::f1);
    }

    /** {@link BinaryCounts#mcc}. */
    public static BinaryMetric mcc(double threshold) {
        return counted("MCC", threshold, BinaryCounts::mcc);
    }

    /**
     * The mean of {@code (p - y)^2}, in [0, 1]; smaller is better, and always saying 0.5 gives 0.25 (Brier 1950).
     *
     * @see <a
     *     href="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.brier_score_loss.html">brier_score_loss</a>
     */
    public static BinaryMetric brier() {
        return new Named("Brier score", cases -> {
            double[] values = new double[cases.checked("Brier score").size()];
            for (int i = 0; i < values.length; i++) {
                double error = cases.probability(i) - (cases.isPositive(i) ? 1 : 0);
                values[i] = error * error;
            }
            return mean(values);
        });
    }

    /** The mean of {@code -ln} of the probability of what is true, clipped as by {@link LogLoss}; from 0 to 15.94. */
    public static BinaryMetric logLoss() {
        return new Named("log loss", cases -> {
            double[] values = new double[cases.checked("log loss").size()];
            for (int i = 0; i < values.length; i++) {
                double p = cases.probability(i);
                values[i] = -Math.log(LogLoss.clipped(cases.isPositive(i) ? p : 1 - p));
            }
            return mean(values);
        });
    }

    /** The mean of a value of each case. */
    static Statistic mean(double[] values) {
        return weights -> {
            double sum = 0;
            long count = 0;
            for (int i = 0; i < values.length; i++) {
                sum += weights[i] * values[i];
                count += weights[i];
            }
            return Score.ratio(sum, (double) count, "no case");
        };
    }

    /** {@link CalibrationError#binary}. */
    public static BinaryMetric calibrationError(Bins bins) {
        return new Named("calibration error", cases -> CalibrationError.over(cases, bins));
    }

    /** {@link CalibrationLine#slope}: 1 is right, less is overconfident, more is too timid. */
    public static BinaryMetric calibrationSlope() {
        return new Named("calibration slope", cases -> CalibrationLine.over(cases, CalibrationLine::slope));
    }

    /** {@link CalibrationLine#intercept}: 0 is right, if the slope is 1. */
    public static BinaryMetric calibrationIntercept() {
        return new Named("calibration intercept", cases -> CalibrationLine.over(cases, CalibrationLine::intercept));
    }

    /** {@link CalibrationLine#inTheLarge}: 0 is right, less says that probabilities are too high on the whole. */
    public static BinaryMetric calibrationInTheLarge() {
        return new Named("calibration in the large", cases -> CalibrationLine.over(cases, CalibrationLine::inTheLarge));
    }
}
