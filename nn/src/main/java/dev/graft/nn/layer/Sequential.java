package dev.graft.nn.layer;

import dev.graft.backend.Activation;
import dev.graft.nn.Container;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Layers that are applied one after another. Their state-dict names are {@code 0, 1, 2, ...}, or the given names. A
 * convolution is computed together with the batch norm and the ReLU or ReLU6 after it (see {@link Fused}).
 */
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
        List<Module> layers = list();
        for (int i = 0; i < layers.size(); i++) {
            if (!(layers.get(i) instanceof FusedConvolution conv)) {
                x = layers.get(i).forward(x);
                continue;
            }
            boolean normalises = i + 1 < layers.size() && layers.get(i + 1) instanceof BatchNorm;
            Module norm = layers.get(normalises ? ++i : i);
            boolean activates = i + 1 < layers.size() && Fused.fusable(layers.get(i + 1)) != Activation.NONE;
            if (activates) {
                Module activation = layers.get(++i);
                x = normalises ? Fused.convNorm(conv, norm, activation, x) : Fused.conv(conv, activation, x);
            } else {
                x = normalises ? Fused.convNorm(conv, norm, x) : conv.forward(x);
            }
        }
        return x;
    }
}
