package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;

/**
 * Divides each example by the root mean square over its last dimensions (Zhang and Sennrich 2019), then scales; key
 * {@code weight} of the normalised shape.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html">torch.nn.RMSNorm</a>
 */
public final class RMSNorm extends Module {
    /** PyTorch's default: the distance from 1 to the next float. */
    private static final float DEFAULT_EPS = 0x1p-23f;

    private final Parameter weight;
    private final float eps;

    /** @param shape the sizes of the last dimensions, over which to normalise */
    public RMSNorm(int... shape) {
        this(DEFAULT_EPS, shape);
    }

    /** @param eps added to the mean square, positive */
    public RMSNorm(float eps, int... shape) {
        if (!(eps > 0) || Float.isInfinite(eps)) {
            throw new IllegalArgumentException("rmsNorm: eps must be positive and finite, was " + eps);
        }
        weight = new Parameter(Tensor.ones(shape));
        this.eps = eps;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.rmsNorm(weight.value(), eps);
    }

    @Override
    public String toString() {
        return "RMSNorm(" + weight.shape() + ")";
    }
}
