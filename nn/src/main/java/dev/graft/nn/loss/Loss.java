package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Rates a network's outputs by one number (or one for each example) that training minimises. A loss that is not a plain
 * mean over examples also says how its batches combine: {@link #reduction()} and {@link #weight(Tensor, Tensor)}.
 *
 * <p>The methods that take lists are for networks with several outputs and examples with several targets; a
 * {@link MultiLoss} overrides them. Those of any other loss take one of each.
 */
public interface Loss {

    /** The loss; a scalar unless the reduction is NONE. */
    Tensor forward(Tensor outputs, Tensor targets);

    /** As {@link #forward(Tensor, Tensor)}, of all outputs and all targets. */
    default Tensor forward(List<Tensor> outputs, List<Tensor> targets) {
        return forward(
                LossParts.only(this, "output", outputs, outputs, targets),
                LossParts.only(this, "target", targets, outputs, targets));
    }

    /**
     * The outputs as probabilities {@code [N, classes]}, if this is a loss for classification. Call it without
     * autograd.
     */
    default Optional<Tensor> probabilities(Tensor outputs) {
        return Optional.empty();
    }

    /** As {@link #probabilities(Tensor)}, from all outputs; {@link #labels} gives the target to compare them with. */
    default Optional<Tensor> probabilities(List<Tensor> outputs) {
        return outputs.size() == 1 ? probabilities(outputs.get(0)) : Optional.empty();
    }

    /** The target that {@link #probabilities(List)} are to be compared with: the first unless overridden. */
    default Tensor labels(List<Tensor> outputs, List<Tensor> targets) {
        return targets.get(0);
    }

    /**
     * Whether an example has any number of the classes: {@link #probabilities(Tensor)} are then those of each class by
     * itself, and targets are 0 or 1, {@code [N, classes]}.
     */
    default boolean isMultiLabel() {
        return false;
    }

    /** As {@link #isMultiLabel()}, of the output that {@link #probabilities(List)} are from. */
    default boolean isMultiLabel(List<Tensor> outputs) {
        return isMultiLabel();
    }

    /** As {@link #ignoredLabel()}, of the target that {@link #labels} gives. */
    default OptionalLong ignoredLabel(List<Tensor> outputs) {
        return ignoredLabel();
    }

    /**
     * {@link #probabilities(List)} with all that they are compared by. Overridden where the methods that tell these one
     * by one would compute the probabilities for each.
     */
    default Optional<ClassProbabilities> classProbabilities(List<Tensor> outputs, List<Tensor> targets) {
        return probabilities(outputs)
                .map(probabilities -> new ClassProbabilities(
                        probabilities, labels(outputs, targets), isMultiLabel(outputs), ignoredLabel(outputs)));
    }

    /** How {@link #forward(Tensor, Tensor)} reduces a batch: a mean unless overridden. */
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

    /**
     * As {@link #weight(Tensor, Tensor)}, of all outputs and all targets. If there is not one of each, this is the
     * first dimension of the first target, or of the first output if there is no target, unless overridden.
     */
    default double weight(List<Tensor> outputs, List<Tensor> targets) {
        if (outputs.size() == 1 && targets.size() == 1) {
            return weight(outputs.get(0), targets.get(0));
        }
        Tensor examples = targets.isEmpty() ? outputs.get(0) : targets.get(0);
        return examples.rank() == 0 ? 1 : examples.dim(0);
    }

    /** The label of examples that do not count, if there is one. */
    default OptionalLong ignoredLabel() {
        return OptionalLong.empty();
    }
}
