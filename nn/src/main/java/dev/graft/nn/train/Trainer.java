package dev.graft.nn.train;

import static dev.graft.message.Message.setting;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LoaderPass;
import dev.graft.nn.loss.Loss;
import dev.graft.nn.optim.GradientClip;
import dev.graft.nn.optim.LrSchedule;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.optim.ReduceOnPlateau;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.tensor.Update;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Trains a network: epochs, validation, schedule, early stopping, checkpoints, exact resume.
 *
 * <pre>{@code
 * History history = Trainer.builder(model, new CrossEntropyLoss(), sgd)
 *         .epochs(25).schedulePerEpoch(new StepLr(7, 0.1)).monitor(Monitor.ACCURACY).directory(out)
 *         .build().fit(train, validation);
 * }</pre>
 *
 * <p>A model is trained by one thread at a time. Other threads may evaluate it between two steps, not during one. Two
 * trainers on one model, or a thread that loads weights during training, are reported as an error.
 */
public final class Trainer {
    /** Squares of larger weights overflow a float, and the next step's loss would be NaN. */
    private static final double LARGEST_WEIGHTS = 1e19;

    private final Module model;
    private final Loss criterion;
    private final Loss validationCriterion;
    private final Optimizer optimizer;
    private final int epochs;
    private final int accumulate;
    private final OptionalDouble clipNorm;
    private final LrSchedule schedule;
    private final boolean schedulePerEpoch;
    private final Optional<ReduceOnPlateau> plateau;
    private final Monitor monitor;
    private final OptionalInt patience;
    private final boolean restoreBest;
    private final Optional<Path> directory;
    private final Optional<FolderLock> lock;
    private final String identity;
    private final boolean resume;
    private final Duration unsaved;
    private final Progress progress;
    private final StopSignal stop;
    private final Callbacks callbacks;

    Trainer(TrainerBuilder builder) {
        model = builder.model;
        criterion = builder.loss;
        validationCriterion = builder.validationLoss;
        optimizer = builder.optimizer;
        epochs = builder.epochs;
        accumulate = builder.accumulate;
        clipNorm = builder.clipNorm;
        schedule = builder.schedule;
        schedulePerEpoch = builder.schedulePerEpoch;
        plateau = builder.plateau;
        monitor = builder.monitor;
        patience = builder.patience;
        restoreBest = builder.restoreBest;
        directory = builder.directory;
        lock = builder.lock;
        identity = builder.identity;
        resume = builder.resume;
        unsaved = builder.unsaved;
        progress = builder.progress;
        stop = builder.stop;
        callbacks = new Callbacks(builder.callbacks);
    }

    Module model() {
        return model;
    }

    Optimizer optimizer() {
        return optimizer;
    }

    int epochs() {
        return epochs;
    }

    StopSignal stop() {
        return stop;
    }

    /** By default: one epoch, a constant learning rate, nothing written. */
    public static TrainerBuilder builder(Module model, Loss loss, Optimizer optimizer) {
        return new TrainerBuilder(model, loss, optimizer);
    }

    /** The number of optimizer steps in a whole training, for a per-step schedule. */
    public static long steps(DataLoader train, int epochs, int accumulate) {
        return (long) epochs * ((train.batches() + accumulate - 1) / accumulate);
    }

    /**
     * The identity of the run whose newest checkpoint is in a folder (see {@link TrainerBuilder#identity}); empty if
     * there is no checkpoint.
     */
    public static Optional<String> identity(Path folder) {
        return RunFiles.newest(folder).map(Checkpoint::identity);
    }

    /**
     * How far a run is.
     *
     * @param epoch that comes next, or is interrupted
     * @param batch how many of its batches are done
     */
    public record Position(int epoch, int batch) {}

    /** How far the run in a folder is; empty where there is no checkpoint. */
    public static Optional<Position> position(Path folder) {
        return RunFiles.newest(folder).map(Checkpoint::position).map(at -> new Position(at.epoch(), at.batch()));
    }

    /**
     * What the run in a folder has learnt so far: the weights of its best epoch, or where it has none yet those of its
     * newest checkpoint. Empty where there is no checkpoint.
     */
    public static Optional<SavedWeights> saved(Path folder) {
        return RunFiles.saved(folder);
    }

    /** Trains without validation: no best epoch, no early stopping. */
    public History fit(DataLoader train) {
        return fit(train, Optional.empty());
    }

    public History fit(DataLoader train, DataLoader validation) {
        return fit(train, Optional.of(validation));
    }

