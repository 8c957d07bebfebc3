package dev.graft.nn.train;

import dev.graft.nn.Module;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LoaderPass;
import dev.graft.nn.loss.Loss;
import dev.graft.nn.optim.Optimizer;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Finds a learning rate by a range test: one step for each of some growing rates, until the loss diverges.
 *
 * <pre>{@code
 * LrFinder.Result found = LrFinder.of(model, new CrossEntropyLoss(), sgd).run(train);
 * double rate = found.suggestion().orElse(1e-3);
 * }</pre>
 *
 * <p>The rates grow by a constant factor. The rate is that of the optimizer's first group; the other groups keep their
 * ratios to it. Afterwards, the model (its running statistics and random streams included), its gradients, the
 * optimizer and the loader's count of epochs are what they were, to the bit, even if the test fails.
 *
 * @see <a href="https://arxiv.org/abs/1506.01186">Smith 2017</a>
 * @see <a href="https://lightning.ai/docs/pytorch/stable/api/lightning.pytorch.tuner.tuning.Tuner.html">Lightning's
 *     lr_find</a>, which has the same curve and suggestion
 */
public final class LrFinder {
    private static final double SMOOTHING = 0.98;
    /** The first rate where {@link #between} says nothing else. */
    public static final double FIRST_RATE = 1e-7;

    /** The last rate where {@link #between} says nothing else. */
    public static final double LAST_RATE = 10;

    /** The number of rates where {@link #steps} says nothing else. */
    public static final int STEPS = 100;

    /** The smallest number of rates. */
    public static final int FEWEST_STEPS = 10;

    private final Module model;
    private final Loss criterion;
    private final Optimizer optimizer;
    private final Settings settings;

    private record Settings(
            double first, double last, int steps, double divergence, Progress progress, StopSignal stop) {

        Settings between(double from, double to) {
            return new Settings(from, to, steps, divergence, progress, stop);
        }

        Settings steps(int count) {
            return new Settings(first, last, count, divergence, progress, stop);
        }

        Settings divergence(double ratio) {
            return new Settings(first, last, steps, ratio, progress, stop);
        }

        Settings progress(Progress listener) {
            return new Settings(first, last, steps, divergence, listener, stop);
        }

        Settings stop(StopSignal signal) {
            return new Settings(first, last, steps, divergence, progress, signal);
        }
    }

    private LrFinder(Module model, Loss criterion, Optimizer optimizer, Settings settings) {
        this.model = model;
        this.criterion = criterion;
        this.optimizer = optimizer;
        this.settings = settings;
    }

    /** A test of 100 rates from 1e-7 to 10, which stops at 4 times the best loss. */
    public static LrFinder of(Module model, Loss loss, Optimizer optimizer) {
        return new LrFinder(
                model,
                loss,
                optimizer,
                new Settings(FIRST_RATE, LAST_RATE, STEPS, 4, Progress.silent(), new StopSignal()));
    }

    /**
     * The first and the last rate.
     *
     * @throws IllegalArgumentException unless {@link #isRange}
     */
    public LrFinder between(double first, double last) {
        if (!isRange(first, last)) {
            throw new IllegalArgumentException("lr finder: the first rate must be positive, and the last one larger and"
                    + " finite (" + first + ", " + last + ")");
        }
        return with(settings.between(first, last));
    }

    /** Whether {@code 0 < first < last}, both finite and neither 0 in 32 bits. */
    public static boolean isRange(double first, double last) {
        return (float) first > 0 && first < last && Float.isFinite((float) last);
    }

    /** The number of rates, and of steps; at least 10. */
    public LrFinder steps(int count) {
        if (count < FEWEST_STEPS) {
            throw new IllegalArgumentException(
                    "lr finder: the number of steps must be at least " + FEWEST_STEPS + ", was " + count);
        }
        return with(settings.steps(count));
    }

    /**
     * How many times the best loss counts as divergence, at which the test stops; infinity to see the whole range.
     *
     * @param ratio more than 1
     */
    public LrFinder divergence(double ratio) {
        if (!(ratio > 1)) {
            throw new IllegalArgumentException("lr finder: the ratio of divergence must be more than 1, was " + ratio);
        }
        return with(settings.divergence(ratio));
    }

    /** Is told of the test as of a pass, which is called "learning rates". */
    public LrFinder progress(Progress listener) {
        return with(settings.progress(listener));
    }

    /** The signal that ends the test early; the result is then what was measured until then. */
    public LrFinder stop(StopSignal signal) {
        return with(settings.stop(signal));
    }

    private LrFinder with(Settings changed) {
        return new LrFinder(model, criterion, optimizer, changed);
    }

    /** Why a test ended. */
    public enum Ending {
        /** All rates were tried. */
        COMPLETED,
        /** The loss diverged. */
        DIVERGED,
        /** A stop was requested. */
        INTERRUPTED
    }

    /**
     * The curve of a test.
     *
     * @param rates the learning rates that were tried, growing
     * @param losses the loss of one batch before the step of each rate; only the last may be non-finite
     * @param smoothed the running average of the losses, without those of larger rates
     */
    public record Result(double[] rates, double[] losses, double[] smoothed, Ending ending) {

