package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;

/**
 * {@code |outputs - targets|}, averaged, for two tensors of equal shape. Outputs {@code [N, 1]} also take targets
 * {@code [N]}. The gradient where both are equal is 0.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.L1Loss.html">torch.nn.L1Loss</a>
 */
public final class L1Loss implements Loss {
    private final LossReduction reduction;

    public L1Loss() {
        this(LossReduction.MEAN);
    }

    private L1Loss(LossReduction reduction) {
        this.reduction = reduction;
    }

    public L1Loss reduction(LossReduction how) {
        return new L1Loss(how);
    }

    @Override
    public Tensor forward(Tensor outputs, Tensor targets) {
        try (Scope scope = Scope.open()) {
            Tensor apart = outputs.sub(Targets.matching("l1", outputs, targets));
            return scope.keep(LossParts.reduce(reduction, apart.abs()));
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
        return "L1Loss(" + reduction + ")";
    }
}
