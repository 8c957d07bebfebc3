package dev.graft.backend;

import dev.graft.type.Shape;

/**
 * The windows of a pooling along one axis of an image: result {@code i} of {@code count} covers the positions from
 * {@code from(i)} (inclusive) to {@code to(i)} (exclusive), clipped to the image. A window of the image is a window of
 * its rows times one of its columns. Both ends ascend, and no window is empty.
 *
 * @param size positions along the axis
 * @param count windows
 * @param kernel positions that a window covers before it is clipped; 0 if windows adapt to {@code count}
 */
public record PoolAxis(int size, int count, int kernel, int stride, int padding, boolean countIncludePad) {

    static PoolAxis adaptive(int size, int count) {
        return new PoolAxis(size, count, 0, 0, 0, false);
    }

    static PoolAxis strided(int size, int kernel, int stride, int padding, boolean ceil, boolean countIncludePad) {
        return new PoolAxis(
                size, windows(size, kernel, stride, padding, ceil), kernel, stride, padding, countIncludePad);
    }

    private static int windows(int size, int kernel, int stride, int pad, boolean ceil) {
        long room = size + 2L * pad - kernel;
        if (room < 0 && !(ceil && room > -stride)) {
            throw new IllegalArgumentException("pool2d: the kernel (" + kernel + ") is larger than the padded input ("
                    + size + " + 2 * " + pad + "). Hint: use a larger input or a smaller kernel.");
        }
        long n = Math.floorDiv(ceil ? room + stride - 1 : room, (long) stride) + 1;
        if (ceil && (n - 1) * stride >= (long) size + pad) {
            n--; // the last window must start inside the input or its left padding
        }
        if (n > Shape.MOST_ELEMENTS) {
            throw new IllegalArgumentException("pool2d: " + n + " outputs do not fit: a tensor holds at most "
                    + Shape.MOST_ELEMENTS + " elements. Hint: use a larger stride or less padding.");
        }
        return (int) n;
    }

    public boolean isAdaptive() {
        return kernel == 0;
    }

    /** The first position of window {@code i}. */
    public int from(int i) {
        return isAdaptive() ? (int) ((long) i * size / count) : (int) Math.max(start(i), 0);
    }

    /** The position after the last one of window {@code i}. */
    public int to(int i) {
        return isAdaptive() ? (int) (((long) (i + 1) * size + count - 1) / count) : (int) Math.min(end(i), size);
    }

    /** The number of positions by which a mean over window {@code i} divides along this axis. */
    public int divisor(int i) {
        return countIncludePad ? (int) (end(i) - start(i)) : to(i) - from(i);
    }

    private long start(int i) {
        return (long) i * stride - padding;
    }

    private long end(int i) {
        return Math.min(start(i) + kernel, (long) size + padding);
    }
}
