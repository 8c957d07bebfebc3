package dev.graft.backend;

import dev.graft.type.Shape;

/**
 * Which pixels each result of a 2-d pooling covers: by a kernel that moves in strides, or adapted to an output size.
 */
public sealed interface PoolGeometry permits Pool2dParams, AdaptivePool2dParams {

    /** The windows along the height of an image with {@code height} rows. */
    PoolAxis rows(int height);

    /** The windows along the width of an image with {@code width} columns. */
    PoolAxis columns(int width);

    /**
     * {@code [N, C, H', W']} for images {@code [N, C, H, W]}.
     *
     * @throws IllegalArgumentException under the name {@code op}, if the images have no pixel, no window fits, or the
     *     result is too large
     */
    default Shape outputShape(String op, Shape images) {
        if (images.rank() != 4 || images.dim(2) < 1 || images.dim(3) < 1) {
            throw new IllegalArgumentException(
                    op + ": input must be [N, C, H, W] with at least one pixel, got " + images);
        }
        return Shape.of(
                op,
                images.dim(0),
                images.dim(1),
                rows(images.dim(2)).count(),
                columns(images.dim(3)).count());
    }
}
