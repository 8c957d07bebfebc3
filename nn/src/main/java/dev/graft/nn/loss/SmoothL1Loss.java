package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;

/**
 * With {@code d = outputs - targets}: {@code d^2 / (2 beta)} where {@code |d| < beta}, else {@code |d| - beta / 2},
 * averaged, for two tensors of equal shape. Outputs {@code [N, 1]} also take targets {@code [N]}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html">torch.nn.SmoothL1Loss</a>
 */
public final class SmoothL1Loss implements Loss {
    private final float beta;
    private final LossReduction reduction;

    /** With beta 1. */
    public SmoothL1Loss() {
        this(1, LossReduction.MEAN);
    }

    private SmoothL1Loss(float beta, LossReduction reduction) {
        this.beta = beta;
        this.reduction = reduction;
    }

    /**
     * This loss with another width of its round part.
     *
     * @param newBeta finite, not negative; with 0 this is {@link L1Loss}
     */
    public SmoothL1Loss beta(float newBeta) {
        Settings.notNegative("smoothL1", "beta", newBeta);
        return new SmoothL1Loss(newBeta, reduction);
    }

    public SmoothL1Loss reduction(LossReduction how) {
        return new SmoothL1Loss(beta, how);
    }

    @Override
    public Tensor forward(Tensor outputs, Tensor targets) {
        try (Scope scope = Scope.open()) {
            Tensor apart = outputs.sub(Targets.matching("smoothL1", outputs, targets));
            Tensor losses = beta == 0 ? apart.abs() : losses(apart);
            return scope.keep(LossParts.reduce(reduction, losses));
        }
    }

    /** {@code c / beta * (d - c / 2)} with {@code c = clamp(d)} as a constant, whose derivative is {@code c / beta}. */
    private Tensor losses(Tensor apart) {
        Tensor clamped = apart.detach().clamp(-beta, beta);
        return clamped.div(beta).mul(apart.sub(clamped.mul(0.5f)));
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
        return "SmoothL1Loss(beta " + beta + ", " + reduction + ")";
    }
}
