package dev.graft.nn.optim;

import dev.graft.io.StateDict;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import dev.graft.tensor.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Stochastic gradient descent: {@code g += weightDecay * w; v = momentum * v + (1 - dampening) * g; w -= lr * v}, the
 * first {@code v} being {@code g}; with Nesterov's variant {@code w -= lr * (g + momentum * v)}.
 *
 * <pre>{@code new Sgd(model.trainableParameters(), Sgd.lr(0.001).momentum(0.9))}</pre>
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.optim.SGD.html">torch.optim.SGD</a>
 */
public final class Sgd extends Optimizer {
    private static final String NAME = "sgd";
    private static final String BUFFER = "momentum_buffer";

    private final List<ParameterGroup<Options>> groups;
    private final List<Parameter> parameters;
    private final List<Optional<Tensor>> velocities = new ArrayList<>();

    public Sgd(List<Parameter> parameters, Options options) {
        this(List.of(new ParameterGroup<>(parameters, options)));
    }

    /** For groups with different options. */
    public Sgd(List<ParameterGroup<Options>> groups) {
        this.groups = check(NAME, groups);
        this.parameters = all(groups);
        parameters.forEach(parameter -> velocities.add(Optional.empty()));
    }

    /** Plain gradient descent with a learning rate; the methods of the result add to it. */
    public static Options lr(double learningRate) {
        return new Options(learningRate, 0, 0, 0, false);
    }

    /**
     * The settings of SGD.
     *
     * @param learningRate not negative
     * @param momentum the share of the velocity that a step keeps, in [0, 1)
     * @param dampening the share of the gradient that does not enter the velocity
     * @param weightDecay the L2 penalty
     * @param nesterov whether to use Nesterov's momentum, which needs momentum and no dampening
     */
    public record Options(
            double learningRate, double momentum, double dampening, double weightDecay, boolean nesterov) {

        public Options {
            Settings.notNegative(NAME, "learning rate", learningRate);
            Settings.share(NAME, "momentum", momentum);
            Settings.finite(NAME, "dampening", dampening);
            Settings.notNegative(NAME, "weight decay", weightDecay);
            if (nesterov && (momentum == 0 || dampening != 0)) {
                throw new IllegalArgumentException(
                        "sgd: Nesterov needs momentum and no dampening (momentum " + momentum + ", dampening "
                                + dampening + "). Hint: Sgd.lr(" + learningRate + ").momentum(0.9).nesterov(true)");
            }
        }

        public Options momentum(double newMomentum) {
            return new Options(learningRate, newMomentum, dampening, weightDecay, nesterov);
        }

        public Options dampening(double newDampening) {
            return new Options(learningRate, momentum, newDampening, weightDecay, nesterov);
        }

        public Options weightDecay(double newWeightDecay) {
            return new Options(learningRate, momentum, dampening, newWeightDecay, nesterov);
        }

        /** Set momentum first. */
        public Options nesterov(boolean on) {
            return new Options(learningRate, momentum, dampening, weightDecay, on);
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
            List<Step> steps = new ArrayList<>(1);
            for (Parameter parameter : group.parameters()) {
                if (steps(parameter)) {
                    add(i, parameter, group.options(), steps);
                }
                i++;
            }
            for (Step step : steps) {
                step.run(group.options(), scaled(group.options().learningRate()));
            }
        }
    }

    /** The parameters that one call steps. */
    private record Step(
            boolean first, Device device, List<Tensor> weights, List<Tensor> gradients, List<Tensor> velocities) {

        /** The step for such parameters, added to {@code steps} if it is not there. */
        static Step of(List<Step> steps, boolean first, Device device) {
            for (Step step : steps) {
                if (step.first == first && step.device.equals(device)) {
                    return step;
                }
            }
            Step step = new Step(first, device, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            steps.add(step);
            return step;
        }

        void run(Options o, double learningRate) {
            Update.sgd(
                    weights,
                    gradients,
                    velocities,
                    first,
                    learningRate,
                    o.momentum(),
                    o.dampening(),
                    o.weightDecay(),
                    o.nesterov());
        }
    }

    private void add(int index, Parameter parameter, Options o, List<Step> steps) {
        boolean first = velocities.get(index).isEmpty();
        Tensor weight = parameter.value();
        Step step = Step.of(steps, first, weight.device());
        if (o.momentum() != 0) {
            Tensor velocity = first
                    ? zerosLike(parameter)
                    : beside(parameter, velocities.get(index).get());
            velocities.set(index, Optional.of(velocity));
            step.velocities.add(velocity);
        }
        step.weights.add(weight);
        step.gradients.add(parameter.grad().orElseThrow());
    }

    @Override
    public StateDict stateDict() {
        StateDict state = new StateDict();
        for (int i = 0; i < velocities.size(); i++) {
            String key = i + "." + BUFFER;
            velocities.get(i).ifPresent(velocity -> state.put(key, velocity.detach()));
        }
        return state;
    }

    @Override
    public void check(StateDict state) {
        judge(state, parameters, Set.of(BUFFER), Set.of());
    }

    @Override
    public void load(StateDict state) {
        check(state);
        take(
                velocities,
                i -> {
                    String key = i + "." + BUFFER;
                    return state.contains(key)
                            ? Optional.of(momentFor(parameters.get(i), state.get(key)))
                            : Optional.empty();
                },
                Tensor::close);
    }

    @Override
    public void close() {
        velocities.forEach(velocity -> velocity.ifPresent(Tensor::close));
        velocities.replaceAll(velocity -> Optional.empty());
    }
}
