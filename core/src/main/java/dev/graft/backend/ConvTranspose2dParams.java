package dev.graft.backend;

/**
 * The geometry of a transposed 2-d convolution, whose result is the input gradient of the convolution {@code geometry},
 * as in <a href="https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html">torch.nn.ConvTranspose2d</a>.
 *
 * @param geometry the convolution; its padding is cut off the result
 * @param outputPadH rows added at the bottom of the result, because several results have one convolution's size: less
 *     than the stride or the dilation
 * @param outputPadW columns added at the right
 */
public record ConvTranspose2dParams(Conv2dParams geometry, int outputPadH, int outputPadW) {

    public ConvTranspose2dParams {
        if (outputPadH < 0
                || outputPadW < 0
                || outputPadH >= Math.max(geometry.strideH(), geometry.dilationH())
                || outputPadW >= Math.max(geometry.strideW(), geometry.dilationW())) {
            throw new IllegalArgumentException(
                    "convTranspose2d: output padding must be at least 0, and less than the stride or the dilation (output padding "
                            + outputPadH + "x" + outputPadW + ", stride " + geometry.strideH() + "x"
                            + geometry.strideW() + ", dilation " + geometry.dilationH() + "x" + geometry.dilationW()
                            + ")");
        }
    }

    /** Stride and padding the same in both directions, no output padding, no dilation, one group. */
    public static ConvTranspose2dParams of(int stride, int padding) {
        return new ConvTranspose2dParams(Conv2dParams.of(stride, padding), 0, 0);
    }

    public ConvTranspose2dParams outputPadding(int vertical, int horizontal) {
        return new ConvTranspose2dParams(geometry, vertical, horizontal);
    }

    public ConvTranspose2dParams dilation(int d) {
        return new ConvTranspose2dParams(geometry.dilation(d), outputPadH, outputPadW);
    }

    public ConvTranspose2dParams groups(int g) {
        return new ConvTranspose2dParams(geometry.groups(g), outputPadH, outputPadW);
    }

    /** Output height for an input height and a kernel height; not positive if all of it is cut off. */
    public long outputHeight(int height, int kernelHeight) {
        Conv2dParams g = geometry;
        return extent(height, kernelHeight, g.strideH(), g.dilationH(), g.padTop(), g.padBottom(), outputPadH);
    }

    /** As {@link #outputHeight}, for the width. */
    public long outputWidth(int width, int kernelWidth) {
        Conv2dParams g = geometry;
        return extent(width, kernelWidth, g.strideW(), g.dilationW(), g.padLeft(), g.padRight(), outputPadW);
    }

    private static long extent(int size, int kernel, int stride, int dilation, int before, int after, int more) {
        return (size - 1L) * stride - before - after + dilation * (kernel - 1L) + more + 1;
    }

    /**
     * With the output padding that makes a result of {@code height x width}, as PyTorch's {@code output_size}.
     *
     * @throws IllegalArgumentException if none does
     */
    public ConvTranspose2dParams toSize(
            int inputHeight, int inputWidth, int kernelHeight, int kernelWidth, int height, int width) {
        ConvTranspose2dParams least = outputPadding(0, 0);
        long rows = height - least.outputHeight(inputHeight, kernelHeight);
        long columns = width - least.outputWidth(inputWidth, kernelWidth);
        if (rows < 0 || columns < 0 || rows >= geometry.strideH() || columns >= geometry.strideW()) {
            throw new IllegalArgumentException("convTranspose2d: output size " + height + "x" + width
                    + " is not possible for an input of " + inputHeight + "x" + inputWidth + ". Hint: from "
                    + least.outputHeight(inputHeight, kernelHeight) + "x" + least.outputWidth(inputWidth, kernelWidth)
                    + ", less than one stride more.");
        }
        return outputPadding((int) rows, (int) columns);
    }
}
