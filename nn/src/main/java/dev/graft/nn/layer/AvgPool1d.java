package dev.graft.nn.layer;

import dev.graft.backend.Pool1dParams;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/**
 * The mean of each window: input {@code [N, C, L]}, output {@code [N, C, L']}. Zeros of the padding count, as in
 * PyTorch by default.
 */
public final class AvgPool1d extends Module {
    private final Pool1dParams params;

    /** Adjacent windows. */
    public AvgPool1d(int kernel) {
        this(kernel, kernel);
    }

    public AvgPool1d(int kernel, int stride) {
        this(Pool1dParams.of(kernel, stride));
    }

    /** For padding and ceil mode. */
    public AvgPool1d(Pool1dParams params) {
        this.params = params;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.avgPool1d(params);
    }

    @Override
    public String toString() {
        return "AvgPool1d(" + params.kernel() + ", stride " + params.stride() + ", padding " + params.padding()
                + (params.ceilMode() ? ", ceil)" : ")");
    }
}
