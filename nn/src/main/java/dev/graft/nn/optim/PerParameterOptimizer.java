package dev.graft.nn.optim;

import dev.graft.io.StateDict;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * An optimizer that steps each parameter by itself, from its gradient and tensors of its shape that it remembers, as
 * most optimizers do. Extend it to write your own: it keeps, saves and loads the moments, counts the steps, and handles
 * groups and schedules. This is Lion (Chen et al. 2023):
 *
 * <pre>{@code
 * public final class Lion extends PerParameterOptimizer<Lion.Options> {
 *     public record Options(double learningRate, double beta1, double beta2, double weightDecay) {}
 *
 *     public Lion(List<Parameter> parameters, Options options) {
 *         super("lion", List.of(new ParameterGroup<>(parameters, options)));
 *     }
 *
 *     protected double learningRate(Options o) {
 *         return o.learningRate();
 *     }
 *
 *     protected List<String> moments(Options o) {
 *         return List.of("exp_avg");
 *     }
 *
 *     protected void step(Tensor weight, Tensor gradient, State state, Options o, double learningRate) {
 *         Tensor mean = state.moment("exp_avg");
 *         Tensor blend = mean.mul((float) o.beta1()).add(gradient.mul((float) (1 - o.beta1())));
 *         weight.mulInPlace((float) (1 - learningRate * o.weightDecay()));
 *         weight.addInPlace(blend.div(blend.abs().add(1e-30f)), (float) -learningRate);
 *         mean.mulInPlace((float) o.beta2()).addInPlace(gradient, (float) (1 - o.beta2()));
 *     }
 * }
 * }</pre>
 *
 * <p>A step made of tensor functions goes over memory several times, {@link Sgd} and {@link AdamW} do it once.
 *
 * @param <O> the options of a group; a record, so that its text shows the settings of a resumed run
 */
public abstract class PerParameterOptimizer<O> extends Optimizer {
    private static final String STEP = "step";

    private final String name;
    private final List<ParameterGroup<O>> groups;
    private final List<Parameter> parameters;
    private final List<Optional<State>> states = new ArrayList<>();

    /**
     * @param name in messages, such as {@code lion}
     * @param groups each parameter once
     */
    protected PerParameterOptimizer(String name, List<ParameterGroup<O>> groups) {
        this.name = name;
        this.groups = check(name, groups);
        this.parameters = all(groups);
        parameters.forEach(parameter -> states.add(Optional.empty()));
    }

    /** What an optimizer remembers about one parameter. */
    public static final class State {
        private final Map<String, Tensor> moments;
        private long steps;

        private State(Map<String, Tensor> moments, long steps) {
            this.moments = moments;
            this.steps = steps;
        }

        /** The number of this step, from 1. */
        public long step() {
            return steps;
        }

        /**
         * The tensor of this name, of the parameter's shape; zeros before the first step. Change it in place.
         *
         * @throws IllegalArgumentException if {@link PerParameterOptimizer#moments} does not name it
         */
        public Tensor moment(String moment) {
            if (!moments.containsKey(moment)) {
                throw new IllegalArgumentException("optimizer: there is no moment " + moment + " (moments "
                        + moments.keySet() + "). Hint: name it in moments(options).");
            }
            return moments.get(moment);
        }

        private void close() {
            moments.values().forEach(Tensor::close);
        }
    }

    /** The learning rate of a group, before the schedule's factor. */
    protected abstract double learningRate(O options);

    /**
     * The names of the tensors to remember for each parameter of a group, such as {@code exp_avg}; not {@code step}.
     */
    protected abstract List<String> moments(O options);

    /**
     * Changes one weight in place. Nothing is recorded, and what the step computes is freed after it.
     *
     * @param gradient of the weight's shape; do not change it
     * @param learningRate of the group, with the schedule's factor
     */
    protected abstract void step(Tensor weight, Tensor gradient, State state, O options, double learningRate);

    @Override
    public final String name() {
        return name;
    }

    @Override
    protected final List<ParameterGroup<O>> groups() {
        return groups;
    }

    @Override
    public final List<Parameter> parameters() {
        return parameters;
    }

