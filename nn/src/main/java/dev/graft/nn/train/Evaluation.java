package dev.graft.nn.train;

import dev.graft.nn.metric.Accuracy;
import dev.graft.nn.metric.AveragePrecision;
import dev.graft.nn.metric.BrierScore;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.ConfusionMatrix;
import dev.graft.nn.metric.LogLoss;
import dev.graft.nn.metric.Metrics;
import dev.graft.nn.metric.MultiLabelScores;
import dev.graft.nn.metric.RocAuc;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A network's predictions for a data set, in the loader's order. For classification, examples whose label is
 * {@linkplain dev.graft.nn.loss.Loss#ignoredLabel() ignored} are left out.
 *
 * @param loss over all examples as if they were one batch, however they were divided; NaN if none counts
 * @param probabilities {@code [examples][classes]}; without rows if the loss is not for classification
 * @param labels the true class of each row of {@code probabilities}
 * @param indices the position of each example in the data set
 * @param truths which labels each row has, if the loss is {@linkplain dev.graft.nn.loss.Loss#isMultiLabel()
 *     multi-label}; {@code labels} is then without values. Otherwise without rows
 * @param thresholds what decides, as in {@link Cases#thresholds(double...)}; empty for the usual decisions
 * @param given which class, or which labels, each row was answered with, where that does not follow from the
 *     probabilities and thresholds, such as of several models with a threshold each; else without rows
 */
public record Evaluation(
        double loss,
        float[][] probabilities,
        int[] labels,
        int[] indices,
        boolean[][] truths,
        double[] thresholds,
        boolean[][] given) {
    /** Whose answers follow from probabilities and thresholds. */
    public Evaluation(
            double loss,
            float[][] probabilities,
            int[] labels,
            int[] indices,
            boolean[][] truths,
            double[] thresholds) {
        this(loss, probabilities, labels, indices, truths, thresholds, new boolean[0][]);
    }

    /** By the usual decisions: the most probable class, and labels of at least {@link MultiLabelScores#THRESHOLD}. */
    public Evaluation(double loss, float[][] probabilities, int[] labels, int[] indices, boolean[][] truths) {
        this(loss, probabilities, labels, indices, truths, new double[0]);
    }

    /** Of one class for each example. */
    public Evaluation(double loss, float[][] probabilities, int[] labels, int[] indices) {
        this(loss, probabilities, labels, indices, new boolean[0][]);
    }

    /** Whether each example may have several labels. */
    public boolean isMultiLabel() {
        return truths.length > 0;
    }

    /**
     * The scores of each label of a multi-label classification.
     *
     * @throws IllegalStateException if each example has one class
     */
    public MultiLabelScores multiLabel() {
        if (!isMultiLabel()) {
            throw new IllegalStateException(
                    "evaluation: each example has one class. Hint: see accuracy(), auroc() and confusion().");
        }
        return given.length > 0
                ? MultiLabelScores.decided(probabilities, truths, given)
                : MultiLabelScores.of(probabilities, truths, thresholds);
    }

    /** Whether there are probabilities, and therefore the scores below. */
    public boolean isClassification() {
        return probabilities.length > 0;
    }

    public int classes() {
        return isClassification() ? probabilities[0].length : 0;
    }

    /**
     * The predictions for the metrics of {@link dev.graft.nn.metric}, their intervals and decisions.
     *
     * @throws IllegalStateException without probabilities
     */
    public Cases cases() {
        if (!isClassification()) {
            throw new IllegalStateException("evaluation: there are no probabilities. Hint: evaluate with a loss for"
                    + " classification, on examples that count.");
        }
        Cases cases = isMultiLabel() ? Cases.multiLabel(probabilities, truths) : Cases.of(probabilities, labels);
        if (given.length > 0) {
            return isMultiLabel() ? cases.decided(given) : cases.decided(chosen());
        }
        return thresholds.length == 0 ? cases : cases.thresholds(thresholds);
    }

    private int[] chosen() {
        return Arrays.stream(given)
                .mapToInt(row -> {
                    int c = 0;
                    while (c < row.length - 1 && !row[c]) {
                        c++;
                    }
                    return c;
                })
                .toArray();
    }

    /** The same with given answers, and the loss computed anew from the probabilities, clipped as {@link LogLoss}. */
    public Evaluation answered(boolean[][] answers) {
        Evaluation plain = new Evaluation(loss, probabilities, labels, indices, truths);
        return new Evaluation(
                Metrics.logLoss().of(plain.cases()).orNaN(),
                probabilities,
                labels,
                indices,
                truths,
                new double[0],
                answers);
    }

    /**
     * As {@link #cases()}, with the patient of each.
     *
     * @param groups of each example of the data set, by its position there; empty if unknown
     */
    public Cases cases(List<String> groups) {
        return groups.isEmpty()
                ? cases()
                : cases().groups(Arrays.stream(indices).mapToObj(groups::get).toList());
    }

    /**
     * The same examples with other probabilities, such as calibrated ones, and other decisions.
     *
     * @param change makes a row's probabilities of those that are there
     * @param values what decides, as in {@link Cases#thresholds(double...)}
     * @return this, if nothing changes; the loss is then the log loss of the probabilities, clipped as {@link LogLoss}
     *     says
     */
    public Evaluation decided(UnaryOperator<float[]> change, double... values) {
        float[][] changed = Arrays.stream(probabilities).map(change).toArray(float[][]::new);
        boolean same = Arrays.deepEquals(changed, probabilities);
        if (same && Arrays.equals(values, thresholds) && given.length == 0) {
            return this;
        }
        Evaluation decided = new Evaluation(loss, changed, labels, indices, truths, values);
        return same || !isClassification()
                ? decided
                : new Evaluation(
                        Metrics.logLoss().of(decided.cases()).orNaN(), changed, labels, indices, truths, values);
    }

    /** The class that each example is said to be of; see {@link Cases#predictions}. */
    public int[] predictions() {
        return thresholds.length == 0 && given.length == 0
                ? Accuracy.predictions(probabilities)
                : cases().predictions();
    }

    /** In [0, 1]; NaN without probabilities. Of several labels, the share of right decisions. */
    public double accuracy() {
        if (isMultiLabel()) {
            return multiLabel().accuracy();
        }
        return isClassification() ? Accuracy.of(predictions(), labels) : Double.NaN;
    }

    /**
     * In [0, 1] (see {@link RocAuc}); NaN without probabilities, or if all examples are of one class. Of several
     * labels, their mean.
     */
    public double auroc() {
        if (isMultiLabel()) {
            return multiLabel().auroc();
        }
        return isClassification() ? RocAuc.of(probabilities, labels) : Double.NaN;
    }

    /** See {@link AveragePrecision}; NaN without probabilities. Of several labels, their mean. */
    public double averagePrecision() {
        if (isMultiLabel()) {
            return multiLabel().averagePrecision();
        }
        return isClassification() ? AveragePrecision.of(probabilities, labels) : Double.NaN;
    }

    /** See {@link BrierScore}; NaN without probabilities. */
    public double brierScore() {
        checkOneClass("brierScore");
        return isClassification() ? BrierScore.of(probabilities, labels) : Double.NaN;
    }

    /**
     * How often each class was taken for each other one.
     *
     * @throws IllegalArgumentException without probabilities
     */
    public ConfusionMatrix confusion() {
        checkOneClass("confusion");
        return ConfusionMatrix.of(predictions(), labels, classes());
    }

    private void checkOneClass(String what) {
        if (isMultiLabel()) {
            throw new IllegalStateException(
                    "evaluation: " + what + " is for examples of one class each. Hint: see multiLabel().");
        }
    }
}
