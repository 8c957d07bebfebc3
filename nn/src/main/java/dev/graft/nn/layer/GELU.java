package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** {@code x * Phi(x)} with the normal distribution's Phi, elementwise; the exact form, as in PyTorch by default. */
public final class GELU extends Module {

    public GELU() {}

    @Override
    protected Tensor compute(Tensor input) {
        return input.gelu();
    }
}
