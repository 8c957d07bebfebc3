package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;

/**
 * {@code (outputs - targets)^2}, averaged, for two tensors of equal shape. Outputs {@code [N, 1]} also take targets
 * {@code [N]}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html">torch.nn.MSELoss</a>
 */
public final class MseLoss implements Loss {
    private final LossReduction reduction;

    public MseLoss() {
        this(LossReduction.MEAN);
    }

    private MseLoss(LossReduction reduction) {
        this.reduction = reduction;
    }

    public MseLoss reduction(LossReduction how) {
        return new MseLoss(how);
    }

    @Override
    public Tensor forward(Tensor outputs, Tensor targets) {
        try (Scope scope = Scope.open()) {
            Tensor squared =
                    outputs.sub(Targets.matching("mse", outputs, targets)).square();
            return scope.keep(LossParts.reduce(reduction, squared));
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
        return "MseLoss(" + reduction + ")";
    }
}
