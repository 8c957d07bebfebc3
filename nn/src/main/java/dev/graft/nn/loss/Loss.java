package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Tensor;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Rates a network's outputs by one number (or one for each example) that training minimises. A loss that is not a plain
 * mean over examples also says how its batches combine: {@link #reduction()} and {@link #weight}.
 */
public interface Loss {

    /** The loss; a scalar unless the reduction is NONE. */
    Tensor forward(Tensor outputs, Tensor targets);

    /**
     * The outputs as probabilities {@code [N, classes]}, if this is a loss for classification. Call it without
     * autograd.
     */
    default Optional<Tensor> probabilities(Tensor outputs) {
        return Optional.empty();
    }

    /** How {@link #forward} reduces a batch: a mean unless overridden. */
    default LossReduction reduction() {
        return LossReduction.MEAN;
    }

    /**
     * What a mean over this batch divides by, and therefore how much the batch counts: {@code sum(weight * loss) /
     * sum(weight)} over batches is the loss over all of them. The number of examples unless overridden.
     *
     * @return not negative; 0 if nothing in the batch counts, for example if all labels are ignored. Its mean is then
     *     not defined
     */
    default double weight(Tensor outputs, Tensor targets) {
        return targets.rank() == 0 ? 1 : targets.dim(0);
    }

    /** The label of examples that do not count, if there is one. */
    default OptionalLong ignoredLabel() {
        return OptionalLong.empty();
    }
}
