package dev.graft.nn.train;

import dev.graft.nn.metric.Accuracy;
import dev.graft.nn.metric.AveragePrecision;
import dev.graft.nn.metric.BrierScore;
import dev.graft.nn.metric.ConfusionMatrix;
import dev.graft.nn.metric.RocAuc;

/**
 * A network's predictions for a data set, in the loader's order. For classification, examples whose label is
 * {@linkplain dev.graft.nn.loss.Loss#ignoredLabel() ignored} are left out.
 *
 * @param loss over all examples as if they were one batch, however they were divided; NaN if none counts
 * @param probabilities {@code [examples][classes]}; without rows if the loss is not for classification
 * @param labels the true class of each row of {@code probabilities}
 * @param indices the position of each example in the data set
 */
public record Evaluation(double loss, float[][] probabilities, int[] labels, int[] indices) {

    /** Whether there are probabilities, and therefore the scores below. */
    public boolean isClassification() {
        return probabilities.length > 0;
    }

    public int classes() {
        return isClassification() ? probabilities[0].length : 0;
    }

    /** The most probable class of each example. */
    public int[] predictions() {
        return Accuracy.predictions(probabilities);
    }

    /** In [0, 1]; NaN without probabilities. */
    public double accuracy() {
        return isClassification() ? Accuracy.of(probabilities, labels) : Double.NaN;
    }

    /** In [0, 1] (see {@link RocAuc}); NaN without probabilities, or if all examples are of one class. */
    public double auroc() {
        return isClassification() ? RocAuc.of(probabilities, labels) : Double.NaN;
    }

    /** See {@link AveragePrecision}; NaN without probabilities. */
    public double averagePrecision() {
        return isClassification() ? AveragePrecision.of(probabilities, labels) : Double.NaN;
    }

    /** See {@link BrierScore}; NaN without probabilities. */
    public double brierScore() {
        return isClassification() ? BrierScore.of(probabilities, labels) : Double.NaN;
    }

    /**
     * How often each class was taken for each other one.
     *
     * @throws IllegalArgumentException without probabilities
     */
    public ConfusionMatrix confusion() {
        return ConfusionMatrix.of(predictions(), labels, classes());
    }
}
