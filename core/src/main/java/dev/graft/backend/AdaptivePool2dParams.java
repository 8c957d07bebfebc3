package dev.graft.backend;

/**
 * A 2-d pooling to a given output size, as in <a
 * href="https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html">torch.nn.AdaptiveAvgPool2d</a>:
 * along an axis, output {@code i} of {@code n} covers the positions from {@code floor(i * size / n)} to {@code ceil((i
 * + 1) * size / n)}. Windows may therefore overlap, and their sizes may differ by one.
 */
public record AdaptivePool2dParams(int outputHeight, int outputWidth) implements PoolGeometry {

    public AdaptivePool2dParams {
        if (outputHeight < 1 || outputWidth < 1) {
            throw new IllegalArgumentException(
                    "adaptivePool2d: output size must be at least 1x1, got " + outputHeight + "x" + outputWidth);
        }
    }

    @Override
    public PoolAxis rows(int height) {
        return PoolAxis.adaptive(height, outputHeight);
    }

    @Override
    public PoolAxis columns(int width) {
        return PoolAxis.adaptive(width, outputWidth);
    }
}
