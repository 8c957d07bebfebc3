package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** Probabilities along one dimension. Do not use it before {@code CrossEntropyLoss}, which takes logits. */
public final class Softmax extends Module {
    private final int axis;

    /** @param axis the dimension whose values sum to one; negative axes count from the end */
    public Softmax(int axis) {
        this.axis = axis;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.softmax(axis);
    }

    @Override
    public String toString() {
        return "Softmax(" + axis + ")";
    }
}
