package dev.graft.nn.optim;

import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code g += weightDecay * w; v = alpha * v + (1 - alpha) * g^2; w -= lr * g / (sqrt(v) + eps)}, with a velocity if
 * there is momentum. Centered, the mean of the gradient is subtracted: {@code sqrt(v - mean(g)^2)}; a difference that
 * rounding makes negative counts as 0, where PyTorch's root is NaN.
 *
 * <p>A step is composed of tensor functions, and goes over memory several times.
 *
 * @see <a href="https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf">Hinton 2012</a>
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html">torch.optim.RMSprop</a>
 */
public final class RmsProp extends PerParameterOptimizer<RmsProp.Options> {
    private static final String NAME = "rmsProp";
    private static final String SQUARE = "square_avg";
    private static final String MEAN = "grad_avg";
    private static final String BUFFER = "momentum_buffer";

    public RmsProp(List<Parameter> parameters, Options options) {
        this(List.of(new ParameterGroup<>(parameters, options)));
    }

    /** For groups with different options. */
    public RmsProp(List<ParameterGroup<Options>> groups) {
        super(NAME, groups);
    }

    /** PyTorch's defaults: alpha 0.99, eps 1e-8, no weight decay, no momentum, not centered. */
    public static Options lr(double learningRate) {
        return new Options(learningRate, 0.99, 1e-8, 0, 0, false);
    }

    /**
     * The settings of RMSprop.
     *
     * @param learningRate not negative
     * @param alpha the memory of the mean of squares, in [0, 1)
     * @param eps added to the root
     * @param weightDecay the L2 penalty
     * @param momentum the share of the velocity that a step keeps, in [0, 1)
     * @param centered whether to divide by the standard deviation of the gradient instead of its size
     */
    public record Options(
            double learningRate, double alpha, double eps, double weightDecay, double momentum, boolean centered) {

        public Options {
            Settings.notNegative(NAME, "learning rate", learningRate);
            Settings.share(NAME, "alpha", alpha);
            Settings.positive(NAME, "eps", eps);
            Settings.notNegative(NAME, "weight decay", weightDecay);
            Settings.share(NAME, "momentum", momentum);
        }

        public Options alpha(double newAlpha) {
            return new Options(learningRate, newAlpha, eps, weightDecay, momentum, centered);
        }

        public Options eps(double newEps) {
            return new Options(learningRate, alpha, newEps, weightDecay, momentum, centered);
        }

        public Options weightDecay(double newWeightDecay) {
            return new Options(learningRate, alpha, eps, newWeightDecay, momentum, centered);
        }

        public Options momentum(double newMomentum) {
            return new Options(learningRate, alpha, eps, weightDecay, newMomentum, centered);
        }

        public Options centered(boolean on) {
            return new Options(learningRate, alpha, eps, weightDecay, momentum, on);
        }
    }

    @Override
    protected double learningRate(Options o) {
        return o.learningRate();
    }

    @Override
    protected List<String> moments(Options o) {
        List<String> names = new ArrayList<>(List.of(SQUARE));
        if (o.momentum() != 0) {
            names.add(BUFFER);
        }
        if (o.centered()) {
            names.add(MEAN);
        }
        return names;
    }

    @Override
    protected void step(Tensor weight, Tensor gradient, State state, Options o, double learningRate) {
        Tensor g = Adam.penalized(gradient, weight, o.weightDecay());
        Tensor square =
                state.moment(SQUARE).mulInPlace((float) o.alpha()).addInPlace(g.square(), (float) (1 - o.alpha()));
        Tensor spread = square;
        if (o.centered()) {
            Tensor mean = state.moment(MEAN).mulInPlace((float) o.alpha()).addInPlace(g, (float) (1 - o.alpha()));
            spread = square.sub(mean.square()).clamp(0, Float.POSITIVE_INFINITY);
        }
        Tensor direction = g.div(spread.sqrt().add((float) o.eps()));
        if (o.momentum() != 0) {
            direction = state.moment(BUFFER).mulInPlace((float) o.momentum()).addInPlace(direction, 1);
        }
        weight.addInPlace(direction, (float) -learningRate);
    }
}
