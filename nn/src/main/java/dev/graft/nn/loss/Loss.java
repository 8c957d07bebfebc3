package dev.graft.nn.loss;

import dev.graft.tensor.Tensor;
import java.util.Optional;

/** Judges a network's outputs by one number (or one per example) to minimise. */
public interface Loss {

    /** The loss; a scalar unless the reduction is NONE. */
    Tensor forward(Tensor outputs, Tensor targets);

    /** The outputs as probabilities {@code [N, classes]}, where this loss is one of classification. Call it without autograd. */
    default Optional<Tensor> probabilities(Tensor outputs) {
        return Optional.empty();
    }
}
