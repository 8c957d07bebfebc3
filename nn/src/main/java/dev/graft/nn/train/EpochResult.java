package dev.graft.nn.train;

import java.util.Optional;

/**
 * One epoch of a training.
 *
 * @param epoch from 1
 * @param learningRate of the epoch's last step
 * @param trainLoss of all the epoch's examples as if they were one batch, each judged before the step that learnt from
 *     it
 * @param trainAccuracy in [0, 1], of the examples whose label counts; NaN where the loss is not one of classification
 * @param validation the scores after the epoch, where there is validation data
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
