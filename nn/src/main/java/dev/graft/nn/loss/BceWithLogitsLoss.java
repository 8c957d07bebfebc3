package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.Optional;

/**
 * {@code -(y log sigmoid(x) + (1 - y) log(1 - sigmoid(x)))} for logits and targets in [0, 1] of one shape, averaged.
 * Logits {@code [N, 1]} also take labels {@code [N]}, of any type.
 *
 * @see <a
 *     href="https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html">torch.nn.BCEWithLogitsLoss</a>
 */
public final class BceWithLogitsLoss implements Loss {
    private final Optional<float[]> positiveWeights;
    private final LossReduction reduction;
    private final boolean multiLabel;

    public BceWithLogitsLoss() {
        this(Optional.empty(), LossReduction.MEAN, false);
    }

    private BceWithLogitsLoss(Optional<float[]> positiveWeights, LossReduction reduction, boolean multiLabel) {
        this.positiveWeights = positiveWeights;
        this.reduction = reduction;
        this.multiLabel = multiLabel;
    }

    /**
     * This loss for multi-label classification: logits {@code [N, labels]}, of which each is a yes or no of its own.
     * The value is the same; but a {@code Trainer} and an {@code Evaluator} then also know accuracy and AUROC.
     */
    public BceWithLogitsLoss multiLabel() {
        return new BceWithLogitsLoss(positiveWeights, reduction, true);
    }

    /** The weight of the positive side, one for all outputs or one for each; finite, not negative. */
    public BceWithLogitsLoss positiveWeight(float... weights) {
        Weights.check("bceWithLogits: positive weights", weights);
        return new BceWithLogitsLoss(Optional.of(weights.clone()), reduction, multiLabel);
    }

    public BceWithLogitsLoss reduction(LossReduction how) {
        return new BceWithLogitsLoss(positiveWeights, how, multiLabel);
    }

    @Override
    public Tensor forward(Tensor logits, Tensor targets) {
        try (Scope scope = Scope.open()) {
            Tensor y = Targets.matching("bceWithLogits", logits, targets);
            Optional<Tensor> weights =
                    positiveWeights.map(w -> Tensor.of(w, w.length).to(logits.device()));
            return scope.keep(logits.bceWithLogits(y, weights, reduction));
        }
    }

    @Override
    public LossReduction reduction() {
        return reduction;
    }

    /** The number of outputs, because the mean is over all of them. */
    @Override
    public double weight(Tensor outputs, Tensor targets) {
        return outputs.numel();
    }

    /** The settings, to be read and to distinguish runs. */
    @Override
    public String toString() {
        return "BceWithLogitsLoss(positive weights "
                + positiveWeights.map(Arrays::toString).orElse("none") + ", " + reduction
                + (multiLabel ? ", multi-label)" : ")");
    }

    @Override
    public boolean isMultiLabel() {
        return multiLabel;
    }

    /**
     * For one logit per example, {@code [N]} or {@code [N, 1]}: the probabilities of no and yes. For several labels,
     * {@code [N, labels]}, that of each; see {@link #multiLabel()}.
     */
    @Override
    public Optional<Tensor> probabilities(Tensor logits) {
        if (multiLabel) {
            return logits.rank() == 2 ? Optional.of(logits.sigmoid()) : Optional.empty();
        }
        return LossParts.noAndYes(logits);
    }
}