    /**
     * Trains, and leaves the model in evaluation mode.
     *
     * @throws TrainingException if the loss or a weight becomes non-finite, nothing can be learnt, or a file cannot be
     *     written; earlier checkpoints stay unchanged
     */
    public History fit(DataLoader train, Optional<DataLoader> validation) {
        check(validation);
        try (RunFiles files = RunFiles.open(directory, lock, model, identity, callbacks)) {
            TrainState state = files.begin(resume, optimizer, train, settings());
            if (state.epoch > epochs && state.batch > 0) {
                throw new TrainingException("training: the run to resume stands in epoch " + state.epoch + ", batch "
                        + state.batch + ", but only " + epochs + (epochs == 1 ? " epoch is" : " epochs are")
                        + " asked for. Hint: " + setting("epochs", state.epoch) + " or more.");
            }
            state.changed.ifPresent(progress::warning);
            Training training = new Training(this, state, train.batches());
            callbacks.each(callback -> callback.trainingStarted(training));
            History.Ending ending = run(state, training, train, validation, files);
            if (restoreBest && ending != History.Ending.INTERRUPTED && state.bestEpoch.isPresent()) {
                files.restoreBest(state);
            }
            model.eval();
            History history = new History(state.history, state.bestEpoch, ending);
            callbacks.each(callback -> callback.trainingDone(training, history));
            return history;
        }
    }

    private RunSettings settings() {
        return RunSettings.of(
                accumulate,
                monitor,
                optimizer,
                clipNorm.isPresent() ? "gradients clipped to " + clipNorm.getAsDouble() : "no clipping",
                described(criterion),
                ScheduleText.of(schedule)
                        + (schedulePerEpoch ? " per epoch" : " per step")
                        + plateau.map(rule -> ", " + rule).orElse("")
                        + callbacks.describe());
    }

    /** The loss's own text; a loss without one is identified by its class alone. */
    private static String described(Object part) {
        String text = part.toString();
        String name = part.getClass().isHidden() ? "" : part.getClass().getSimpleName();
        return text.contains("@") ? name : text;
    }

    private void check(Optional<DataLoader> validation) {
        TrainerChecks.optimizer(model, optimizer, progress);
        if (patience.isPresent() && validation.isEmpty()) {
            throw new TrainingException("training: early stopping needs validation data. Hint: fit(train, validation)");
        }
        if (plateau.isPresent() && validation.isEmpty()) {
            throw new TrainingException(
                    "training: reduceOnPlateau needs validation data. Hint: fit(train, validation)");
        }
        TrainerChecks.finite(model);
        validation.ifPresent(loader -> monitor.check(loader.dataset(), validationCriterion));
    }

    private History.Ending run(
            TrainState state, Training training, DataLoader train, Optional<DataLoader> validation, RunFiles files) {
        while (state.epoch <= epochs) {
            if (isExhausted(state)) {
                return History.Ending.STOPPED_EARLY;
            }
            progress.epochStarted(state.epoch, epochs, train.batches(), state.batch);
            Optional<EpochResult> result;
            try {
                model.train();
                callbacks.each(callback -> callback.epochStarted(training));
                result = epoch(state, training, train, validation, files);
            } catch (RuntimeException | Error e) {
                abort(e);
                throw e;
            }
            if (result.isEmpty()) {
                progress.epochAborted();
                return History.Ending.INTERRUPTED;
            }
            progress.epochDone(result.get());
            if (stop.isRequested() && state.epoch <= epochs) {
                return History.Ending.INTERRUPTED;
            }
        }
        return isExhausted(state) ? History.Ending.STOPPED_EARLY : History.Ending.COMPLETED;
    }

