package dev.graft.nn;

import dev.graft.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.Map;

/** What stands in the place of parameters while one thread runs formulas. */
interface ParameterView {
    /**
     * What is seen.
     *
     * @param seen the parameter's own tensor, or what an outer view has put in its place
     */
    Tensor of(Parameter parameter, Tensor seen);

    /** The parameters of a network without their gradients. */
    record Constants(Module root) implements ParameterView {
        @Override
        public Tensor of(Parameter parameter, Tensor seen) {
            return seen.requiresGrad() && root.owns(parameter) ? seen.detach() : seen;
        }
    }

    /** Other values, by parameter. */
    record Values(IdentityHashMap<Parameter, Tensor> values) implements ParameterView {
        static Values of(Module root, Map<String, Tensor> named) {
            IdentityHashMap<Parameter, Tensor> values = new IdentityHashMap<>();
            Map<String, Parameter> known = root.namedParameters();
            named.forEach((name, value) -> {
                Parameter parameter = known.get(name);
                if (parameter == null) {
                    throw new IllegalArgumentException("withParameters: " + Members.nameOf(root.getClass())
                            + " has no parameter '" + name + "'. Hint: its parameters are " + known.keySet() + ".");
                }
                if (!parameter.shape().equals(value.shape())) {
                    throw new IllegalArgumentException("withParameters: '" + name + "' has the shape "
                            + parameter.shape() + ", the value " + value.shape()
                            + ". Hint: give a value of the parameter's shape.");
                }
                values.put(parameter, value);
            });
            return new Values(values);
        }

        @Override
        public Tensor of(Parameter parameter, Tensor seen) {
            return values.getOrDefault(parameter, seen);
        }
    }
}
