package dev.graft.nn.train;

import dev.graft.nn.Parameter;
import dev.graft.nn.loss.Loss;
import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Tensor;
import java.util.List;

/**
 * Accumulates the gradients of a group of batches so that they equal those of one large batch. The mean over unequal
 * batches is not the mean of their means, and the total weight of the group is known only at its end. So each batch is
 * scaled as if all had the weight of the first, and {@link #finish} corrects this if they had not.
 */
final class Accumulation {
    private final boolean mean;
    private int batches;
    private double reference;
    private double total;

    Accumulation(Loss criterion) {
        mean = criterion.reduction() != LossReduction.SUM;
    }

    /** @param groupSize the number of batches that enter the step */
    void begin(int groupSize) {
        batches = groupSize;
        reference = 0;
        total = 0;
    }

    /**
     * Adds a batch's gradients.
     *
     * @param weight more than 0
     */
    void backward(Tensor loss, double weight) {
        if (!mean || batches == 1) {
            loss.backward();
            return;
        }
        if (total == 0) {
            reference = weight;
        }
        total += weight;
        loss.mul((float) (weight / reference / batches)).backward();
    }

    /** Call it before the gradients are used. */
    void finish(List<Parameter> parameters) {
        if (total == 0 || total == reference * batches) {
            return;
        }
        float scale = (float) (reference * batches / total);
        for (Parameter parameter : parameters) {
            if (!parameter.isFrozen()) {
                parameter.grad().ifPresent(gradient -> gradient.mulInPlace(scale));
            }
        }
    }
}
