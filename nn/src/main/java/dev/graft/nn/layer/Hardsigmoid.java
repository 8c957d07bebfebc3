package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** {@code relu6(x + 3) / 6}, elementwise. */
public final class Hardsigmoid extends Module {

    public Hardsigmoid() {}

    @Override
    protected Tensor compute(Tensor input) {
        return input.hardsigmoid();
    }
}
