package dev.graft.nn.layer;

import dev.graft.backend.InterpolateParams;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/**
 * Resizes images {@code [N, C, H, W]} or sequences {@code [N, C, L]}.
 *
 * <pre>{@code new Upsample(InterpolateParams.bilinear().scale(2))}</pre>
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html">torch.nn.Upsample</a>
 */
public final class Upsample extends Module {
    private final InterpolateParams params;

    /** The nearest pixels, so many times as large. */
    public Upsample(int scale) {
        this(InterpolateParams.nearest().scale(scale));
    }

    public Upsample(InterpolateParams params) {
        this.params = params;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.interpolate(params);
    }

    @Override
    public String toString() {
        String to = params.size().isEmpty() ? "scale " + params.scale() : "size " + params.size();
        return "Upsample(" + params.mode() + ", " + to + (params.alignCorners() ? ", align corners)" : ")");
    }
}
