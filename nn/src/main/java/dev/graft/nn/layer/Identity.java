package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/**
 * Passes its input on. It replaces a layer that is removed, as in {@code model.replace("fc", new Identity())} for
 * features.
 */
public final class Identity extends Module {

    public Identity() {}

    @Override
    protected Tensor compute(Tensor input) {
        return input;
    }
}
