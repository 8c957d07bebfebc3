package dev.graft.nn.data;

import dev.graft.tensor.Tensor;

/**
 * One example.
 *
 * @param input the network's input without the batch dimension, such as an image {@code [C, H, W]}
 * @param target what the loss compares with: an I64 scalar for classes, an F32 tensor for regression and several labels
 *     at once
 */
public record Example(Tensor input, Tensor target) {

    /** An example of a class, numbered from 0. */
    public static Example of(Tensor input, int label) {
        return new Example(input, Tensor.of(new long[] {label}));
    }

    /** An example with one real-valued target. */
    public static Example of(Tensor input, float target) {
        return new Example(input, Tensor.scalar(target));
    }
}
