package dev.graft.nn.train;

/**
 * What one pass over validation data gave; NaN where a score is not defined.
 *
 * @param loss of all examples as if they were one batch
 * @param accuracy in [0, 1]
 * @param auroc in [0, 1]; also NaN where it is not monitored and more than 16 million probabilities would have to be
 *     kept for it
 * @param predictedClasses how many different classes were predicted; 0 where the loss is not one of classification
 */
public record Scores(double loss, double accuracy, double auroc, int predictedClasses) {}
