package dev.graft.nn.optim;

import dev.graft.io.StateDict;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Changes parameters against their gradients. Frozen parameters and those without a gradient are left alone wholly: no step, no
 * weight decay, no decaying momentum.
 */
public abstract sealed class Optimizer implements AutoCloseable permits Sgd, AdamW {
    private double factor = 1;

    Optimizer() {
    }

    static <O> List<ParameterGroup<O>> check(String name, List<ParameterGroup<O>> groups) {
        Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        for (ParameterGroup<O> group : groups) {
            for (Parameter parameter : group.parameters()) {
                if (!seen.add(parameter)) {
                    throw new IllegalArgumentException(name + ": a parameter " + parameter.shape()
                            + " is listed twice and would be stepped twice. Hint: put every parameter into one group.");
                }
            }
        }
        if (seen.isEmpty()) {
            throw new IllegalArgumentException(name + ": there are no parameters. Hint: unfreeze some, or put on a new head after"
                    + " freezing.");
        }
        return List.copyOf(groups);
    }

    /** All parameters of all groups, in order. */
    public abstract List<Parameter> parameters();

    /** One step against the gradients. */
    public abstract void step();

    /** Forgets all gradients; call it before each backward pass that should not add to the last. */
    public final void zeroGrad() {
        parameters().forEach(Parameter::clearGrad);
    }

    /** Scales every group's learning rate, as a {@link LrSchedule} says; 1 at first. */
    public final void scaleLearningRate(double newFactor) {
        if (!(newFactor >= 0) || Double.isInfinite(newFactor)) {
            throw new IllegalArgumentException("optimizer: the learning rate's factor must be finite and not negative, was " + newFactor);
        }
        factor = newFactor;
    }

    final float scaled(double learningRate) {
        return (float) (learningRate * factor);
    }

    /** The learning rate of the first group as the next step uses it. */
    public final double learningRate() {
        return baseLearningRate() * factor;
    }

    abstract double baseLearningRate();

    /** Moments and step counts by parameter number, such as {@code 3.momentum_buffer}; they share memory with this. */
    public abstract StateDict stateDict();

    /**
     * Goes on from a saved state; the parameters must be the same, in the same order.
     *
     * @throws IllegalArgumentException naming all entries that do not fit; nothing has changed then
     */
    public abstract void load(StateDict state);

    /** Frees moments; the parameters belong to their modules. */
    @Override
    public abstract void close();

    static <O> List<Parameter> all(List<ParameterGroup<O>> groups) {
        return groups.stream().flatMap(group -> group.parameters().stream()).toList();
    }

    static boolean steps(Parameter parameter) {
        return !parameter.isFrozen() && parameter.grad().isPresent();
    }

    /** Zeros beside a parameter: same shape, layout and device. */
    static Tensor zerosLike(Parameter parameter) {
        Tensor zeros = parameter.value().detach().copy().keep();
        zeros.fill(0f);
        return zeros;
    }

    /** An own copy of a saved moment, on its parameter's device. */
    @SuppressWarnings("try")
    static Tensor momentFor(Parameter parameter, Tensor saved) {
        Tensor moment = zerosLike(parameter);
        try (Scope scope = Scope.open()) {
            moment.copyFrom(saved.to(parameter.value().device()));
        }
        return moment;
    }

    static void judge(StateDict state, List<Parameter> parameters, Set<String> moments, Set<String> counters) {
        List<String> problems = state.names().stream().flatMap(key -> {
            int dot = key.indexOf('.');
            String kind = key.substring(dot + 1);
            int index = number(dot < 0 ? "" : key.substring(0, dot));
            if (index < 0 || index >= parameters.size() || !(moments.contains(kind) || counters.contains(kind))) {
                return Stream.of("unexpected " + key);
            }
            if (moments.contains(kind) && !state.get(key).shape().equals(parameters.get(index).shape())) {
                return Stream.of(key + ": saved " + state.get(key).shape() + ", parameter " + parameters.get(index).shape());
            }
            return Stream.empty();
        }).toList();
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("optimizer: the saved state does not fit " + parameters.size() + " parameters: "
                    + String.join("; ", problems) + ". Hint: build model and optimizer as in the run that saved it.");
        }
    }

    private static int number(String digits) {
        try {
            return Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
