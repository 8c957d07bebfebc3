package dev.graft.vision.model;

import dev.graft.nn.Module;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A network's head with the network's own formula for it, which need not be a sequence of layers. */
final class Head extends Sequential {
    // only the formula, not a call of the network, because only the head's modules are parts of this module
    private final UnaryOperator<Tensor> formula;

    Head(Backbone whole) {
        super(parts(whole));
        formula = whole::computeLogits;
    }

    private static Map<String, Module> parts(Backbone whole) {
        Map<String, Module> parts = new LinkedHashMap<>();
        whole.headModules().forEach(name -> parts.put(name, whole.module(name)));
        return parts;
    }

    @Override
    protected Tensor compute(Tensor features) {
        return formula.apply(features);
    }
}
