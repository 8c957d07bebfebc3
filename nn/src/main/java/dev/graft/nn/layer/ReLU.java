package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** {@code max(0, x)}, elementwise. */
public final class ReLU extends Module {

    public ReLU() {}

    @Override
    protected Tensor compute(Tensor input) {
        return input.relu();
    }
}
