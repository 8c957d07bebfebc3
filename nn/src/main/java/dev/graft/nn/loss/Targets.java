package dev.graft.nn.loss;

import dev.graft.tensor.Tensor;
import dev.graft.type.DType;

/** Numbers that are compared with outputs one by one. */
final class Targets {
    private Targets() {}

    /** Targets of any type as F32, of the outputs' shape; outputs {@code [N, 1]} also take targets {@code [N]}. */
    static Tensor matching(String name, Tensor outputs, Tensor targets) {
        checkFloat(name, outputs, targets);
        boolean column = outputs.rank() == targets.rank() + 1 && outputs.dim(-1) == 1;
        Tensor y = column ? targets.unsqueeze(targets.rank()) : targets;
        if (!outputs.shape().equals(y.shape())) {
            // broadcasting [N] against [N, 1] would compare every output with every target
            throw new IllegalArgumentException(name + ": shapes differ (outputs " + outputs.shape() + ", targets "
                    + targets.shape() + "). Hint: reshape one of them.");
        }
        return y.to(DType.F32);
    }

    static void checkFloat(String name, Tensor outputs, Tensor targets) {
        if (outputs.dtype() != DType.F32) {
            throw new IllegalArgumentException(name + ": outputs must be F32, were " + outputs.dtype() + " (outputs "
                    + outputs.shape() + ", targets " + targets.shape() + "). Hint: call to(DType.F32).");
        }
    }
}
