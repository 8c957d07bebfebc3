package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;

/**
 * The negative logarithm of the Poisson probability of counts: {@code exp(outputs) - targets * outputs} for outputs
 * that are logarithms of rates, averaged, without the term {@code log(targets!)}, which is constant. Shapes are equal;
 * outputs {@code [N, 1]} also take targets {@code [N]}.
 *
 * <p>A target 0 at a rate of 0 (a logarithm of negative infinity) costs 0; in PyTorch it is NaN.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html">torch.nn.PoissonNLLLoss</a>
 */
public final class PoissonNllLoss implements Loss {
    private static final float DEFAULT_EPS = 1e-8f;
    private static final float HALF = 0.5f;

    private final boolean logInput;
    private final boolean full;
    private final float eps;
    private final LossReduction reduction;

    /** For logarithms of rates. */
    public PoissonNllLoss() {
        this(true, false, DEFAULT_EPS, LossReduction.MEAN);
    }

    private PoissonNllLoss(boolean logInput, boolean full, float eps, LossReduction reduction) {
        this.logInput = logInput;
        this.full = full;
        this.eps = eps;
        this.reduction = reduction;
    }

    /** For outputs that are rates: {@code outputs - targets * log(outputs + eps)}. */
    public PoissonNllLoss ofRates() {
        return new PoissonNllLoss(false, full, eps, reduction);
    }

    /**
     * This loss with another number that is added to rates before their logarithm.
     *
     * @param newEps finite and positive; 1e-8 at first
     */
    public PoissonNllLoss eps(float newEps) {
        Settings.positive("poissonNll", "eps", newEps);
        return new PoissonNllLoss(logInput, full, newEps, reduction);
    }

    /** With Stirling's approximation of {@code log(targets!)} for targets above 1. */
    public PoissonNllLoss full() {
        return new PoissonNllLoss(logInput, true, eps, reduction);
    }

    public PoissonNllLoss reduction(LossReduction how) {
        return new PoissonNllLoss(logInput, full, eps, how);
    }

    @Override
    public Tensor forward(Tensor outputs, Tensor targets) {
        try (Scope scope = Scope.open()) {
            Tensor counts = Targets.matching("poissonNll", outputs, targets);
            Tensor rates = logInput ? outputs.exp() : outputs;
            Tensor logRates = logInput ? outputs : outputs.add(eps).log();
            Tensor losses = rates.sub(LossParts.shareOfLog(counts, logRates));
            return scope.keep(LossParts.reduce(reduction, full ? losses.add(stirling(counts)) : losses));
        }
    }

    /** {@code t log t - t + log(2 pi t) / 2} where {@code t > 1}, else 0. */
    private static Tensor stirling(Tensor counts) {
        Tensor one = LossParts.constant(counts, 1);
        Tensor few = counts.le(one);
        Tensor t = Tensor.where(few, one, counts); // no logarithm of 0, whose gradient would be NaN
        Tensor log = t.log();
        Tensor term = t.mul(log).sub(t).add(log.affine(HALF, (float) (HALF * Math.log(2 * Math.PI))));
        return Tensor.where(few, LossParts.constant(counts, 0), term);
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
        return "PoissonNllLoss(" + (logInput ? "logarithms of rates" : "rates, eps " + eps) + (full ? ", full" : "")
                + ", " + reduction + ")";
    }
}
