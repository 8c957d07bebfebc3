package dev.graft.nn.loss;

import dev.graft.tensor.DType;
import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;

/**
 * {@code (outputs - targets)^2}, averaged, for two tensors of one shape. Outputs {@code [N, 1]} also take targets
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
        if (outputs.dtype() != DType.F32) {
            throw new IllegalArgumentException("mse: outputs must be F32, were " + outputs.dtype() + " (outputs "
                    + outputs.shape() + ", targets " + targets.shape() + "). Hint: call to(DType.F32).");
        }
        try (Scope scope = Scope.open()) {
            Tensor y = targets.to(DType.F32);
            if (outputs.rank() == y.rank() + 1 && outputs.dim(-1) == 1) {
                y = y.unsqueeze(y.rank());
            }
            if (!outputs.shape().equals(y.shape())) {
                // broadcasting [N] against [N, 1] would compare every output with every target
                throw new IllegalArgumentException("mse: shapes differ (outputs " + outputs.shape() + ", targets "
                        + targets.shape() + "). Hint: reshape one of them.");
            }
            Tensor squared = outputs.sub(y).square();
            return scope.keep(
                    switch (reduction) {
                        case NONE -> squared;
                        case MEAN -> squared.mean();
                        case SUM -> squared.sum();
                    });
        }
    }

    @Override
    public LossReduction reduction() {
        return reduction;
    }

    /** The number of outputs: the mean is one over all of them. */
    @Override
    public double weight(Tensor outputs, Tensor targets) {
        return outputs.numel();
    }
}
