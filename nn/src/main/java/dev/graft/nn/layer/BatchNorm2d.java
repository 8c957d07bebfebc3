package dev.graft.nn.layer;

import dev.graft.type.Shape;

/** {@link BatchNorm} of input {@code [N, C, H, W]}; keys as PyTorch's. */
public final class BatchNorm2d extends BatchNorm {

    public BatchNorm2d(int channels) {
        this(channels, options());
    }

    public BatchNorm2d(int channels, Options options) {
        super(channels, options);
    }

    @Override
    void checkRank(Shape input) {
        if (input.rank() != 4) {
            throw new IllegalArgumentException("batchNorm2d: input must be [N, C, H, W], was " + input);
        }
    }
}
