package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** The maximum of each of {@code length} equal regions: {@code [N, C, L]} to {@code [N, C, length]}. */
public final class AdaptiveMaxPool1d extends Module {
    private final int length;

    public AdaptiveMaxPool1d(int length) {
        this.length = length;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.adaptiveMaxPool1d(length);
    }

    @Override
    public String toString() {
        return "AdaptiveMaxPool1d(" + length + ")";
    }
}
