package dev.graft.nn.optim;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A running average of a network's weights and running statistics, which often predicts better than the last weights.
 * Call {@link #update()} after each step, or wrap the optimizer in an {@link AveragingOptimizer}, which a
 * {@code Trainer} steps, saves and resumes like any other.
 *
 * <pre>{@code
 * WeightAverage average = WeightAverage.exponential(model, 0.999);
 * Optimizer optimizer = new AveragingOptimizer(new Sgd(model.trainableParameters(), Sgd.lr(0.1)), average);
 * ...
 * Evaluation evaluation = average.using(() -> Evaluator.evaluate(model, loader, loss));
 * average.copyToModel();
 * }</pre>
 *
 * <p>Integers, such as counts of batches, are not averaged but copied. The running statistics of batch norm are
 * averaged with the weights, as in PyTorch with {@code use_buffers=True}; they are those of the average's own
 * activations only approximately.
 *
 * @see <a
 *     href="https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html">torch.optim.swa_utils.AveragedModel</a>
 */
public final class WeightAverage implements AutoCloseable {
    private static final String UPDATES = "updates";
    private static final String WEIGHTS = "weights.";

    private final Module model;
    /** 0 for equal weights. */
    private final double decay;

    private StateDict average = new StateDict();
    private long updates;

    private WeightAverage(Module model, double decay) {
        this.model = model;
        this.decay = decay;
    }

    /**
     * An exponential moving average: {@code average = decay * average + (1 - decay) * weights}, from the weights at the
     * first update.
     *
     * @param decay in (0, 1), such as 0.999
     */
    public static WeightAverage exponential(Module model, double decay) {
        if (!(decay > 0 && decay < 1)) {
            throw new IllegalArgumentException("weight average: decay must be in (0, 1), was " + decay);
        }
        return new WeightAverage(model, decay);
    }

    /**
     * The mean over all updates: stochastic weight averaging (Izmailov et al. 2018). Update it late in training, such
     * as once an epoch.
     */
    public static WeightAverage equal(Module model) {
        return new WeightAverage(model, 0);
    }

    /**
     * Takes the current weights into the average.
     *
     * @throws IllegalStateException if the network has other weights than at the first update; nothing has changed then
     */
    @SuppressWarnings("try")
    public void update() {
        try (StateDict current = model.stateDict()) {
            if (updates == 0) {
                StateDict first = current.copy();
                average.close();
                average = first;
            } else {
                checkSameNames(current);
                double share = decay == 0 ? 1.0 / (updates + 1) : 1 - decay;
                for (Map.Entry<String, Tensor> entry : current.entries()) {
                    try (Scope scope = Scope.open();
                            Autograd.Guard guard = Autograd.noGrad()) {
                        move(average.get(entry.getKey()), entry.getValue(), share);
                    }
                }
            }
        }
        updates++;
    }

    /** {@code mean + share * (weight - mean)}, whose steps stay exact for shares next to 0. */
    private static void move(Tensor mean, Tensor weight, double share) {
        if (mean.dtype() == DType.F32) {
            mean.addInPlace(weight.to(mean.device()).sub(mean), (float) share);
        } else {
            mean.copyFrom(weight);
        }
    }

    private void checkSameNames(StateDict current) {
        List<String> problems = new ArrayList<>();
        for (Map.Entry<String, Tensor> entry : current.entries()) {
            Tensor mean = average.find(entry.getKey()).orElse(null);
            if (mean == null || !mean.shape().equals(entry.getValue().shape())) {
                problems.add(entry.getKey());
            }
        }
        average.names().stream().filter(name -> !current.contains(name)).forEach(problems::add);
        if (!problems.isEmpty()) {
            throw new IllegalStateException("weight average: the network changed after the first update: "
                    + String.join(", ", problems) + ". Hint: make a new average after replace(...).");
        }
    }

    /** How often {@link #update()} was called. */
    public long updates() {
        return updates;
    }

    /**
     * Overwrites the network's weights and running statistics by the average, for good.
     *
     * @throws IllegalStateException before the first update
     */
    public void copyToModel() {
        checkStarted();
        model.load(average);
    }

    /**
     * Runs {@code body} while the network has the average's weights, then gives it back its own, also after an
     * exception. Only while no other thread uses the network.
     *
     * @throws IllegalStateException before the first update
     */
    public <T> T using(Supplier<T> body) {
        checkStarted();
        try (StateDict current = model.stateDict();
                StateDict own = current.copy()) {
            try {
                model.load(average);
                return body.get();
            } finally {
                model.load(own);
            }
        }
    }

    private void checkStarted() {
        if (updates == 0) {
            throw new IllegalStateException("weight average: there is none yet. Hint: call update() after a step.");
        }
    }

    /** The averages by the network's names, and their count; they share memory with this average. */
    public StateDict stateDict() {
        StateDict state = new StateDict();
        state.put(UPDATES, Tensor.of(new long[] {updates}));
        average.entries()
                .forEach(e -> state.put(WEIGHTS + e.getKey(), e.getValue().detach()));
        return state;
    }

    /**
     * Checks a saved state as {@link #load} does, and changes nothing.
     *
     * @throws IllegalArgumentException naming all entries that do not fit
     */
    public void check(StateDict state) {
        List<String> problems = new ArrayList<>();
        Tensor count = state.find(UPDATES).orElse(null);
        boolean counts = count != null && !count.isClosed() && Optimizer.isCount(count);
        if (!counts) {
            problems.add(UPDATES + " must be one I64 number that is not negative");
        }
        boolean empty = counts && count != null && count.itemLong() == 0;
        try (StateDict current = model.stateDict()) {
            for (Map.Entry<String, Tensor> entry : current.entries()) {
                String name = WEIGHTS + entry.getKey();
                Tensor saved = state.find(name).orElse(null);
                Tensor own = entry.getValue();
                if (saved == null) {
                    if (!empty) {
                        problems.add("missing " + name);
                    }
                } else if (saved.isClosed()) {
                    problems.add(name + ": saved " + saved.shape() + " was closed");
                } else if (!saved.shape().equals(own.shape()) || saved.dtype() != own.dtype()) {
                    problems.add(name + ": saved " + saved.dtype() + " " + saved.shape() + ", network " + own.dtype()
                            + " " + own.shape());
                }
            }
            state.names().stream()
                    .filter(name -> !name.equals(UPDATES)
                            && !(name.startsWith(WEIGHTS) && current.contains(name.substring(WEIGHTS.length()))))
                    .forEach(name -> problems.add("unexpected " + name));
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("weight average: the saved state does not fit the network: "
                    + String.join("; ", problems) + ". Hint: build the model as in the run that saved it.");
        }
    }

    /**
     * Continues from a saved state.
     *
     * @throws IllegalArgumentException naming all entries that do not fit; nothing has changed then
     */
    public void load(StateDict state) {
        check(state);
        StateDict taken = new StateDict();
        try (StateDict current = model.stateDict()) {
            for (Map.Entry<String, Tensor> entry : current.entries()) {
                state.find(WEIGHTS + entry.getKey()).ifPresent(saved -> {
                    Tensor place = entry.getValue().detach().copy().keep();
                    taken.put(entry.getKey(), place);
                    place.copyFrom(saved.to(place.device()));
                });
            }
        } catch (RuntimeException | Error e) {
            taken.close();
            throw e;
        }
        long count = state.get(UPDATES).itemLong();
        average.close();
        average = taken;
        updates = count;
    }

    /** The settings, to be read and to distinguish runs. */
    @Override
    public String toString() {
        return decay == 0 ? "equal average" : "exponential average " + decay;
    }

    /** Frees the average; the network keeps its weights. */
    @Override
    public void close() {
        average.close();
        average = new StateDict();
        updates = 0;
    }
}
