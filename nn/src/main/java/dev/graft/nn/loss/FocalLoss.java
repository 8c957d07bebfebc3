package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Binary cross-entropy of logits that counts what is already right less: {@code a (1 - p)^gamma (-log p)} with the
 * probability {@code p} of the right answer and {@code a} of alpha for yes and 1 - alpha for no; for logits and targets
 * in [0, 1] of one shape, averaged over all of them. Logits {@code [N, 1]} also take labels {@code [N]}, of any type.
 *
 * <p>As torchvision's {@code sigmoid_focal_loss}, with its alpha 0.25 and gamma 2, but the mean is the default.
 *
 * @see <a href="https://arxiv.org/abs/1708.02002">Lin et al. 2017</a>
 * @see <a
 *     href="https://pytorch.org/vision/stable/generated/torchvision.ops.sigmoid_focal_loss.html">torchvision.ops.sigmoid_focal_loss</a>
 */
public final class FocalLoss implements Loss {
    private static final float DEFAULT_ALPHA = 0.25f;
    private static final float DEFAULT_GAMMA = 2;
    /** Above 0, where a power below 1 has no finite derivative. */
    private static final float LEAST_WRONG = 1e-37f;

    private static final float SATURATED = 200;

    private final OptionalDouble alpha;
    private final float gamma;
    private final LossReduction reduction;

    public FocalLoss() {
        this(OptionalDouble.of(DEFAULT_ALPHA), DEFAULT_GAMMA, LossReduction.MEAN);
    }

    private FocalLoss(OptionalDouble alpha, float gamma, LossReduction reduction) {
        this.alpha = alpha;
        this.gamma = gamma;
        this.reduction = reduction;
    }

    /** The weight of yes, in [0, 1]; no weighs {@code 1 - alpha}. */
    public FocalLoss alpha(float newAlpha) {
        Settings.share("focal", "alpha", newAlpha);
        return new FocalLoss(OptionalDouble.of(newAlpha), gamma, reduction);
    }

    /** Without weights; torchvision's alpha -1. */
    public FocalLoss withoutAlpha() {
        return new FocalLoss(OptionalDouble.empty(), gamma, reduction);
    }

    /** How strongly right answers are discounted: finite, not negative; 0 is binary cross-entropy. */
    public FocalLoss gamma(float newGamma) {
        Settings.notNegative("focal", "gamma", newGamma);
        return new FocalLoss(alpha, newGamma, reduction);
    }

    public FocalLoss reduction(LossReduction how) {
        return new FocalLoss(alpha, gamma, how);
    }

    @Override
    public Tensor forward(Tensor logits, Tensor targets) {
        try (Scope scope = Scope.open()) {
            Tensor y = Targets.matching("focal", logits, targets);
            Tensor losses = logits.bceWithLogits(y, Optional.empty(), LossReduction.NONE);
            if (gamma != 0) {
                losses = losses.mul(discount(logits, y));
            }
            if (alpha.isPresent()) {
                float a = (float) alpha.getAsDouble();
                losses = losses.mul(y.affine(2 * a - 1, 1 - a));
            }
            return scope.keep(LossParts.reduce(reduction, losses));
        }
    }

    private Tensor discount(Tensor logits, Tensor y) {
        // beyond, sigmoids are 0 or 1 and have no slope, but 0 times the overflow of a huge loss would be NaN
        Tensor wrong = LossParts.wrong(logits.clamp(-SATURATED, SATURATED), y);
        if (gamma == 1) {
            return wrong;
        }
        return gamma == 2
                ? wrong.square()
                : wrong.maximum(LossParts.constant(wrong, LEAST_WRONG)).pow(gamma);
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
        return "FocalLoss(alpha " + (alpha.isPresent() ? (float) alpha.getAsDouble() : "none") + ", gamma " + gamma
                + ", " + reduction + ")";
    }

    /** For one logit per example, {@code [N]} or {@code [N, 1]}: the probabilities of no and yes. */
    @Override
    public Optional<Tensor> probabilities(Tensor logits) {
        return LossParts.noAndYes(logits);
    }
}
