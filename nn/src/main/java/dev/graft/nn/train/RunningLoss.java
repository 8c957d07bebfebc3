package dev.graft.nn.train;

import dev.graft.nn.loss.Loss;
import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Tensor;
import java.util.List;

/** The loss over many batches as if they were one. */
final class RunningLoss {
    private final Loss criterion;
    private double sum;
    private double weight;

    RunningLoss(Loss criterion) {
        this(criterion, 0, 0);
    }

    /** Continues from earlier sums. */
    RunningLoss(Loss criterion, double sum, double weight) {
        this.criterion = criterion;
        this.sum = sum;
        this.weight = weight;
    }

    /** How much a batch counts; 0 if its loss must be ignored, because it may not be defined. */
    static double weight(Loss criterion, List<Tensor> outputs, List<Tensor> targets) {
        double weight = criterion.weight(outputs, targets);
        if (!(weight >= 0) || Double.isInfinite(weight)) {
            throw new TrainingException("training: the weight of a batch must be finite and not negative, was " + weight
                    + " by " + name(criterion) + ".");
        }
        return weight;
    }

    static String name(Loss criterion) {
        return criterion.getClass().isSynthetic() || criterion.getClass().isAnonymousClass()
                ? "the loss"
                : criterion.getClass().getSimpleName();
    }

    /** @throws TrainingException unless {@code loss} is a single number */
    static float scalar(Tensor loss) {
        if (loss.numel() != 1) {
            throw new TrainingException(
                    "training: the loss must be one number, was " + loss.shape() + ". Hint: use LossReduction.MEAN.");
        }
        return loss.item();
    }

    /** @param batchWeight more than 0 */
    void add(float batchLoss, double batchWeight) {
        sum += isMean() ? batchLoss * batchWeight : batchLoss;
        weight += batchWeight;
    }

    private boolean isMean() {
        return criterion.reduction() != LossReduction.SUM;
    }

    /** The loss of all batches together; NaN if nothing has counted yet. */
    double value() {
        return isMean() || weight == 0 ? sum / weight : sum;
    }

    Loss criterion() {
        return criterion;
    }

    double sum() {
        return sum;
    }

    double weight() {
        return weight;
    }
}
