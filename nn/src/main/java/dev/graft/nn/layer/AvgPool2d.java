package dev.graft.nn.layer;

import dev.graft.backend.Pool2dParams;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/**
 * The mean of each window: input {@code [N, C, H, W]}, output {@code [N, C, H', W']}. Zeros of the padding count, as in
 * PyTorch by default.
 */
public final class AvgPool2d extends Module {
    private final Pool2dParams params;

    /** Adjacent square windows. */
    public AvgPool2d(int kernel) {
        this(kernel, kernel);
    }

    public AvgPool2d(int kernel, int stride) {
        this(kernel, stride, 0);
    }

    public AvgPool2d(int kernel, int stride, int padding) {
        this(Pool2dParams.of(kernel, stride, padding));
    }

    /** For oblong windows and ceil mode. */
    public AvgPool2d(Pool2dParams params) {
        this.params = params;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.avgPool2d(params);
    }

    @Override
    public String toString() {
        return "AvgPool2d(" + params.kernelH() + "x" + params.kernelW() + ", stride " + params.strideH() + ", padding "
                + params.padH() + (params.ceilMode() ? ", ceil)" : ")");
    }
}
