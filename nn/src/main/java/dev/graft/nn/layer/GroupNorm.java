package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Normalises each example over groups of neighbouring channels (Wu and He 2018), then scales and shifts each channel:
 * input {@code [N, C, ...]}; keys {@code weight}, {@code bias}, both {@code [C]}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html">torch.nn.GroupNorm</a>
 */
public final class GroupNorm extends Module {
    private static final float DEFAULT_EPS = 1e-5f;

    private final int groups;
    private final int channels;
    private final float eps;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;

    public GroupNorm(int groups, int channels) {
        this(groups, channels, DEFAULT_EPS, true);
    }

    /**
     * @param eps added to the variance, positive
     * @param affine whether there are a scale and a shift to learn
     */
    public GroupNorm(int groups, int channels, float eps, boolean affine) {
        if (groups < 1 || channels < 1 || channels % groups != 0) {
            throw new IllegalArgumentException(
                    "groupNorm: groups must divide the channels (groups " + groups + ", channels " + channels + ")");
        }
        if (!(eps > 0) || Float.isInfinite(eps)) {
            throw new IllegalArgumentException("groupNorm: eps must be positive and finite, was " + eps);
        }
        this.groups = groups;
        this.channels = channels;
        this.eps = eps;
        weight = affine ? new Parameter(Tensor.ones(channels)) : null;
        bias = affine ? new Parameter(Tensor.zeros(channels)) : null;
    }

    @Override
    protected Tensor compute(Tensor input) {
        if (weight != null && bias != null) {
            return input.groupNorm(groups, weight.value(), bias.value(), eps);
        }
        if (input.rank() < 2 || input.dim(1) != channels) {
            throw new IllegalArgumentException(
                    "groupNorm: input must be [N, " + channels + ", ...], was " + input.shape());
        }
        return input.groupNorm(groups, eps);
    }

    @Override
    public String toString() {
        return "GroupNorm(" + groups + ", " + channels + (eps == DEFAULT_EPS ? "" : ", eps " + eps)
                + (weight == null ? ", not affine)" : ")");
    }
}
