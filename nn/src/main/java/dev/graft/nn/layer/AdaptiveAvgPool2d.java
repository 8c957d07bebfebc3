package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** The mean of each of {@code height x width} equal regions: {@code [N, C, H, W]} to {@code [N, C, height, width]}. */
public final class AdaptiveAvgPool2d extends Module {
    private final int height;
    private final int width;

    public AdaptiveAvgPool2d(int size) {
        this(size, size);
    }

    public AdaptiveAvgPool2d(int height, int width) {
        this.height = height;
        this.width = width;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.adaptiveAvgPool2d(height, width);
    }

    @Override
    public String toString() {
        return "AdaptiveAvgPool2d(" + height + "x" + width + ")";
    }
}
