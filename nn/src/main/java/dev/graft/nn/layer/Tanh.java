package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** The hyperbolic tangent, elementwise. */
public final class Tanh extends Module {

    public Tanh() {}

    @Override
    protected Tensor compute(Tensor input) {
        return input.tanh();
    }
}
