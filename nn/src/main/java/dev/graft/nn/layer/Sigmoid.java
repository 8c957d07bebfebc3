package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** {@code 1 / (1 + exp(-x))}, elementwise. */
public final class Sigmoid extends Module {

    public Sigmoid() {}

    @Override
    protected Tensor compute(Tensor input) {
        return input.sigmoid();
    }
}
