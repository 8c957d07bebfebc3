package dev.graft.nn.layer;

import dev.graft.type.Shape;

/** {@link BatchNorm} of input {@code [N, C] or [N, C, L]}; keys as PyTorch's. */
public final class BatchNorm1d extends BatchNorm {

    public BatchNorm1d(int channels) {
        this(channels, options());
    }

    public BatchNorm1d(int channels, Options options) {
        super(channels, options);
    }

    @Override
    void checkRank(Shape input) {
        if (input.rank() != 2 && input.rank() != 3) {
            throw new IllegalArgumentException("batchNorm1d: input must be [N, C] or [N, C, L], was " + input);
        }
    }
}
