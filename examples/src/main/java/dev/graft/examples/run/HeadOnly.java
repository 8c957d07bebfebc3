package dev.graft.examples.run;

import dev.graft.nn.Module;
import dev.graft.nn.Sequential;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A network's head as a network of its own, from stored features to logits: its checkpoints hold the head alone. */
final class HeadOnly extends Sequential {
    // a function and not the network: a module's fields of type Module are its state
    private final UnaryOperator<Tensor> classify;

    HeadOnly(Backbone whole) {
        super(parts(whole));
        classify = whole::classify;
    }

    private static Map<String, Module> parts(Backbone whole) {
        Map<String, Module> parts = new LinkedHashMap<>();
        whole.headModules().forEach(name -> parts.put(name, whole.module(name)));
        return parts;
    }

    @Override
    protected Tensor compute(Tensor features) {
        return classify.apply(features);
    }
}
