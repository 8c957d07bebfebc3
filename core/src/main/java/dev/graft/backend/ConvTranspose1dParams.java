package dev.graft.backend;

/** The geometry of a transposed 1-d convolution; see {@link ConvTranspose2dParams}. */
public record ConvTranspose1dParams(Conv1dParams geometry, int outputPadding) {

    public ConvTranspose1dParams {
        if (outputPadding < 0 || outputPadding >= Math.max(geometry.stride(), geometry.dilation())) {
            throw new IllegalArgumentException(
                    "convTranspose1d: output padding must be at least 0, and less than the stride or the dilation (output padding "
                            + outputPadding + ", stride " + geometry.stride() + ", dilation " + geometry.dilation()
                            + ")");
        }
    }

    /** No output padding, no dilation, one group. */
    public static ConvTranspose1dParams of(int stride, int padding) {
        return new ConvTranspose1dParams(Conv1dParams.of(stride, padding), 0);
    }

    public ConvTranspose1dParams outputPadding(int places) {
        return new ConvTranspose1dParams(geometry, places);
    }

    public ConvTranspose1dParams dilation(int d) {
        return new ConvTranspose1dParams(geometry.dilation(d), outputPadding);
    }

    public ConvTranspose1dParams groups(int g) {
        return new ConvTranspose1dParams(geometry.groups(g), outputPadding);
    }

    /** The same transposed convolution of images of one row. */
    public ConvTranspose2dParams asConvTranspose2d() {
        return new ConvTranspose2dParams(geometry.asConv2d(), 0, outputPadding);
    }
}
