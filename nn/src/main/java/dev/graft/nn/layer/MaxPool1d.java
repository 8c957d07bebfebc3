package dev.graft.nn.layer;

import dev.graft.backend.Pool1dParams;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** The maximum of each window: input {@code [N, C, L]}, output {@code [N, C, L']}. */
public final class MaxPool1d extends Module {
    private final Pool1dParams params;

    /** Adjacent windows. */
    public MaxPool1d(int kernel) {
        this(kernel, kernel);
    }

    public MaxPool1d(int kernel, int stride) {
        this(Pool1dParams.of(kernel, stride));
    }

    /** For padding and ceil mode. */
    public MaxPool1d(Pool1dParams params) {
        this.params = params;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.maxPool1d(params);
    }

    @Override
    public String toString() {
        return "MaxPool1d(" + params.kernel() + ", stride " + params.stride() + ", padding " + params.padding()
                + (params.ceilMode() ? ", ceil)" : ")");
    }
}
