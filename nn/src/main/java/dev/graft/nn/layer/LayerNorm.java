package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;

/**
 * Normalises each example over its last dimensions, then scales and shifts; keys {@code weight}, {@code bias}, both of
 * the normalised shape.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html">torch.nn.LayerNorm</a>
 */
public final class LayerNorm extends Module {
    private static final float DEFAULT_EPS = 1e-5f;

    private final Parameter weight;
    private final Parameter bias;
    private final float eps;

    /** @param shape the sizes of the last dimensions, over which to normalise */
    public LayerNorm(int... shape) {
        this(DEFAULT_EPS, shape);
    }

    /** @param eps added to the variance, positive */
    public LayerNorm(float eps, int... shape) {
        if (!(eps > 0) || Float.isInfinite(eps)) {
            throw new IllegalArgumentException("layerNorm: eps must be positive and finite, was " + eps);
        }
        weight = new Parameter(Tensor.ones(shape));
        bias = new Parameter(Tensor.zeros(shape));
        this.eps = eps;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.layerNorm(weight.value(), bias.value(), eps);
    }

    @Override
    public String toString() {
        return "LayerNorm(" + weight.shape() + ")";
    }
}
