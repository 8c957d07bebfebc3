package dev.graft.nn;

import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Writes initial values into parameters, in place. Fans are those of PyTorch: for a weight {@code [out, in, k...]},
 * {@code fan_in} is {@code in * k...} and {@code fan_out} is {@code out * k...}.
 *
 * @see <a href="https://pytorch.org/docs/stable/nn.init.html">torch.nn.init</a>
 */
public final class Init {
    /** Which variance is preserved: that of activations ({@code FAN_IN}) or that of gradients ({@code FAN_OUT}). */
    public enum Fan {
        FAN_IN,
        FAN_OUT
    }

    private static final ThreadLocal<Boolean> SKIPPED = ThreadLocal.withInitial(() -> false);

    private Init() {}

    /**
     * The result of {@code build}, with the weights and biases of its linear and convolution layers left at 0 instead
     * of drawn. For a network that is filled from a file right afterwards. The other methods of this class work as
     * usual.
     *
     * @see <a
     *     href="https://pytorch.org/docs/stable/generated/torch.nn.utils.skip_init.html">torch.nn.utils.skip_init</a>
     */
    public static <M> M skip(Supplier<M> build) {
        boolean outer = SKIPPED.get();
        SKIPPED.set(true);
        try {
            return build.get();
        } finally {
            SKIPPED.set(outer);
        }
    }

    @SuppressWarnings("try")
    public static void constant(Tensor weight, float value) {
        try (Autograd.Guard guard = Autograd.noGrad()) {
            weight.fill(value);
        }
    }

    /** Uniform over {@code [low, high)}. */
    @SuppressWarnings("try")
    public static void uniform(Tensor weight, float low, float high, RandomGenerator random) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            weight.copyFrom(
                    Tensor.uniform(random, low, high, weight.shape().toArray()).to(weight.device()));
        }
    }

    @SuppressWarnings("try")
    public static void normal(Tensor weight, float mean, float standardDeviation, RandomGenerator random) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            weight.copyFrom(Tensor.randn(random, weight.shape().toArray())
                    .mul(standardDeviation)
                    .add(mean)
                    .to(weight.device()));
        }
    }

    /**
     * Normal with standard deviation {@code sqrt(2 / fan)}, for layers before a ReLU (He et al. 2015,
     * arXiv:1502.01852).
     */
    public static void kaimingNormal(Tensor weight, Fan fan, RandomGenerator random) {
        normal(weight, 0f, (float) Math.sqrt(2.0 / fan(weight, fan)), random);
    }

    /**
     * Uniform within {@code sqrt(6 / ((1 + slope^2) * fan))}.
     *
     * @param slope of the leaky ReLU that follows: 0 for a ReLU; {@code sqrt(5)} gives PyTorch's default for its layers
     */
    public static void kaimingUniform(Tensor weight, Fan fan, double slope, RandomGenerator random) {
        float bound = (float) Math.sqrt(6.0 / ((1 + slope * slope) * fan(weight, fan)));
        uniform(weight, -bound, bound, random);
    }

    /** Uniform within {@code sqrt(6 / (fan_in + fan_out))} (Glorot and Bengio 2010). */
    public static void xavierUniform(Tensor weight, RandomGenerator random) {
        float bound = (float) Math.sqrt(6.0 / (fan(weight, Fan.FAN_IN) + fan(weight, Fan.FAN_OUT)));
        uniform(weight, -bound, bound, random);
    }

    private static double fan(Tensor weight, Fan fan) {
        Shape shape = weight.shape();
        if (shape.rank() < 2) {
            throw new IllegalArgumentException("init: a fan needs a weight of at least 2 dimensions, was " + shape
                    + ". Hint: initialise biases with Init.constant.");
        }
        int receptive = shape.dim(0) * shape.dim(1) == 0 ? 1 : shape.numel() / (shape.dim(0) * shape.dim(1));
        return Math.max(1, (double) shape.dim(fan == Fan.FAN_IN ? 1 : 0) * receptive);
    }

    /** PyTorch's default for linear and convolution layers: both uniform within {@code 1 / sqrt(fan_in)}. */
    public static Parameter weight(RandomGenerator random, int... shape) {
        return drawn(Tensor.zeros(shape), random);
    }

    /**
     * {@link #weight} of a 2-d convolution, {@code [out, in, height, width]}, channels-last in memory, so that kernels
     * read and write neighbouring channels together.
     */
    public static Parameter convolution(RandomGenerator random, int out, int in, int height, int width) {
        return drawn(Tensor.zeros(out, height, width, in).permute(0, 3, 1, 2), random);
    }

    /** PyTorch's default for everything in a recurrent layer: uniform within {@code 1 / sqrt(units)}. */
    public static Parameter recurrent(RandomGenerator random, int units, int... shape) {
        float bound = (float) (1 / Math.sqrt(units));
        return new Parameter(SKIPPED.get() ? Tensor.zeros(shape) : Tensor.uniform(random, -bound, bound, shape));
    }

    /** PyTorch's default for the projections of attention: {@link #xavierUniform}. */
    public static Parameter xavier(RandomGenerator random, int... shape) {
        Tensor weight = Tensor.zeros(shape);
        if (!SKIPPED.get()) {
            xavierUniform(weight, random);
        }
        return new Parameter(weight);
    }

    private static Parameter drawn(Tensor weight, RandomGenerator random) {
        if (!SKIPPED.get()) {
            kaimingUniform(weight, Fan.FAN_IN, Math.sqrt(5), random);
        }
        return new Parameter(weight);
    }

    /** PyTorch's default for the bias of a layer whose outputs each have {@code fanIn} inputs. */
    public static Parameter bias(RandomGenerator random, int size, int fanIn) {
        if (SKIPPED.get()) {
            return new Parameter(Tensor.zeros(size));
        }
        float bound = (float) (1 / Math.sqrt(Math.max(1, fanIn)));
        return new Parameter(Tensor.uniform(random, -bound, bound, size));
    }
}
