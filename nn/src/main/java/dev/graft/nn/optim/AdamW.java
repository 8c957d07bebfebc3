package dev.graft.nn.optim;

import dev.graft.io.StateDict;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import dev.graft.tensor.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Adam with decoupled weight decay: {@code w -= lr * (m' / (sqrt(v') + eps) + weightDecay * w)} with bias-corrected
 * running means {@code m'} of the gradient and {@code v'} of its square.
 *
 * @see <a href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter 2019</a>
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html">torch.optim.AdamW</a>
 */
public final class AdamW extends Optimizer {
    private static final String NAME = "adamW";
    private static final String MEAN = "exp_avg";
    private static final String SQUARE = "exp_avg_sq";
    private static final String STEP = "step";

    private final List<ParameterGroup<Options>> groups;
    private final List<Parameter> parameters;
    private final List<Optional<Moments>> moments = new ArrayList<>();

    private static final class Moments {
        private Tensor mean;
        private Tensor square;
        private long step;

        private Moments(Tensor mean, Tensor square, long step) {
            this.mean = mean;
            this.square = square;
            this.step = step;
        }

        private void close() {
            mean.close();
            square.close();
        }
    }

    public AdamW(List<Parameter> parameters, Options options) {
        this(List.of(new ParameterGroup<>(parameters, options)));
    }

    /** For groups with different options. */
    public AdamW(List<ParameterGroup<Options>> groups) {
        this.groups = check(NAME, groups);
        this.parameters = all(groups);
        parameters.forEach(parameter -> moments.add(Optional.empty()));
    }

    /** PyTorch's defaults: betas 0.9 and 0.999, eps 1e-8, weight decay 0.01. */
    public static Options lr(double learningRate) {
        return new Options(learningRate, 0.9, 0.999, 1e-8, 0.01);
    }

    /**
     * The settings of AdamW.
     *
     * @param learningRate not negative
     * @param beta1 the memory of the gradient's mean, in [0, 1)
     * @param beta2 the memory of its square's mean, in [0, 1)
     * @param eps added to the root
     * @param weightDecay the share of a weight that a step with learning rate 1 subtracts
     */
    public record Options(double learningRate, double beta1, double beta2, double eps, double weightDecay) {

        public Options {
            Settings.notNegative(NAME, "learning rate", learningRate);
            Settings.share(NAME, "beta1", beta1);
            Settings.share(NAME, "beta2", beta2);
            Settings.positive(NAME, "eps", eps);
            Settings.notNegative(NAME, "weight decay", weightDecay);
        }

        public Options betas(double newBeta1, double newBeta2) {
            return new Options(learningRate, newBeta1, newBeta2, eps, weightDecay);
        }

        public Options eps(double newEps) {
            return new Options(learningRate, beta1, beta2, newEps, weightDecay);
        }

        public Options weightDecay(double newWeightDecay) {
            return new Options(learningRate, beta1, beta2, eps, newWeightDecay);
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    protected List<ParameterGroup<Options>> groups() {
        return groups;
    }

    @Override
    public List<Parameter> parameters() {
        return parameters;
    }

    @Override
    protected double baseLearningRate() {
        return groups.get(0).options().learningRate();
    }

    @Override
    protected void stepAll() {
        int i = 0;
        for (ParameterGroup<Options> group : groups) {
            Options o = group.options();
            for (Parameter parameter : group.parameters()) {
                if (steps(parameter)) {
                    step(i, parameter, o);
                }
                i++;
            }
        }
    }

    private void step(int index, Parameter parameter, Options o) {
        if (moments.get(index).isEmpty()) {
            moments.set(index, Optional.of(new Moments(zerosLike(parameter), zerosLike(parameter), 0)));
        }
        Moments m = moments.get(index).orElseThrow();
        m.mean = beside(parameter, m.mean);
        m.square = beside(parameter, m.square);
        Update.adamW(
                parameter.value(),
                parameter.grad().orElseThrow(),
                m.mean,
                m.square,
                m.step + 1,
                scaled(o.learningRate()),
                o.beta1(),
                o.beta2(),
                o.eps(),
                o.weightDecay());
        m.step++;
    }

    @Override
    public StateDict stateDict() {
        StateDict state = new StateDict();
        for (int i = 0; i < moments.size(); i++) {
            String prefix = i + ".";
            moments.get(i).ifPresent(m -> {
                state.put(prefix + STEP, Tensor.of(new long[] {m.step}));
                state.put(prefix + MEAN, m.mean.detach());
                state.put(prefix + SQUARE, m.square.detach());
            });
        }
        return state;
    }

    @Override
    public void check(StateDict state) {
        judge(state, parameters, Set.of(MEAN, SQUARE), Set.of(STEP));
        for (int i = 0; i < parameters.size(); i++) {
            long present = 0;
            for (String kind : List.of(STEP, MEAN, SQUARE)) {
                present += state.contains(i + "." + kind) ? 1 : 0;
            }
            if (present != 0 && present != 3) {
                throw new IllegalArgumentException(
                        "optimizer: parameter " + i + " has " + present + " of the 3 entries " + STEP + ", " + MEAN
                                + ", " + SQUARE + ". Hint: the file is damaged; start from an earlier checkpoint.");
            }
        }
    }

    @Override
    public void load(StateDict state) {
        check(state);
        take(
                moments,
                i -> state.contains(i + "." + STEP) ? Optional.of(saved(state, i)) : Optional.empty(),
                Moments::close);
    }

    private Moments saved(StateDict state, int i) {
        Tensor mean = momentFor(parameters.get(i), state.get(i + "." + MEAN));
        try {
            return new Moments(
                    mean,
                    momentFor(parameters.get(i), state.get(i + "." + SQUARE)),
                    state.get(i + "." + STEP).itemLong());
        } catch (RuntimeException | Error e) {
            mean.close();
            throw e;
        }
    }

    @Override
    public void close() {
        moments.forEach(m -> m.ifPresent(Moments::close));
        moments.replaceAll(m -> Optional.empty());
    }
}
