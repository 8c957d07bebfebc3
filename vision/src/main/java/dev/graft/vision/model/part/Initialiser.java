package dev.graft.vision.model.part;

import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.layer.Conv2d;
import java.util.function.Consumer;

/** Initial weights that differ from the layers' defaults. Batch norm starts with weight 1 and bias 0 by default. */
public final class Initialiser {
    private Initialiser() {}

    /** Applies {@code rule} to every convolution below {@code root}, in state-dict order. */
    public static void convolutions(Module root, Consumer<Conv2d> rule) {
        for (Module module : root.modules()) {
            if (module instanceof Conv2d convolution) {
                rule.accept(convolution);
            }
        }
    }

    public static void zeroBias(Conv2d convolution) {
        convolution.bias().ifPresent(bias -> Init.constant(bias.value(), 0f));
    }
}
