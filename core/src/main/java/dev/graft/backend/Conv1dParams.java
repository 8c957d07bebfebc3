package dev.graft.backend;

/** The geometry of a 1-d convolution; the padding may differ at the two ends. */
public record Conv1dParams(int stride, int padLeft, int padRight, int dilation, int groups) {

    public Conv1dParams {
        if (stride < 1 || dilation < 1 || groups < 1) {
            throw new IllegalArgumentException("conv1d: stride, dilation and groups must be at least 1 (stride "
                    + stride + ", dilation " + dilation + ", groups " + groups + ")");
        }
        if (padLeft < 0 || padRight < 0) {
            throw new IllegalArgumentException(
                    "conv1d: padding must not be negative (left " + padLeft + ", right " + padRight + ")");
        }
    }

    /** No dilation, one group, the same padding at both ends. */
    public static Conv1dParams of(int stride, int padding) {
        return new Conv1dParams(stride, padding, padding, 1, 1);
    }

    public Conv1dParams dilation(int d) {
        return new Conv1dParams(stride, padLeft, padRight, d, groups);
    }

    public Conv1dParams groups(int g) {
        return new Conv1dParams(stride, padLeft, padRight, dilation, g);
    }

    /** The same convolution of images of one row. */
    public Conv2dParams asConv2d() {
        return new Conv2dParams(1, stride, 0, 0, padLeft, padRight, 1, dilation, groups);
    }
}