        /**
         * The rate at which the smoothed loss falls most steeply over the logarithm of the rate, without the first
         * tenth of the rates and the last one. Empty if it falls nowhere.
         */
        public OptionalDouble suggestion() {
            int finite = finite();
            int steepest = -1;
            double slope = 0;
            for (int i = Math.max(1, rates.length / 10); i < finite - 1; i++) {
                double here = (smoothed[i + 1] - smoothed[i - 1]) / 2;
                if (here < slope) {
                    slope = here;
                    steepest = i;
                }
            }
            return steepest < 0 ? OptionalDouble.empty() : OptionalDouble.of(rates[steepest]);
        }

        /** The rate of the lowest smoothed loss: training diverges not far above it. Empty without a finite loss. */
        public OptionalDouble lowest() {
            int lowest = -1;
            for (int i = 0; i < finite(); i++) {
                lowest = lowest < 0 || smoothed[i] < smoothed[lowest] ? i : lowest;
            }
            return lowest < 0 ? OptionalDouble.empty() : OptionalDouble.of(rates[lowest]);
        }

        private int finite() {
            int n = smoothed.length;
            return n > 0 && !Double.isFinite(smoothed[n - 1]) ? n - 1 : n;
        }
    }

    /**
     * Runs the test over the loader's epochs from the first on. Their examples come as in training.
     *
     * @throws TrainingException if nothing can be trained, or the first loss is not finite; everything is then as it
     *     was
     */
    public Result run(DataLoader train) {
        check();
        try (Before before = new Before(model, optimizer)) {
            settings.progress.passStarted("learning rates", (long) settings.steps * train.batchSize(), 0);
            try {
                return model.training(() -> new Test().run(train));
            } finally {
                settings.progress.passDone();
                before.restore();
            }
        }
    }

    private void check() {
        if (!Autograd.isEnabled()) {
            throw new TrainingException("lr finder: autograd is off, so nothing can be learnt."
                    + " Hint: call it outside of Autograd.noGrad().");
        }
        TrainerChecks.fits("lr finder", model, optimizer);
        TrainerChecks.notAllFrozen("lr finder", optimizer, "unfreeze some before");
    }

    /** The rate of a step. */
    private double rate(int step) {
        return settings.first * Math.pow(settings.last / settings.first, step / (settings.steps - 1.0));
    }

    /** One run of a test. */
    private final class Test {
        private final double[] rates = new double[settings.steps];
        private final double[] losses = new double[settings.steps];
        private final double[] smoothed = new double[settings.steps];
        private final double base = baseRate();
        private int done;
        private double average;
        private double best = Double.POSITIVE_INFINITY;

        private double baseRate() {
            optimizer.scaleLearningRate(1);
            double rate = optimizer.learningRate();
            if (!(rate > 0)) {
                throw new TrainingException("lr finder: the learning rate of the optimizer's first group is " + rate
                        + ", which cannot be scaled. Hint: make the optimizer with a positive rate.");
            }
            return rate;
        }

        Result run(DataLoader train) {
            for (int epoch = 1; done < settings.steps; epoch++) {
                int before = done;
                try (LoaderPass pass = train.pass(epoch)) {
                    for (Batch batch : pass) {
                        if (settings.stop.isRequested()) {
                            return result(Ending.INTERRUPTED);
                        }
                        if (step(batch)) {
                            return result(Ending.DIVERGED);
                        }
                        settings.progress.passAdvanced(batch.size());
                        if (done == settings.steps) {
                            break;
                        }
                    }
                }
                if (done == before) {
                    throw new TrainingException(
                            "lr finder: no example counts, every label is ignored or without weight."
                                    + " Hint: look at the labels, ignoreIndex and the class weights.");
                }
            }
            return result(Ending.COMPLETED);
        }

        /** Returns whether the loss has diverged. A batch of which nothing counts is passed over. */
        @SuppressWarnings("try")
        private boolean step(Batch batch) {
            optimizer.zeroGrad();
            try (Scope scope = Scope.open()) {
                List<Tensor> outputs = model.forward(batch.allInputs());
                Tensor loss = criterion.forward(outputs, batch.allTargets());
                float value = RunningLoss.scalar(loss);
                if (RunningLoss.weight(criterion, outputs, batch.allTargets()) == 0) {
                    return false;
                }
                if (add(value)) {
                    return true;
                }
                loss.backward();
            }
            optimizer.scaleLearningRate(rates[done - 1] / base);
            optimizer.step();
            return false;
        }

        private boolean add(float value) {
            if (done == 0 && !Float.isFinite(value)) {
                throw new TrainingException("lr finder: the loss is " + value
                        + " before the first step. Hint: look at the weights and the data.");
            }
            rates[done] = rate(done);
            losses[done] = value;
            average = SMOOTHING * average + (1 - SMOOTHING) * value;
            double now = average / (1 - Math.pow(SMOOTHING, done + 1));
            smoothed[done] = now;
            done++;
            best = Math.min(best, now);
            return !Double.isFinite(now) || now > best + (settings.divergence - 1) * Math.abs(best);
        }

        private Result result(Ending ending) {
            return new Result(
                    Arrays.copyOf(rates, done), Arrays.copyOf(losses, done), Arrays.copyOf(smoothed, done), ending);
        }
    }
}
