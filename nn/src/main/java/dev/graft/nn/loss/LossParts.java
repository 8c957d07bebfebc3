package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What several losses are composed of. */
final class LossParts {
    /** Far below any logarithm of a float, and far from overflow. */
    static final float LOWEST = -1e38f;

    private LossParts() {}

    /** The output or target of a loss that takes one of each. */
    static Tensor only(Loss loss, String what, List<Tensor> tensors, List<Tensor> outputs, List<Tensor> targets) {
        if (tensors.size() != 1) {
            throw new IllegalArgumentException(
                    "loss: " + loss.getClass().getSimpleName() + " takes one " + what + ", not "
                            + tensors.size() + " (outputs " + shapes(outputs) + "; targets " + shapes(targets)
                            + "). Hint: use a JointLoss with one loss for each output, or write a MultiLoss.");
        }
        return tensors.get(0);
    }

    static String shapes(List<Tensor> tensors) {
        return tensors.isEmpty()
                ? "none"
                : tensors.stream().map(tensor -> tensor.shape().toString()).collect(Collectors.joining(", "));
    }

    /** One loss for each element, or one for all. */
    static Tensor reduce(LossReduction reduction, Tensor losses) {
        return switch (reduction) {
            case NONE -> losses;
            case MEAN -> losses.mean();
            case SUM -> losses.sum();
        };
    }

    static Tensor constant(Tensor like, float value) {
        return Tensor.scalar(like.device(), value);
    }

    /**
     * {@code share * logarithm}, which is 0 where the share is 0 and the logarithm negative infinity: what is
     * impossible and does not happen costs nothing. In PyTorch it is NaN. NaN stays NaN.
     */
    static Tensor shareOfLog(Tensor share, Tensor logarithm) {
        Tensor none = share.eq(constant(share, 0));
        return share.mul(Tensor.where(none, logarithm.maximum(constant(share, LOWEST)), logarithm));
    }

    /** {@code log(x)}, and 0 where {@code x} is 0, so that {@code x log x} and its gradient have no {@code 0 * inf}. */
    static Tensor logOrZero(Tensor x) {
        return Tensor.where(x.eq(constant(x, 0)), constant(x, 1), x).log();
    }

    /**
     * The probability that a yes-or-no answer with these logits is wrong: {@code p (1 - t) + (1 - p) t}. For hard
     * targets it keeps its relative precision where {@code 1 - p} would round to 0.
     */
    static Tensor wrong(Tensor logits, Tensor targets) {
        return logits.sigmoid()
                .mul(targets.affine(-1, 1))
                .add(logits.neg().sigmoid().mul(targets));
    }

    /** For one logit per example, {@code [N]} or {@code [N, 1]}: the probabilities of no and yes. */
    static Optional<Tensor> noAndYes(Tensor logits) {
        if (logits.rank() > 2 || (logits.rank() == 2 && logits.dim(1) != 1)) {
            return Optional.empty();
        }
        Tensor column = logits.reshape(logits.numel(), 1);
        // 1 - sigmoid(x) would be 0 from x = 17 on; sigmoid(-x) keeps confident answers distinct
        return Optional.of(Tensor.concat(1, column.neg().sigmoid(), column.sigmoid()));
    }
}
