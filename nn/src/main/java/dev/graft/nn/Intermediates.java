package dev.graft.nn;

import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The outputs of some of a network's modules in one call of the network. */
final class Intermediates {
    private Intermediates() {}

    static Map<String, Tensor> of(Module root, List<Tensor> inputs, List<String> layers) {
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("intermediates: no layer is named. Hint: name some of "
                    + root.namedModules().keySet() + ".");
        }
        IdentityHashMap<Module, Optional<Tensor>> seen = new IdentityHashMap<>();
        layers.forEach(name -> seen.put(ModuleTree.find(root, name), Optional.empty()));
        CallContext calls = CallContext.current();
        calls.beginWatching(seen.keySet(), call -> seen.put(call.module(), Optional.of(kept(seen, call))));
        try {
            root.forward(inputs).forEach(Tensor::close);
        } catch (RuntimeException | Error e) {
            seen.values().forEach(output -> output.ifPresent(Tensor::close));
            throw e;
        } finally {
            calls.endWatching();
        }
        return inOrder(root, layers, seen);
    }

    /** Replaces the output of an earlier call. */
    private static Tensor kept(Map<Module, Optional<Tensor>> seen, ForwardCall call) {
        Tensor output = call.output();
        Optional<Tensor> earlier = seen.get(call.module());
        if (earlier != null) {
            earlier.ifPresent(Tensor::close);
        }
        return output.alias().keep();
    }

    /** Handles that belong to the caller's scope. */
    private static Map<String, Tensor> inOrder(Module root, List<String> layers, Map<Module, Optional<Tensor>> seen) {
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        for (String name : layers) {
            Optional<Tensor> output = seen.getOrDefault(ModuleTree.find(root, name), Optional.empty());
            if (output.isPresent()) {
                outputs.put(name, output.get().alias());
            } else {
                missing.add(name);
            }
        }
        seen.values().forEach(output -> output.ifPresent(Tensor::close));
        if (!missing.isEmpty()) {
            outputs.values().forEach(Tensor::close);
            throw new IllegalArgumentException("intermediates: " + String.join(", ", missing)
                    + (missing.size() == 1 ? " was" : " were") + " not called by forward of "
                    + Members.nameOf(root.getClass()) + ". Hint: name modules that its formula calls.");
        }
        return outputs;
    }
}
