package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;

/**
 * The Kullback-Leibler divergence {@code t (log t - outputs)} of predicted log-probabilities from target probabilities
 * of the same shape. The mean is over all elements, as in PyTorch; {@link #batchMean()} divides by the number of
 * examples, which is the divergence as mathematics defines it.
 *
 * <pre>{@code new KlDivLoss().batchMean().forward(student.logSoftmax(1), teacher.softmax(1))}</pre>
 *
 * <p>A target 0 costs 0, also at a log-probability of negative infinity, where PyTorch gives NaN.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html">torch.nn.KLDivLoss</a>
 */
public final class KlDivLoss implements Loss {
    private static final String NAME = "klDiv";

    private final boolean logTarget;
    private final boolean batchMean;
    private final LossReduction reduction;

    public KlDivLoss() {
        this(false, false, LossReduction.MEAN);
    }

    private KlDivLoss(boolean logTarget, boolean batchMean, LossReduction reduction) {
        this.logTarget = logTarget;
        this.batchMean = batchMean;
        this.reduction = reduction;
    }

    /** For targets that are log-probabilities: {@code exp(t) (t - outputs)}. */
    public KlDivLoss logTarget() {
        return new KlDivLoss(true, batchMean, reduction);
    }

    /** The sum divided by the number of examples, the first dimension. */
    public KlDivLoss batchMean() {
        return new KlDivLoss(logTarget, true, LossReduction.MEAN);
    }

    public KlDivLoss reduction(LossReduction how) {
        return new KlDivLoss(logTarget, false, how);
    }

    @Override
    public Tensor forward(Tensor outputs, Tensor targets) {
        try (Scope scope = Scope.open()) {
            Tensor t = Targets.matching(NAME, outputs, targets);
            Tensor losses = logTarget ? ofLogarithms(outputs, t) : ofProbabilities(outputs, t);
            if (!batchMean) {
                return scope.keep(LossParts.reduce(reduction, losses));
            }
            if (outputs.rank() == 0) {
                throw new IllegalArgumentException(NAME + ": a mean over examples needs examples (outputs "
                        + outputs.shape() + ", targets " + targets.shape()
                        + "). Hint: reshape both to [N, ...], or use LossReduction.SUM.");
            }
            return scope.keep(losses.sum().div(outputs.dim(0)));
        }
    }

    private static Tensor ofProbabilities(Tensor outputs, Tensor t) {
        return LossParts.shareOfLog(t.neg(), outputs).add(t.mul(LossParts.logOrZero(t)));
    }

    /** Where the probability {@code exp(t)} is 0, both logarithms are finite in its product. */
    private static Tensor ofLogarithms(Tensor outputs, Tensor t) {
        Tensor p = t.exp();
        Tensor floor = LossParts.constant(t, LossParts.LOWEST);
        Tensor apart = Tensor.where(
                p.eq(LossParts.constant(t, 0)), t.maximum(floor).sub(outputs.maximum(floor)), t.sub(outputs));
        return p.mul(apart);
    }

    @Override
    public LossReduction reduction() {
        return reduction;
    }

    /** The number of outputs, or of examples for {@link #batchMean()}. */
    @Override
    public double weight(Tensor outputs, Tensor targets) {
        return batchMean ? outputs.dim(0) : outputs.numel();
    }

    /** The settings, to be read and to distinguish runs. */
    @Override
    public String toString() {
        return "KlDivLoss(" + (logTarget ? "log targets, " : "") + (batchMean ? "batch mean" : reduction) + ")";
    }
}
