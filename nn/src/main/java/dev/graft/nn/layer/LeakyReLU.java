package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** {@code x} if positive, else {@code slope * x}. */
public final class LeakyReLU extends Module {
    private final float slope;

    /** PyTorch's default slope, 0.01. */
    public LeakyReLU() {
        this(0.01f);
    }

    /** @param slope finite */
    public LeakyReLU(float slope) {
        if (!Float.isFinite(slope)) {
            throw new IllegalArgumentException("leakyRelu: slope must be finite, was " + slope);
        }
        this.slope = slope;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.leakyRelu(slope);
    }

    @Override
    public String toString() {
        return "LeakyReLU(" + slope + ")";
    }
}
