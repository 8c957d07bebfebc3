package dev.graft.nn.optim;

import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import dev.graft.tensor.Update;
import java.util.List;

/**
 * Adam: {@code g += weightDecay * w; w -= lr * m' / (sqrt(v') + eps)} with bias-corrected running means {@code m'} of
 * the gradient and {@code v'} of its square. Its weight decay is an L2 penalty, which the division scales too; in
 * {@link AdamW} it is not scaled, and usually works better.
 *
 * <p>A step is composed of tensor functions, and goes over memory several times; {@link AdamW} with weight decay 0 is
 * Adam without decay, in one pass.
 *
 * @see <a href="https://arxiv.org/abs/1412.6980">Kingma and Ba 2015</a>
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.optim.Adam.html">torch.optim.Adam</a>
 */
public final class Adam extends PerParameterOptimizer<Adam.Options> {
    private static final String NAME = "adam";
    private static final String MEAN = "exp_avg";
    private static final String SQUARE = "exp_avg_sq";
    private static final String LARGEST = "max_exp_avg_sq";

    public Adam(List<Parameter> parameters, Options options) {
        this(List.of(new ParameterGroup<>(parameters, options)));
    }

    /** For groups with different options. */
    public Adam(List<ParameterGroup<Options>> groups) {
        super(NAME, groups);
    }

    /** PyTorch's defaults: betas 0.9 and 0.999, eps 1e-8, no weight decay, no AMSGrad. */
    public static Options lr(double learningRate) {
        return new Options(learningRate, 0.9, 0.999, 1e-8, 0, false);
    }

    /**
     * The settings of Adam.
     *
     * @param learningRate not negative
     * @param beta1 the memory of the gradient's mean, in [0, 1)
     * @param beta2 the memory of its square's mean, in [0, 1)
     * @param eps added to the root
     * @param weightDecay the L2 penalty
     * @param amsgrad whether to divide by the largest mean of squares so far (Reddi, Kale and Kumar 2018)
     */
    public record Options(
            double learningRate, double beta1, double beta2, double eps, double weightDecay, boolean amsgrad) {

        public Options {
            Settings.notNegative(NAME, "learning rate", learningRate);
            Settings.share(NAME, "beta1", beta1);
            Settings.share(NAME, "beta2", beta2);
            Settings.positive(NAME, "eps", eps);
            Settings.notNegative(NAME, "weight decay", weightDecay);
        }

        public Options betas(double newBeta1, double newBeta2) {
            return new Options(learningRate, newBeta1, newBeta2, eps, weightDecay, amsgrad);
        }

        public Options eps(double newEps) {
            return new Options(learningRate, beta1, beta2, newEps, weightDecay, amsgrad);
        }

        public Options weightDecay(double newWeightDecay) {
            return new Options(learningRate, beta1, beta2, eps, newWeightDecay, amsgrad);
        }

        public Options amsgrad(boolean on) {
            return new Options(learningRate, beta1, beta2, eps, weightDecay, on);
        }
    }

    @Override
    protected double learningRate(Options o) {
        return o.learningRate();
    }

    @Override
    protected List<String> moments(Options o) {
        return o.amsgrad() ? List.of(MEAN, SQUARE, LARGEST) : List.of(MEAN, SQUARE);
    }

    @Override
    protected void step(Tensor weight, Tensor gradient, State state, Options o, double learningRate) {
        if (!o.amsgrad()) {
            Update.adam(
                    weight,
                    gradient,
                    state.moment(MEAN),
                    state.moment(SQUARE),
                    state.step(),
                    learningRate,
                    o.beta1(),
                    o.beta2(),
                    o.eps(),
                    o.weightDecay());
            return;
        }
        Tensor g = penalized(gradient, weight, o.weightDecay());
        Tensor mean = state.moment(MEAN).mulInPlace((float) o.beta1()).addInPlace(g, (float) (1 - o.beta1()));
        Tensor square =
                state.moment(SQUARE).mulInPlace((float) o.beta2()).addInPlace(g.square(), (float) (1 - o.beta2()));
        Tensor largest = state.moment(LARGEST);
        largest.copyFrom(largest.maximum(square));
        double meanShare = 1 - Math.pow(o.beta1(), (double) state.step());
        double squareShare = 1 - Math.pow(o.beta2(), (double) state.step());
        Tensor root = largest.sqrt().affine((float) (1 / Math.sqrt(squareShare)), (float) o.eps());
        weight.addInPlace(mean.div(root), (float) (-learningRate / meanShare));
    }

    /** The gradient with that of the L2 penalty. */
    static Tensor penalized(Tensor gradient, Tensor weight, double weightDecay) {
        return weightDecay == 0 ? gradient : gradient.copy().addInPlace(weight, (float) weightDecay);
    }
}
