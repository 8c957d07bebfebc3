package dev.graft.nn.data;

import dev.graft.tensor.Tensor;
import java.util.List;

/**
 * One example: usually one input and one target, but there may be several inputs, such as an image and a row of a
 * table, and any number of targets. Their order is that of the network's inputs, and of the loss's targets.
 *
 * @param allInputs the network's inputs without the batch dimension, such as an image {@code [C, H, W]}; at least one
 * @param allTargets what the loss compares with: an I64 scalar for classes, an F32 tensor for regression and several
 *     labels at once
 */
public record Example(List<Tensor> allInputs, List<Tensor> allTargets) {

    public Example {
        allInputs = List.copyOf(allInputs);
        allTargets = List.copyOf(allTargets);
        if (allInputs.isEmpty()) {
            throw new IllegalArgumentException("example: there is no input. Hint: pass at least one tensor.");
        }
    }

    /** An example of one input and one target. */
    public Example(Tensor input, Tensor target) {
        this(List.of(input), List.of(target));
    }

    /** An example of a class, numbered from 0. */
    public static Example of(Tensor input, int label) {
        return new Example(input, Tensor.of(new long[] {label}));
    }

    /** An example with one real-valued target. */
    public static Example of(Tensor input, float target) {
        return new Example(input, Tensor.scalar(target));
    }

    /**
     * The input of an example that has one.
     *
     * @throws IllegalStateException if there are several
     */
    public Tensor input() {
        return Only.of(allInputs, "example", "input", "allInputs()");
    }

    /**
     * The target of an example that has one.
     *
     * @throws IllegalStateException if there are several, or none
     */
    public Tensor target() {
        return Only.of(allTargets, "example", "target", "allTargets()");
    }

    /** Views of the same tensors that no scope closes. */
    Example kept() {
        return new Example(Only.kept(allInputs), Only.kept(allTargets));
    }

    void close() {
        allInputs.forEach(Tensor::close);
        allTargets.forEach(Tensor::close);
    }
}
