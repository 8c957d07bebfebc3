package dev.graft.nn.layer.sequence;

import dev.graft.tensor.Tensor;

/**
 * A layer of sequences {@code [N, L, E]} that takes masks, such as {@link MultiheadAttention} within one tensor. What
 * stands in the place of an encoder's layer or of its attention ({@link dev.graft.nn.Module#replace}) is called like
 * this if it can be; any other module is called without masks, and refused if there are some.
 */
public interface MaskedLayer {
    /** The layer's output {@code [N, L, E]} for {@code x [N, L, E]}. */
    Tensor forward(Tensor x, AttentionMasks masks);
}
