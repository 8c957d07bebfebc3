package dev.graft.nn.layer;

import dev.graft.type.Shape;

/** {@link InstanceNorm} of input {@code [N, C, L]}; keys as PyTorch's. */
public final class InstanceNorm1d extends InstanceNorm {

    public InstanceNorm1d(int channels) {
        this(channels, options());
    }

    public InstanceNorm1d(int channels, Options options) {
        super(channels, options);
    }

    @Override
    void checkRank(Shape input) {
        if (input.rank() != 3) {
            throw new IllegalArgumentException("instanceNorm1d: input must be [N, C, L], was " + input);
        }
    }
}
