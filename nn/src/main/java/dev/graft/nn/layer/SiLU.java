package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** {@code x * sigmoid(x)}, elementwise; also called swish. */
public final class SiLU extends Module {

    public SiLU() {}

    @Override
    protected Tensor compute(Tensor input) {
        return input.silu();
    }
}
