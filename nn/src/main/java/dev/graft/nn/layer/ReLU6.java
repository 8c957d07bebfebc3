package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** {@code min(max(0, x), 6)}, elementwise. */
public final class ReLU6 extends Module {

    public ReLU6() {}

    @Override
    protected Tensor compute(Tensor input) {
        return input.relu6();
    }
}
