package dev.graft.nn.layer;

import dev.graft.backend.Pool2dParams;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** The maximum of each window: input {@code [N, C, H, W]}, output {@code [N, C, H', W']}. */
public final class MaxPool2d extends Module {
    private final Pool2dParams params;

    /** Adjacent square windows. */
    public MaxPool2d(int kernel) {
        this(kernel, kernel);
    }

    public MaxPool2d(int kernel, int stride) {
        this(kernel, stride, 0);
    }

    public MaxPool2d(int kernel, int stride, int padding) {
        this(Pool2dParams.of(kernel, stride, padding));
    }

    /** For oblong windows and ceil mode. */
    public MaxPool2d(Pool2dParams params) {
        this.params = params;
    }

    /** The windows' geometry. */
    public Pool2dParams settings() {
        return params;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.maxPool2d(params);
    }

    @Override
    public String toString() {
        return "MaxPool2d(" + params.kernelH() + "x" + params.kernelW() + ", stride " + params.strideH() + ", padding "
                + params.padH() + (params.ceilMode() ? ", ceil)" : ")");
    }
}
