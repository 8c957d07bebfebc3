package dev.graft.nn.layer;

import dev.graft.type.Shape;

/** {@link InstanceNorm} of input {@code [N, C, H, W]}; keys as PyTorch's. */
public final class InstanceNorm2d extends InstanceNorm {

    public InstanceNorm2d(int channels) {
        this(channels, options());
    }

    public InstanceNorm2d(int channels, Options options) {
        super(channels, options);
    }

    @Override
    void checkRank(Shape input) {
        if (input.rank() != 4) {
            throw new IllegalArgumentException("instanceNorm2d: input must be [N, C, H, W], was " + input);
        }
    }
}
