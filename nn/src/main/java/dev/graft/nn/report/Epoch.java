package dev.graft.nn.report;

/**
 * One epoch of a training, for its learning curves; NaN where a score is not known.
 *
 * @param number from 1
 * @param accuracy in [0, 1], of the validation
 * @param auroc in [0, 1], of the validation
 */
public record Epoch(
        int number, double trainLoss, double trainAccuracy, double validationLoss, double accuracy, double auroc) {}
