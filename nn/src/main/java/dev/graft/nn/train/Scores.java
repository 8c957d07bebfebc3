package dev.graft.nn.train;

/**
 * The scores of one pass over validation data; NaN if a score is not defined.
 *
 * @param loss over all examples as if they were one batch
 * @param accuracy in [0, 1]
 * @param auroc in [0, 1]; also NaN if it is not monitored and more than 16 million probabilities would have to be kept
 *     for it
 * @param predictedClasses how many different classes were predicted; 0 if the loss is not for classification
 */
public record Scores(double loss, double accuracy, double auroc, int predictedClasses) {}
