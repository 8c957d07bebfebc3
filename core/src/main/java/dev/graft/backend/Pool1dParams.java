package dev.graft.backend;

/** The geometry of a 1-d pooling; see {@link Pool2dParams}. */
public record Pool1dParams(int kernel, int stride, int padding, boolean ceilMode, boolean countIncludePad) {

    public Pool1dParams {
        if (kernel < 1 || stride < 1) {
            throw new IllegalArgumentException(
                    "pool1d: kernel and stride must be at least 1 (kernel " + kernel + ", stride " + stride + ")");
        }
        if (padding < 0 || padding > kernel / 2) {
            throw new IllegalArgumentException("pool1d: padding must be from 0 to half the kernel (kernel " + kernel
                    + ", padding " + padding + ")");
        }
    }

    public static Pool1dParams of(int kernel, int stride) {
        return new Pool1dParams(kernel, stride, 0, false, true);
    }

    public static Pool1dParams of(int kernel, int stride, int padding) {
        return new Pool1dParams(kernel, stride, padding, false, true);
    }

    /** The same pooling of images of one row. */
    public Pool2dParams asPool2d() {
        return new Pool2dParams(1, kernel, 1, stride, 0, padding, ceilMode, countIncludePad);
    }
}
