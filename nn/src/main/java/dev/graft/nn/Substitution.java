package dev.graft.nn;

import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Runs code in which the calling thread sees something else in the place of outputs or parameters. */
final class Substitution {
    private Substitution() {}

    static <T> T observed(Module root, ForwardObserver observer, Supplier<T> body) {
        CallContext calls = CallContext.current();
        Set<Module> all = ModuleTree.identitySet();
        all.addAll(root.modules());
        calls.beginWatching(all, Objects.requireNonNull(observer, "the observer is null"));
        try {
            return body.get();
        } finally {
            calls.endWatching();
        }
    }

    static <T> T ofOutputs(Module module, UnaryOperator<Tensor> replacement, Supplier<T> body) {
        Objects.requireNonNull(replacement, "the replacement is null");
        CallContext calls = CallContext.current();
        calls.beginReplacing(module, replacement);
        try {
            return body.get();
        } finally {
            calls.endReplacing();
        }
    }

    static <T> T ofParameters(ParameterView view, Supplier<T> body) {
        CallContext calls = CallContext.current();
        calls.beginView(view);
        try {
            return body.get();
        } finally {
            calls.endView();
        }
    }

    /** @throws IllegalArgumentException for a module of several outputs whose outputs are replaced */
    static List<Tensor> replaced(Module module, List<Tensor> outputs) {
        CallContext calls = CallContext.current();
        if (!calls.replaces(module)) {
            return outputs;
        }
        if (outputs.size() != 1) {
            throw new IllegalArgumentException("replacingOutputs: " + module + " has " + outputs.size() + " outputs ("
                    + GivenTensors.shapes(outputs) + "), not one. Hint: name a module of one output.");
        }
        return List.of(calls.replaced(module, outputs.get(0)));
    }
}
