package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Tensor;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Judges a network's outputs by one number (or one per example) to minimise. Besides {@link #forward}, a loss that is
 * not a plain mean over examples tells how its batches combine: {@link #reduction()} and {@link #weight}.
 */
public interface Loss {

    /** The loss; a scalar unless the reduction is NONE. */
    Tensor forward(Tensor outputs, Tensor targets);

    /**
     * The outputs as probabilities {@code [N, classes]}, where this loss is one of classification. Call it without
     * autograd.
     */
    default Optional<Tensor> probabilities(Tensor outputs) {
        return Optional.empty();
    }

    /** How {@link #forward} folds a batch: a mean unless overridden. */
    default LossReduction reduction() {
        return LossReduction.MEAN;
    }

    /**
     * What a mean over this batch divides by, and so how much the batch counts beside others: {@code sum(weight * loss)
     * / sum(weight)} over batches is the loss of them all together. The number of examples unless overridden.
     *
     * @return not negative; 0 where nothing in the batch counts, as where all its labels are ignored: its mean is then
     *     not defined
     */
    default double weight(Tensor outputs, Tensor targets) {
        return targets.rank() == 0 ? 1 : targets.dim(0);
    }

    /** The label of examples that do not count, where there is one. */
    default OptionalLong ignoredLabel() {
        return OptionalLong.empty();
    }
}
