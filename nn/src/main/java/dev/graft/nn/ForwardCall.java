package dev.graft.nn;

import dev.graft.tensor.Tensor;
import java.util.List;

/**
 * One call of a module's {@code forward}, for a {@link ForwardObserver}.
 *
 * @param module that was called
 * @param inputs at least one, unmodifiable
 * @param outputs at least one, unmodifiable
 */
public record ForwardCall(Module module, List<Tensor> inputs, List<Tensor> outputs) {

    /**
     * The input of a module that has one.
     *
     * @throws IllegalStateException if it was called with several
     */
    public Tensor input() {
        return only("input", inputs);
    }

    /**
     * The output of a module that has one.
     *
     * @throws IllegalStateException if there are several
     */
    public Tensor output() {
        return only("output", outputs);
    }

    private Tensor only(String what, List<Tensor> tensors) {
        if (tensors.size() != 1) {
            throw new IllegalStateException("observe: the call of " + module + " has " + tensors.size() + " " + what
                    + "s (" + GivenTensors.shapes(tensors) + "), not one. Hint: use " + what + "s().");
        }
        return tensors.get(0);
    }
}
