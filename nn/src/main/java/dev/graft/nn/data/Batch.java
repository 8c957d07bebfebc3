package dev.graft.nn.data;

import dev.graft.tensor.Tensor;
import java.util.List;

/**
 * Examples that a network sees together. Each of their inputs and targets is one tensor with a new first dimension. A
 * loader's batch is closed when the loop advances or the loader is closed; {@link Tensor#keep()} keeps one of its
 * tensors.
 *
 * @param allInputs in the order of the examples' inputs, each {@code [N, ...]}; at least one
 * @param allTargets in the order of the examples' targets: {@code [N]} I64 for classes, {@code [N, ...]} F32 otherwise
 * @param indices the position of each example in its data set
 */
public record Batch(List<Tensor> allInputs, List<Tensor> allTargets, int[] indices) {

    public Batch {
        allInputs = List.copyOf(allInputs);
        allTargets = List.copyOf(allTargets);
        if (allInputs.isEmpty()) {
            throw new IllegalArgumentException("batch: there is no input. Hint: pass at least one tensor.");
        }
    }

    /** A batch of examples with one input and one target. */
    public Batch(Tensor inputs, Tensor labels, int[] indices) {
        this(List.of(inputs), List.of(labels), indices);
    }

    /**
     * The inputs {@code [N, ...]} of examples that have one each.
     *
     * @throws IllegalStateException if each example has several
     */
    public Tensor inputs() {
        return Only.of(allInputs, "batch", "input", "allInputs()");
    }

    /**
     * The targets of examples that have one each: {@code [N]} I64 for classes, {@code [N, ...]} F32 otherwise.
     *
     * @throws IllegalStateException if each example has several, or none
     */
    public Tensor labels() {
        return Only.of(allTargets, "batch", "target", "allTargets()");
    }

    /** The number of examples. */
    public int size() {
        return indices.length;
    }

    /** Views of the same tensors that no scope closes. */
    Batch kept() {
        return new Batch(Only.kept(allInputs), Only.kept(allTargets), indices);
    }

    void close() {
        allInputs.forEach(Tensor::close);
        allTargets.forEach(Tensor::close);
    }
}
