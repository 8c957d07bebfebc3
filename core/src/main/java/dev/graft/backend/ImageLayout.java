package dev.graft.backend;

import dev.graft.type.Shape;

/** The layout of images {@code [N, C, H, W]} in memory: dense, in this order from the outermost dimension. */
public enum ImageLayout {
    /** N, H, W, C: the channels of a pixel are neighbours. */
    CHANNELS_LAST,
    /** N, C, H, W: row-major, the pixels of a channel are neighbours. */
    CHANNELS_FIRST;

    /** The strides of images of a shape {@code [N, C, H, W]}. */
    public long[] strides(Shape images) {
        return switch (this) {
            case CHANNELS_LAST -> {
                long c = images.dim(1);
                long w = images.dim(3);
                yield new long[] {images.dim(2) * w * c, 1, w * c, c};
            }
            case CHANNELS_FIRST -> images.contiguousStrides();
        };
    }

    /** Whether a view has rank 4 and this layout. */
    public boolean isOf(View view) {
        return switch (this) {
            case CHANNELS_LAST -> view.isChannelsLast();
            case CHANNELS_FIRST -> view.rank() == 4 && view.isContiguous();
        };
    }
}
