package dev.graft.nn;

import dev.graft.tensor.Tensor;
import java.util.List;

/** Which of the two forms of {@code compute} a module class has. */
final class Formulas {
    private static final ClassValue<Boolean> OF_ONE_TENSOR = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            for (Class<?> at = type; at != Module.class; at = at.getSuperclass()) {
                for (var method : at.getDeclaredMethods()) {
                    if (method.getName().equals("compute")
                            && method.getParameterCount() == 1
                            && method.getParameterTypes()[0] == Tensor.class) {
                        return true;
                    }
                }
            }
            return false;
        }
    };

    private Formulas() {}

    /**
     * Checks what is given to a module that has no form for several tensors.
     *
     * @throws IllegalArgumentException unless it is one tensor
     * @throws IllegalStateException if the module has no form for one tensor either
     */
    static void checkOne(Module module, List<Tensor> inputs) {
        if (!OF_ONE_TENSOR.get(module.getClass())) {
            throw new IllegalStateException("forward: this module has no formula. Hint: override"
                    + " compute(Tensor), or compute(List<Tensor>) for several inputs or outputs.");
        }
        if (inputs.size() != 1) {
            throw new IllegalArgumentException("forward: this layer has one input, but was given " + inputs.size()
                    + " (" + GivenTensors.shapes(inputs)
                    + "). Hint: pass one tensor, or override compute(List<Tensor>) in a layer of several.");
        }
    }

    /** @throws IllegalArgumentException unless a module with only the form for several tensors has one output */
    static Tensor only(List<Tensor> outputs) {
        if (outputs.size() != 1) {
            throw new IllegalArgumentException("forward: this layer has " + outputs.size() + " outputs ("
                    + GivenTensors.shapes(outputs) + "), not one. Hint: call forward(List.of(input)) for all of them.");
        }
        return outputs.get(0);
    }
}
