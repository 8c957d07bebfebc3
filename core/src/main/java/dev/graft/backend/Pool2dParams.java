package dev.graft.backend;

/**
 * A 2-d pooling by a kernel that moves in strides, as in <a
 * href="https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html">torch.nn.MaxPool2d</a> and AvgPool2d without
 * dilation.
 *
 * @param padH rows around the image, from 0 to half the kernel; they are never a maximum and add nothing to a mean
 * @param ceilMode whether a last, partial window counts
 * @param countIncludePad whether an average divides by padding too
 */
public record Pool2dParams(
        int kernelH,
        int kernelW,
        int strideH,
        int strideW,
        int padH,
        int padW,
        boolean ceilMode,
        boolean countIncludePad)
        implements PoolGeometry {

    public Pool2dParams {
        if (kernelH < 1 || kernelW < 1 || strideH < 1 || strideW < 1) {
            throw new IllegalArgumentException("pool2d: kernel and stride must be at least 1 (kernel " + kernelH + "x"
                    + kernelW + ", stride " + strideH + "x" + strideW + ")");
        }
        if (padH < 0 || padW < 0 || padH > kernelH / 2 || padW > kernelW / 2) {
            throw new IllegalArgumentException("pool2d: padding must be from 0 to half the kernel (kernel " + kernelH
                    + "x" + kernelW + ", padding " + padH + "x" + padW + ")");
        }
    }

    public static Pool2dParams of(int kernel, int stride) {
        return of(kernel, stride, 0);
    }

    public static Pool2dParams of(int kernel, int stride, int padding) {
        return new Pool2dParams(kernel, kernel, stride, stride, padding, padding, false, true);
    }

    public Pool2dParams ceilMode(boolean on) {
        return new Pool2dParams(kernelH, kernelW, strideH, strideW, padH, padW, on, countIncludePad);
    }

    public Pool2dParams countIncludePad(boolean on) {
        return new Pool2dParams(kernelH, kernelW, strideH, strideW, padH, padW, ceilMode, on);
    }

    /** @throws IllegalArgumentException if the kernel is larger than the padded image */
    @Override
    public PoolAxis rows(int height) {
        return PoolAxis.strided(height, kernelH, strideH, padH, ceilMode, countIncludePad);
    }

    /** @throws IllegalArgumentException if the kernel is larger than the padded image */
    @Override
    public PoolAxis columns(int width) {
        return PoolAxis.strided(width, kernelW, strideW, padW, ceilMode, countIncludePad);
    }
}
