package dev.graft.nn.data;

import dev.graft.tensor.Tensor;

/**
 * Examples stacked along a new first dimension. A loader's batch is closed when the loop advances or the loader is
 * closed; {@link Tensor#keep()} keeps one of its tensors.
 *
 * @param inputs {@code [N, ...]}
 * @param labels {@code [N]} I64 for classes, {@code [N, ...]} F32 otherwise
 * @param indices the position of each example in its data set
 */
public record Batch(Tensor inputs, Tensor labels, int[] indices) {

    /** The number of examples. */
    public int size() {
        return indices.length;
    }
}