    private void abort(Throwable failure) {
        try {
            progress.epochAborted();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Trains, validates and saves an epoch. Empty if a stop was requested before that was done; the state is then saved
     * too.
     */
    private Optional<EpochResult> epoch(
            TrainState state, Training training, DataLoader train, Optional<DataLoader> validation, RunFiles files) {
        long begin = System.nanoTime();
        double secondsBefore = state.seconds;
        boolean finished = trainEpoch(state, training, train, validation.isPresent(), files);
        state.seconds = secondsBefore + seconds(begin);
        // the last step may have made the weights non-finite, which must not replace a good checkpoint
        checkWeights(state, files);
        if (!finished) {
            files.saveLast(optimizer, state, train);
            return Optional.empty();
        }
        double trainSeconds = state.seconds;
        Optional<Scores> scores = Optional.empty();
        if (validation.isPresent()) {
            boolean worthSaving = seconds(begin) >= unsaved.toNanos() / 1e9;
            scores = validate(validation.get(), train, state, files, worthSaving);
            if (scores.isEmpty()) {
                return Optional.empty();
            }
        }
        EpochResult result = new EpochResult(
                state.epoch,
                state.learningRate,
                trainLoss(state).value(),
                state.right < 0 ? Double.NaN : (double) state.right / state.judged,
                scores,
                secondsBefore + seconds(begin),
                state.seen / trainSeconds);
        try {
            callbacks.each(callback -> callback.epochDone(training, result));
        } catch (RuntimeException | Error e) {
            saveAfter(e, state, train, files);
            throw e;
        }
        checkWeights(state, files); // a callback may have changed them
        state.history.add(result);
        scores.ifPresent(s -> keepIfBest(state, s, files));
        state.beginEpoch(state.epoch + 1);
        files.saveLast(optimizer, state, train);
        return Optional.of(result);
    }

    RunningLoss trainLoss(TrainState state) {
        return new RunningLoss(criterion, state.lossSum, state.lossWeight);
    }

    /** Depends only on the history, so that a resumed run has the rates of an unbroken run. */
    private double plateauFactor(TrainState state) {
        if (plateau.isEmpty()) {
            return 1;
        }
        double[] scores = state.history.stream()
                .mapToDouble(result -> result.validation().map(monitor::of).orElse(Double.NaN))
                .toArray();
        return plateau.get().factor(monitor != Monitor.LOSS, scores);
    }

    /** Depends only on what a checkpoint keeps, so that a resumed run stops where an unbroken run does. */
    private boolean isExhausted(TrainState state) {
        if (state.stopped && state.batch == 0) {
            return true;
        }
        if (patience.isEmpty() || state.batch != 0) {
            return false;
        }
        int lastDone = state.epoch - 1;
        OptionalInt better = BestEpoch.lastBetterScore(state.history, monitor);
        return better.isPresent() && lastDone - better.getAsInt() >= patience.getAsInt();
    }

    private void keepIfBest(TrainState state, Scores scores, RunFiles files) {
        double score = monitor.of(scores);
        if (Double.isNaN(score)) {
            MonitorCheck.warnUndefined(monitor, state, progress);
        } else if (BestEpoch.isBeatenBy(scores, monitor, state)) {
            state.bestEpoch = OptionalInt.of(state.epoch);
            state.bestScore = score;
            files.saveBest(state);
        }
    }

    /** Returns whether the epoch was completed; a stop takes effect only after an optimizer step. */
    private boolean trainEpoch(TrainState state, Training training, DataLoader train, boolean judged, RunFiles files) {
        int batches = train.batches();
        if (state.batch == batches) {
            return true; // resumed after the epoch's training, before its validation
        }
        optimizer.zeroGrad();
        Accumulation accumulation = new Accumulation(criterion);
        RunningLoss loss = trainLoss(state);
        try (LoaderPass pass = train.pass(state.epoch, state.batch)) {
            for (Batch batch : pass) {
                if (state.batch % accumulate == 0) {
                    optimizer.scaleLearningRate(
                            schedule.factor(schedulePerEpoch ? state.epoch - 1 : state.steps) * plateauFactor(state));
                    callbacks.each(callback -> callback.stepStarted(training));
                    accumulation.begin(Math.min(accumulate, batches - state.batch));
                }
                learn(state, batch, judged, loss, accumulation, files);
                state.batch++;
                progress.batchDone(loss.value());
                if (state.batch % accumulate == 0 || state.batch == batches) {
                    accumulation.finish(optimizer.parameters());
                    step(state, training, files);
                    if (stop.isRequested() && state.batch < batches) {
                        return false;
                    }
                }
            }
        }
        if (loss.weight() == 0) {
            throw nothingCounts("epoch " + state.epoch);
        }
        return true;
    }

    @SuppressWarnings("try")
    private void learn(
            TrainState state,
            Batch batch,
            boolean judged,
            RunningLoss running,
            Accumulation accumulation,
            RunFiles files) {
        // a separate scope, so that the step's memory is freed at once after an exception too
        long before = versions();
        try (Scope scope = Scope.open()) {
            List<Tensor> outputs = model.forward(batch.allInputs());
            Tensor loss = criterion.forward(outputs, batch.allTargets());
            if (judged && state.steps == 0 && state.batch == 0) {
                MonitorCheck.classification(monitor, validationCriterion, outputs);
            }
            float value = RunningLoss.scalar(loss);
            double weight = RunningLoss.weight(criterion, outputs, batch.allTargets());
            if (weight > 0) {
                if (!Float.isFinite(value)) {
                    throw diverged("the loss is " + value, TrainerChecks.badInputs(batch), state, files);
                }
                checkUndisturbed(before);
                accumulation.backward(loss, weight);
                running.add(value, weight);
            }
            Optional<BatchPredictions> answers = BatchPredictions.of(criterion, outputs, batch.allTargets());
            state.right = answers.isPresent() ? state.right + answers.get().right() : -1;
            state.judged += answers.map(BatchPredictions::decisions).orElse(0);
        }
        checkUndisturbed(before);
        state.lossSum = running.sum();
        state.lossWeight = running.weight();
        state.seen += batch.size();
    }

    /** Increases with every change of a weight that is trained. */
    private long versions() {
        long versions = 0;
        for (Parameter parameter : optimizer.parameters()) {
            versions += parameter.value().version();
        }
        return versions;
    }

    private void checkUndisturbed(long before) {
        if (versions() != before) {
            throw new TrainingException(
                    "training: weights changed while a step was computed, by another thread or by the model's formula."
                            + " Hint: train a model in one thread at a time, and load nothing into it during training.");
        }
    }

    private static TrainingException nothingCounts(String where) {
        return new TrainingException(
                "training: no example of " + where + " counts, every label is ignored or without weight."
                        + " Hint: look at the labels, ignoreIndex and the class weights.");
    }

    private void step(TrainState state, Training training, RunFiles files) {
        callbacks.each(callback -> callback.gradientsReady(training));
        if (clipNorm.isPresent()) {
            double norm = GradientClip.norm(optimizer.parameters(), clipNorm.getAsDouble());
            if (!Double.isFinite(norm)) {
                throw diverged("the gradients' norm is " + norm, Optional.empty(), state, files);
            }
        }
        state.learningRate = optimizer.learningRate();
        optimizer.step();
        optimizer.zeroGrad();
        state.steps++;
        callbacks.each(callback -> callback.stepDone(training));
    }

    /**
     * Validates the epoch that was just trained; empty if a stop was requested. The trained weights are already on the
     * disk, even if the validation fails: an hour of training must not be lost to one damaged image.
     *
     * @param saveFirst whether a kill during the validation would lose more time than saving takes
     */
    private Optional<Scores> validate(
            DataLoader loader, DataLoader train, TrainState state, RunFiles files, boolean saveFirst) {
        if (saveFirst) {
            files.saveUnvalidated(optimizer, state, train);
        }
        RunningLoss loss = new RunningLoss(validationCriterion);
        RunningScores scores = new RunningScores(monitor == Monitor.AUROC);
        boolean judged;
        progress.passStarted("validation", loader.examples(), 0);
        try {
            judged = Evaluator.evaluate(model, loader, loss, stop, new Evaluator.Listener() {
                @Override
                public void answered(BatchPredictions answers, int[] indices) {
                    // if the loss is NaN, the predictions may be NaN too, which is reported below
                    if (Double.isFinite(loss.sum())) {
                        scores.answered(answers, indices);
                    }
                }

                @Override
                public void judged(int examples) {
                    progress.passAdvanced(examples);
                }
            });
        } catch (RuntimeException | Error e) {
            if (!saveFirst) {
                saveAfter(e, state, train, files);
            }
            throw e;
        } finally {
            progress.passDone();
        }
        if (!judged) {
            if (!saveFirst) {
                files.saveUnvalidated(optimizer, state, train);
            }
            return Optional.empty();
        }
        if (loss.weight() == 0) {
            throw nothingCounts("the validation data");
        }
        if (!Double.isFinite(loss.value())) {
            files.dropUnvalidated();
            throw diverged("the validation loss is " + loss.value(), Optional.empty(), state, files);
        }
        if (scores.isTooLarge() && state.history.isEmpty()) {
            progress.warning("AUROC is left out, as it would keep more than " + RunningScores.MAX_UNASKED
                    + " probabilities in memory. Hint: monitor AUROC to compute it anyway.");
        }
        return Optional.of(scores.scores(loss.value()));
    }

    private void saveAfter(Throwable failure, TrainState state, DataLoader train, RunFiles files) {
        try {
            files.saveUnvalidated(optimizer, state, train);
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private void checkWeights(TrainState state, RunFiles files) {
        List<Tensor> weights =
                optimizer.parameters().stream().map(Parameter::value).toList();
        double norm = Update.norm(weights);
        if (!(norm <= LARGEST_WEIGHTS)) {
            throw diverged("the weights' norm is " + norm, Optional.empty(), state, files);
        }
    }

    private TrainingException diverged(String what, Optional<String> cause, TrainState state, RunFiles files) {
        return new TrainingException(
                "training: " + what + " at epoch " + state.epoch + ", step " + (state.steps + 1) + " (learning rate "
                        + (float) optimizer.learningRate() + "). Hint: "
                        + cause.orElse("use a smaller learning rate, a warm-up schedule or " + setting("clipNorm", 1))
                        + "; "
                        + files.whatIsKept() + ".");
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }
}
