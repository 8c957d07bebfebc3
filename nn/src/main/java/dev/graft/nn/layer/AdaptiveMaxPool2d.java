package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/**
 * The maximum of each of {@code height x width} equal regions: {@code [N, C, H, W]} to {@code [N, C, height, width]}.
 */
public final class AdaptiveMaxPool2d extends Module {
    private final int height;
    private final int width;

    public AdaptiveMaxPool2d(int size) {
        this(size, size);
    }

    public AdaptiveMaxPool2d(int height, int width) {
        this.height = height;
        this.width = width;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.adaptiveMaxPool2d(height, width);
    }

    @Override
    public String toString() {
        return "AdaptiveMaxPool2d(" + height + "x" + width + ")";
    }
}