    @Override
    protected final double baseLearningRate() {
        return learningRate(groups.get(0).options());
    }

    @Override
    @SuppressWarnings("try")
    protected final void stepAll() {
        double[] rates = groups.stream()
                .mapToDouble(group -> scaled(learningRate(group.options())))
                .toArray();
        int i = 0;
        for (int g = 0; g < rates.length; g++) {
            O options = groups.get(g).options();
            for (Parameter parameter : groups.get(g).parameters()) {
                if (steps(parameter)) {
                    State state = stateOf(i, parameter, options);
                    state.steps++;
                    try (Scope scope = Scope.open();
                            Autograd.Guard guard = Autograd.noGrad()) {
                        step(parameter.value(), parameter.grad().orElseThrow(), state, options, rates[g]);
                    }
                }
                i++;
            }
        }
    }

    private State stateOf(int index, Parameter parameter, O options) {
        if (states.get(index).isEmpty()) {
            states.set(index, Optional.of(make(moments(options), moment -> zerosLike(parameter), 0)));
        }
        State state = states.get(index).orElseThrow();
        state.moments.replaceAll((moment, tensor) -> beside(parameter, tensor));
        return state;
    }

    private static State make(List<String> names, Function<String, Tensor> moment, long steps) {
        State state = new State(new LinkedHashMap<>(), steps);
        if (names.contains(STEP)) {
            throw new IllegalArgumentException("optimizer: the number of steps is kept under the name " + STEP
                    + " (moments " + names + "). Hint: give the moment another name.");
        }
        try {
            names.forEach(kind -> state.moments.put(kind, moment.apply(kind)));
            return state;
        } catch (RuntimeException | Error e) {
            state.close();
            throw e;
        }
    }

    @Override
    public final StateDict stateDict() {
        StateDict saved = new StateDict();
        for (int i = 0; i < states.size(); i++) {
            String prefix = i + ".";
            states.get(i).ifPresent(state -> {
                saved.put(prefix + STEP, Tensor.of(new long[] {state.steps}));
                state.moments.forEach((moment, tensor) -> saved.put(prefix + moment, tensor.detach()));
            });
        }
        return saved;
    }

    @Override
    public final void check(StateDict state) {
        Set<String> kinds = new LinkedHashSet<>();
        groups.forEach(group -> kinds.addAll(moments(group.options())));
        judge(state, parameters, kinds, Set.of(STEP));
        int i = 0;
        for (ParameterGroup<O> group : groups) {
            List<String> expected = moments(group.options());
            for (int k = 0; k < group.parameters().size(); k++) {
                checkComplete(state, i, expected, kinds);
                i++;
            }
        }
    }

    private static void checkComplete(StateDict state, int index, List<String> expected, Set<String> kinds) {
        Set<String> all = new LinkedHashSet<>(expected);
        all.add(STEP);
        Set<String> found = new LinkedHashSet<>(kinds);
        found.add(STEP);
        found.removeIf(kind -> !state.contains(index + "." + kind));
        if (!found.isEmpty() && !found.equals(all)) {
            throw new IllegalArgumentException("optimizer: parameter " + index + " has the entries " + sorted(found)
                    + " instead of " + sorted(all) + ". Hint: use the options of the run that saved it; if they are the"
                    + " same, the file is damaged.");
        }
    }

    private static List<String> sorted(Set<String> names) {
        return names.stream().sorted().toList();
    }

    @Override
    public final void load(StateDict state) {
        check(state);
        List<List<String>> kinds = new ArrayList<>();
        groups.forEach(group -> group.parameters().forEach(parameter -> kinds.add(moments(group.options()))));
        take(
                states,
                i -> state.contains(i + "." + STEP)
                        ? Optional.of(make(
                                kinds.get(i),
                                moment -> momentFor(parameters.get(i), state.get(i + "." + moment)),
                                state.get(i + "." + STEP).itemLong()))
                        : Optional.empty(),
                State::close);
    }

    @Override
    public void close() {
        states.forEach(state -> state.ifPresent(State::close));
        states.replaceAll(state -> Optional.empty());
    }
}
