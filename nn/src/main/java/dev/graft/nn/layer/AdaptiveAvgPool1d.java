package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** The mean of each of {@code length} equal regions: {@code [N, C, L]} to {@code [N, C, length]}. */
public final class AdaptiveAvgPool1d extends Module {
    private final int length;

    public AdaptiveAvgPool1d(int length) {
        this.length = length;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.adaptiveAvgPool1d(length);
    }

    @Override
    public String toString() {
        return "AdaptiveAvgPool1d(" + length + ")";
    }
}
