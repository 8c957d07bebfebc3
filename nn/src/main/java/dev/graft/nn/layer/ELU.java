package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** {@code x} if positive, else {@code alpha * (exp(x) - 1)}, elementwise. */
public final class ELU extends Module {
    private final float alpha;

    /** PyTorch's default {@code alpha}, 1. */
    public ELU() {
        this(1);
    }

    /** @param alpha finite */
    public ELU(float alpha) {
        if (!Float.isFinite(alpha)) {
            throw new IllegalArgumentException("elu: alpha must be finite, was " + alpha);
        }
        this.alpha = alpha;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.elu(alpha);
    }

    @Override
    public String toString() {
        return "ELU(" + alpha + ")";
    }
}
