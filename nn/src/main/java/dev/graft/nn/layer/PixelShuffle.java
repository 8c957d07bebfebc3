package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/**
 * Channels to pixels: {@code [N, C * r * r, H, W]} to {@code [N, C, H * r, W * r]} (Shi et al. 2016).
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html">torch.nn.PixelShuffle</a>
 */
public final class PixelShuffle extends Module {
    private final int factor;

    /** @param factor r, at least 1 */
    public PixelShuffle(int factor) {
        if (factor < 1) {
            throw new IllegalArgumentException("pixelShuffle: the factor must be at least 1, was " + factor);
        }
        this.factor = factor;
    }

    @Override
    protected Tensor compute(Tensor input) {
        int squared = factor * factor;
        if (input.rank() != 4 || input.dim(1) % squared != 0) {
            throw new IllegalArgumentException("pixelShuffle: input must be [N, C * " + squared + ", H, W], was "
                    + input.shape() + ". Hint: the layer before must produce a multiple of " + squared + " channels.");
        }
        int channels = input.dim(1) / squared;
        int height = input.dim(2);
        int width = input.dim(3);
        return input.reshape(input.dim(0), channels, factor, factor, height, width)
                .permute(0, 1, 4, 2, 5, 3)
                .reshape(input.dim(0), channels, height * factor, width * factor);
    }

    @Override
    public String toString() {
        return "PixelShuffle(" + factor + ")";
    }
}
