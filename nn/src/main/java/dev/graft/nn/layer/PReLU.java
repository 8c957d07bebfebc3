package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;

/**
 * {@code x} if positive, else {@code weight * x}, with a learnt weight for all, or for each channel (dimension 1); key
 * {@code weight [1]} or {@code [C]}. It should not decay, as the paper says.
 *
 * @see <a href="https://arxiv.org/abs/1502.01852">He et al. 2015</a>
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html">torch.nn.PReLU</a>
 */
public final class PReLU extends Module {
    private static final float FIRST = 0.25f;

    private final Parameter weight;

    /** One weight, 0.25. */
    public PReLU() {
        this(1);
    }

    /** @param channels the number of weights, each 0.25; 1 for one that all share */
    public PReLU(int channels) {
        this(channels, FIRST);
    }

    /** @param first each weight's first value, finite */
    public PReLU(int channels, float first) {
        if (channels < 1 || !Float.isFinite(first)) {
            throw new IllegalArgumentException(
                    "prelu: needs at least one channel and a finite weight, was " + channels + " and " + first);
        }
        weight = new Parameter(Tensor.full(first, channels));
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.prelu(weight.value());
    }

    @Override
    public String toString() {
        return "PReLU(" + weight.shape().numel() + ")";
    }
}
