package dev.graft.nn.optim;

import dev.graft.io.StateDict;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * Changes parameters against their gradients. Frozen parameters and those without a gradient do not change at all: no
 * step, no weight decay, no decaying momentum.
 *
 * <p>To write your own, extend {@link PerParameterOptimizer}; an optimizer that steps all parameters together extends
 * this class.
 */
public abstract class Optimizer implements AutoCloseable {
    private double factor = 1;

    protected Optimizer() {}

    /**
     * Checks the groups of a new optimizer.
     *
     * @param name of the optimizer, in messages
     * @throws IllegalArgumentException if there is no parameter, one is listed twice, or two share memory
     */
    protected static <O> List<ParameterGroup<O>> check(String name, List<ParameterGroup<O>> groups) {
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
            throw new IllegalArgumentException(
                    name + ": there are no parameters. Hint: unfreeze some, or put on a new head after" + " freezing.");
        }
        checkApart(name, all(groups));
        return List.copyOf(groups);
    }

    private static void checkApart(String name, List<Parameter> parameters) {
        Tensor[] values = parameters.stream().map(Parameter::value).toArray(Tensor[]::new);
        for (int i = 0; i < values.length; i++) {
            for (int j = 0; j < i; j++) {
                if (values[i].sharesMemory(values[j])) {
                    throw new IllegalArgumentException(name + ": parameters " + j + " " + values[j].shape() + " and "
                            + i + " " + values[i].shape() + " share memory, which would be stepped twice. Hint: use one"
                            + " Parameter in both places, or copy() the tensor of one.");
                }
            }
        }
    }

    /** All parameters of all groups, in order. */
    public abstract List<Parameter> parameters();

    /**
     * One step against the gradients.
     *
     * @throws IllegalStateException if a parameter is no longer part of a network (see {@link #checkParameters}); no
     *     parameter has changed then
     */
    public final void step() {
        checkParameters();
        stepAll();
    }

    /** One step; {@link #step()} has checked the parameters. Leave those that are frozen or have no gradient alone. */
    protected abstract void stepAll();

    /** The name and every group's settings. */
    @Override
    public final String toString() {
        return name()
                + groups().stream()
                        .map(group ->
                                group.options() + " x " + group.parameters().size())
                        .toList();
    }

    /** The groups, whose options show the settings of a resumed run. */
    protected abstract List<? extends ParameterGroup<?>> groups();

    /** The name in messages: {@code sgd}, {@code adamW}. */
    public abstract String name();

    /**
     * Checks that no module was replaced after this optimizer was made. The parameters of such a module no longer get
     * gradients, so steps would silently change nothing.
     *
     * @throws IllegalStateException naming the parameters that were replaced or closed
     */
    public final void checkParameters() {
        List<Parameter> parameters = parameters();
        boolean complete = true;
        for (Parameter parameter : parameters) {
            complete &= !isGone(parameter);
        }
        if (complete) {
            return;
        }
        List<String> gone = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            Parameter parameter = parameters.get(i);
            if (isGone(parameter)) {
                String which = "parameter " + i + " " + parameter.shape();
                gone.add(parameter
                        .takenOutOf()
                        .map(path -> path + " (" + which + ") was replaced")
                        .orElse(which + " was closed"));
            }
        }
        throw new IllegalStateException(name() + ": " + gone.size() + " of " + parameters.size()
                + " parameters are no longer in the network: " + String.join(", ", gone)
                + ". Hint: make the optimizer after replace(...), from the new model.trainableParameters().");
    }

    private static boolean isGone(Parameter parameter) {
        return parameter.isClosed() || parameter.takenOutOf().isPresent();
    }

    /** Clears all gradients. Call it before each backward pass that should not add to the previous one. */
    public final void zeroGrad() {
        parameters().forEach(Parameter::clearGrad);
    }

    /** Scales every group's learning rate, as given by a {@link LrSchedule}; 1 at first. */
    public final void scaleLearningRate(double newFactor) {
        if (!(newFactor >= 0) || Double.isInfinite(newFactor)) {
            throw new IllegalArgumentException(
                    "optimizer: the learning rate's factor must be finite and not negative, was " + newFactor);
        }
        factor = newFactor;
    }

    /**
     * A group's learning rate times the schedule's factor.
     *
     * @throws IllegalStateException if the schedule's factor gives a rate that no float can hold
     */
    protected final double scaled(double learningRate) {
        double rate = learningRate * factor;
        if (Float.isInfinite((float) rate)) {
            throw new IllegalStateException(name() + ": the learning rate " + learningRate
                    + " times the schedule's factor " + factor + " is not finite as a 32-bit float");
        }
        return rate;
    }

    /** The learning rate of the first group for the next step. */
    public final double learningRate() {
        return baseLearningRate() * factor;
    }

    /** The learning rate of the first group, before the schedule's factor. */
    protected abstract double baseLearningRate();

    /** The factor that {@link #scaleLearningRate} set; 1 at first. */
    public final double learningRateFactor() {
        return factor;
    }

    /**
     * Moments and step counts by parameter number, such as {@code 3.momentum_buffer}; they share memory with this
     * optimizer.
     */
    public abstract StateDict stateDict();

    /**
     * Checks a saved state as {@link #load} does, and changes nothing.
     *
     * @throws IllegalArgumentException naming all entries that do not fit
     */
    public abstract void check(StateDict state);

    /**
     * Continues from a saved state. The parameters must be the same, in the same order. The previous state is freed.
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

    /** Zeros like a parameter: same shape, layout and device. */
    @SuppressWarnings("try")
    static Tensor zerosLike(Parameter parameter) {
        try (Scope scope = Scope.open()) {
            return parameter.value().detach().copy().fill(0f).keep();
        }
    }

    /** A separate copy of a saved moment, on its parameter's device. */
    @SuppressWarnings("try")
    static Tensor momentFor(Parameter parameter, Tensor saved) {
        Tensor moment = zerosLike(parameter);
        try (Scope scope = Scope.open()) {
            moment.copyFrom(saved.to(parameter.value().device()));
            return moment;
        } catch (RuntimeException | Error e) {
            moment.close();
            throw e;
        }
    }

    /** The moment on its parameter's device: it follows a network that was moved to another device. */
    static Tensor beside(Parameter parameter, Tensor moment) {
        if (moment.device().equals(parameter.value().device())) {
            return moment;
        }
        Tensor moved = momentFor(parameter, moment);
        moment.close();
        return moved;
    }

    /** Replaces every parameter's state by the result of {@code make}, all or nothing, and frees the previous state. */
    static <T> void take(List<Optional<T>> states, IntFunction<Optional<T>> make, Consumer<T> free) {
        List<Optional<T>> taken = new ArrayList<>();
        try {
            for (int i = 0; i < states.size(); i++) {
                taken.add(make.apply(i));
            }
        } catch (RuntimeException | Error e) {
            taken.forEach(state -> state.ifPresent(free));
            throw e;
        }
        for (int i = 0; i < states.size(); i++) {
            states.set(i, taken.set(i, states.get(i)));
        }
        taken.forEach(state -> state.ifPresent(free));
    }

    /** Whether an open tensor is one I64 number that is not negative, as counters are saved. */
    static boolean isCount(Tensor saved) {
        return saved.dtype() == DType.I64 && saved.numel() == 1 && saved.itemLong() >= 0;
    }

    static void judge(StateDict state, List<Parameter> parameters, Set<String> moments, Set<String> counters) {
        List<String> problems = state.names().stream()
                .flatMap(key -> {
                    int dot = key.indexOf('.');
                    String kind = key.substring(dot + 1);
                    int index = number(dot < 0 ? "" : key.substring(0, dot));
                    if (index < 0
                            || index >= parameters.size()
                            || !(moments.contains(kind) || counters.contains(kind))
                            || !key.equals(index + "." + kind)) {
                        return Stream.of("unexpected " + key);
                    }
                    Tensor saved = state.get(key);
                    if (saved.isClosed()) {
                        return Stream.of(key + ": saved " + saved.shape() + " was closed");
                    }
                    if (counters.contains(kind)) {
                        return isCount(saved)
                                ? Stream.empty()
                                : Stream.of(key + ": must be one I64 number that is not negative, saved " + saved);
                    }
                    if (!saved.shape().equals(parameters.get(index).shape())) {
                        return Stream.of(key + ": saved " + saved.shape() + ", parameter "
                                + parameters.get(index).shape());
                    }
                    if (saved.dtype() != DType.F32) {
                        return Stream.of(key + ": saved " + saved.dtype() + ", moments are F32");
                    }
                    return Stream.empty();
                })
                .toList();
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("optimizer: the saved state does not fit " + parameters.size()
                    + " parameters: " + String.join("; ", problems)
                    + ". Hint: build model and optimizer as in the run that saved it.");
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
