package dev.graft.nn;

import dev.graft.tensor.Tensor;
import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a layer was called with, unmodifiable. Asking for one that was not given says what was. */
final class GivenTensors extends AbstractList<Tensor> implements RandomAccess {
    private final List<Tensor> tensors;

    private GivenTensors(List<Tensor> tensors) {
        this.tensors = tensors;
    }

    static List<Tensor> of(Tensor tensor) {
        return new GivenTensors(List.of(tensor));
    }

    /** @throws IllegalArgumentException if there is none, or one is null */
    static List<Tensor> of(List<Tensor> tensors) {
        if (tensors.isEmpty()) {
            throw new IllegalArgumentException("forward: the list of inputs is empty. Hint: pass at least one tensor.");
        }
        checkNoNull(tensors, "input");
        return tensors instanceof GivenTensors given ? given : new GivenTensors(List.copyOf(tensors));
    }

    /** A formula's result. */
    static Tensor checkOutput(@Nullable Tensor output) {
        if (output == null) {
            throw noOutput();
        }
        return output;
    }

    /** A formula's results. */
    static List<Tensor> checkOutputs(@Nullable List<Tensor> outputs) {
        if (outputs == null || outputs.isEmpty()) {
            throw noOutput();
        }
        checkNoNull(outputs, "output");
        return outputs;
    }

    private static IllegalStateException noOutput() {
        return new IllegalStateException("forward: compute returned no output. Hint: return at least one tensor.");
    }

    private static void checkNoNull(List<Tensor> tensors, String what) {
        for (int i = 0; i < tensors.size(); i++) {
            // not contains(null), which immutable lists refuse
            if (tensors.get(i) == null) {
                throw new IllegalArgumentException("forward: " + what + " " + i + " of " + tensors.size()
                        + " is null. Hint: leave an absent tensor out, or pass zeros.");
            }
        }
    }

    static String shapes(List<Tensor> tensors) {
        return tensors.stream().map(tensor -> tensor.shape().toString()).collect(Collectors.joining(", "));
    }

    @Override
    public Tensor get(int index) {
        if (index < 0 || index >= tensors.size()) {
            throw new IllegalArgumentException("forward: the formula reads input " + index + ", but was given "
                    + (tensors.size() == 1 ? "only one" : "only " + tensors.size()) + " (" + shapes(tensors)
                    + "). Hint: pass all inputs, as forward(List.of(first, second)).");
        }
        return tensors.get(index);
    }

    @Override
    public int size() {
        return tensors.size();
    }
}
