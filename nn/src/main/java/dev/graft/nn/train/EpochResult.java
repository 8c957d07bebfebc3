package dev.graft.nn.train;

import java.util.Optional;

/**
 * One epoch of a training.
 *
 * @param epoch from 1
 * @param learningRate of the epoch's last step
 * @param trainLoss over all examples of the epoch as if they were one batch, each computed before the step that learns
 *     from it
 * @param trainAccuracy in [0, 1], over the examples whose label counts; NaN if the loss is not for classification
 * @param validation the scores after the epoch, if there is validation data
 * @param seconds wall time, validation included
 * @param examplesPerSecond of the training part
 */
public record EpochResult(
        int epoch,
        double learningRate,
        double trainLoss,
        double trainAccuracy,
        Optional<Scores> validation,
        double seconds,
        double examplesPerSecond) {}
