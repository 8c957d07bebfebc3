package dev.graft.nn;

import dev.graft.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Layers applied one after the other; their state-dict names are {@code 0, 1, 2, ...}, or the given ones. */
public class Sequential extends Container {

    public Sequential(Module... layers) {
        this(List.of(layers));
    }

    public Sequential(List<? extends Module> layers) {
        super(numbered(layers));
    }

    /** Layers with names, in the map's order: use a {@link LinkedHashMap}. */
    public Sequential(Map<String, ? extends Module> layers) {
        super(layers);
    }

    @Override
    protected Tensor compute(Tensor input) {
        Tensor x = input;
        for (Module layer : elements().values()) {
            x = layer.forward(x);
        }
        return x;
    }
}
