package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;

/**
 * With {@code d = outputs - targets}: {@code d^2 / 2} where {@code |d| < delta}, else {@code delta (|d| - delta / 2)},
 * averaged, for two tensors of equal shape. Outputs {@code [N, 1]} also take targets {@code [N]}. It is
 * {@link SmoothL1Loss} times {@code delta}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html">torch.nn.HuberLoss</a>
 */
public final class HuberLoss implements Loss {
    private final float delta;
    private final LossReduction reduction;

    /** With delta 1. */
    public HuberLoss() {
        this(1, LossReduction.MEAN);
    }

    private HuberLoss(float delta, LossReduction reduction) {
        this.delta = delta;
        this.reduction = reduction;
    }

    /**
     * This loss with another bound on its gradient.
     *
     * @param newDelta finite and positive
     */
    public HuberLoss delta(float newDelta) {
        Settings.positive("huber", "delta", newDelta);
        return new HuberLoss(newDelta, reduction);
    }

    public HuberLoss reduction(LossReduction how) {
        return new HuberLoss(delta, how);
    }

    @Override
    public Tensor forward(Tensor outputs, Tensor targets) {
        try (Scope scope = Scope.open()) {
            Tensor apart = outputs.sub(Targets.matching("huber", outputs, targets));
            // c (d - c / 2) with c = clamp(d) as a constant: its derivative is c
            Tensor clamped = apart.detach().clamp(-delta, delta);
            return scope.keep(LossParts.reduce(reduction, clamped.mul(apart.sub(clamped.mul(0.5f)))));
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
        return "HuberLoss(delta " + delta + ", " + reduction + ")";
    }
}
