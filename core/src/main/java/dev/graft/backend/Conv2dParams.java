package dev.graft.backend;

import dev.graft.type.Shape;

/**
 * The geometry of a 2-d convolution; the padding may differ on every side.
 *
 * @param groups channels are split into this many independent groups; input and output channels must be divisible by it
 */
public record Conv2dParams(
        int strideH,
        int strideW,
        int padTop,
        int padBottom,
        int padLeft,
        int padRight,
        int dilationH,
        int dilationW,
        int groups) {

    public Conv2dParams {
        if (strideH < 1 || strideW < 1 || dilationH < 1 || dilationW < 1 || groups < 1) {
            throw new IllegalArgumentException(
                    "conv2d: stride, dilation and groups must be at least 1 (stride " + strideH + "x" + strideW
                            + ", dilation " + dilationH + "x" + dilationW + ", groups " + groups + ")");
        }
        if (padTop < 0 || padBottom < 0 || padLeft < 0 || padRight < 0) {
            throw new IllegalArgumentException("conv2d: padding must not be negative (top " + padTop + ", bottom "
                    + padBottom + ", left " + padLeft + ", right " + padRight + ")");
        }
    }

    /** Stride and padding the same in both directions, no dilation, one group. */
    public static Conv2dParams of(int stride, int padding) {
        return new Conv2dParams(stride, stride, padding, padding, padding, padding, 1, 1, 1);
    }

    public Conv2dParams dilation(int d) {
        return new Conv2dParams(strideH, strideW, padTop, padBottom, padLeft, padRight, d, d, groups);
    }

    public Conv2dParams groups(int g) {
        return new Conv2dParams(strideH, strideW, padTop, padBottom, padLeft, padRight, dilationH, dilationW, g);
    }

    public Conv2dParams padding(int top, int bottom, int left, int right) {
        return new Conv2dParams(strideH, strideW, top, bottom, left, right, dilationH, dilationW, groups);
    }

    /**
     * Output height for an input height and a kernel height; 0 if the kernel does not fit.
     *
     * @throws IllegalArgumentException if the padded height exceeds an {@code int}
     */
    public int outputHeight(int height, int kernelHeight) {
        return extent("height", (long) height + padTop + padBottom, kernelHeight, dilationH, strideH);
    }

    /** As {@link #outputHeight}, for the width. */
    public int outputWidth(int width, int kernelWidth) {
        return extent("width", (long) width + padLeft + padRight, kernelWidth, dilationW, strideW);
    }

    private static int extent(String what, long padded, int kernel, int dilation, int stride) {
        if (padded > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "conv2d: the padded " + what + " " + padded + " does not fit an int. Hint: use less padding.");
        }
        long room = padded - dilation * (kernel - 1L) - 1;
        return room < 0 ? 0 : (int) (room / stride + 1);
    }

    /** {@code [N, O, H', W']} for an input {@code [N, C, H, W]} and a weight {@code [O, C/groups, KH, KW]}. */
    public Shape outputShape(Shape input, Shape weight) {
        return Shape.of(
                input.dim(0),
                weight.dim(0),
                outputHeight(input.dim(2), weight.dim(2)),
                outputWidth(input.dim(3), weight.dim(3)));
    }
}
