package dev.graft.nn.train;

/**
 * What one pass over validation data gave; NaN where a score is not defined.
 *
 * @param loss     of all examples as if they were one batch
 * @param accuracy in [0, 1]
 * @param auroc    in [0, 1]
 */
public record Scores(double loss, double accuracy, double auroc) {
}
