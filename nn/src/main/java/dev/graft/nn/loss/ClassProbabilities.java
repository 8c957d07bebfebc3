package dev.graft.nn.loss;

import dev.graft.tensor.Tensor;
import java.util.OptionalLong;

/**
 * A batch as scores of a classification see it.
 *
 * @param probabilities {@code [N, classes]}
 * @param labels the target to compare them with
 * @param multiLabel whether an example has any number of the classes
 * @param ignoredLabel of examples that do not count
 * @see Loss#classProbabilities
 */
public record ClassProbabilities(Tensor probabilities, Tensor labels, boolean multiLabel, OptionalLong ignoredLabel) {}
