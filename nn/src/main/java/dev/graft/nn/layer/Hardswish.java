package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** {@code x * relu6(x + 3) / 6}, elementwise; near {@link SiLU}, without an exponential. */
public final class Hardswish extends Module {

    public Hardswish() {}

    @Override
    protected Tensor compute(Tensor input) {
        return input.hardswish();
    }
}
