package dev.graft.nn.optim;

import dev.graft.io.StateDict;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Steps another optimizer, and takes the weights into a {@link WeightAverage} after the step. The average is saved and
 * resumed with the optimizer's state.
 *
 * <pre>{@code
 * new AveragingOptimizer(sgd, WeightAverage.exponential(model, 0.999));                             // after each step
 * new AveragingOptimizer(sgd, WeightAverage.equal(model)).from(75 * stepsPerEpoch).every(stepsPerEpoch);   // SWA
 * }</pre>
 */
public final class AveragingOptimizer extends Optimizer {
    private static final String AVERAGE = "average.";
    private static final String STEPS = "averaging.steps";

    private final Optimizer optimizer;
    private final WeightAverage average;
    private final long from;
    private final long every;
    private long steps;

    /** Both are closed with this optimizer. */
    public AveragingOptimizer(Optimizer optimizer, WeightAverage average) {
        this(optimizer, average, 0, 1);
    }

    private AveragingOptimizer(Optimizer optimizer, WeightAverage average, long from, long every) {
        this.optimizer = optimizer;
        this.average = average;
        this.from = from;
        this.every = every;
    }

    /** Averages only after this many steps. Call it before the first step, and use the result. */
    public AveragingOptimizer from(long firstSteps) {
        if (firstSteps < 0) {
            throw new IllegalArgumentException("averaging: the first steps must not be negative, were " + firstSteps);
        }
        return new AveragingOptimizer(optimizer, average, firstSteps, every);
    }

    /** Averages after each {@code steps}th step. Call it before the first step, and use the result. */
    public AveragingOptimizer every(long distance) {
        if (distance < 1) {
            throw new IllegalArgumentException("averaging: the distance must be at least 1 step, was " + distance);
        }
        return new AveragingOptimizer(optimizer, average, from, distance);
    }

    public WeightAverage average() {
        return average;
    }

    /** The optimizer's name and how its weights are averaged. */
    @Override
    public String name() {
        return optimizer.name() + " with " + average + (from == 0 ? "" : " from step " + from)
                + (every == 1 ? "" : " every " + every + " steps");
    }

    @Override
    protected List<? extends ParameterGroup<?>> groups() {
        return optimizer.groups();
    }

    @Override
    public List<Parameter> parameters() {
        return optimizer.parameters();
    }

    @Override
    protected double baseLearningRate() {
        return optimizer.baseLearningRate();
    }

    @Override
    protected void stepAll() {
        optimizer.scaleLearningRate(learningRateFactor());
        optimizer.step();
        steps++;
        if (steps > from && (steps - from) % every == 0) {
            average.update();
        }
    }

    @Override
    public StateDict stateDict() {
        StateDict state = optimizer.stateDict();
        try (StateDict averages = average.stateDict()) {
            averages.entries()
                    .forEach(e -> state.put(AVERAGE + e.getKey(), e.getValue().detach()));
        }
        return state.put(STEPS, Tensor.of(new long[] {steps}));
    }

    /** The entries of the average, or of the optimizer; they share memory with the whole. */
    private static StateDict part(StateDict state, boolean ofAverage) {
        StateDict part = new StateDict();
        for (Map.Entry<String, Tensor> entry : state.entries()) {
            String name = entry.getKey();
            if (name.startsWith(AVERAGE) == ofAverage && !name.equals(STEPS)) {
                Tensor tensor = entry.getValue();
                part.put(
                        ofAverage ? name.substring(AVERAGE.length()) : name,
                        tensor.isClosed() ? tensor : tensor.detach());
            }
        }
        return part;
    }

    @Override
    public void check(StateDict state) {
        Tensor count = state.find(STEPS).orElse(null);
        if (count == null || count.isClosed() || !isCount(count)) {
            throw new IllegalArgumentException("optimizer: the saved state has no valid " + STEPS
                    + ". Hint: it is of a run without this average; resume with the optimizer that saved it.");
        }
        try (StateDict averages = part(state, true);
                StateDict moments = part(state, false)) {
            average.check(averages);
            optimizer.check(moments);
        }
    }

    @Override
    public void load(StateDict state) {
        check(state);
        try (StateDict averages = part(state, true);
                StateDict moments = part(state, false)) {
            optimizer.load(moments);
            average.load(averages);
        }
        steps = state.get(STEPS).itemLong();
    }

    @Override
    public void close() {
        optimizer.close();
        average.close();
    }
}
