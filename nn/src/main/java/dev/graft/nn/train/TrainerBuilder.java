package dev.graft.nn.train;

import dev.graft.nn.Module;
import dev.graft.nn.loss.Loss;
import dev.graft.nn.optim.LrSchedule;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.optim.ReduceOnPlateau;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** The settings of a {@link Trainer}; each method returns this builder. */
public final class TrainerBuilder {
    final Module model;
    final Loss loss;
    final Optimizer optimizer;
    Loss validationLoss;
    int epochs = 1;
    int accumulate = 1;
    OptionalDouble clipNorm = OptionalDouble.empty();
    LrSchedule schedule = LrSchedule.constant();
    boolean schedulePerEpoch = true;
    Optional<ReduceOnPlateau> plateau = Optional.empty();
    Monitor monitor = Monitor.LOSS;
    OptionalInt patience = OptionalInt.empty();
    boolean restoreBest = true;
    Optional<Path> directory = Optional.empty();
    Optional<FolderLock> lock = Optional.empty();
    String identity = "";
    boolean resume;
    Progress progress = Progress.silent();
    /** How much training a kill during the validation may lose, so that short epochs do not each cost a checkpoint. */
    Duration unsaved = Duration.ofSeconds(1);

    StopSignal stop = new StopSignal();
    final List<TrainerCallback> callbacks = new ArrayList<>();

    TrainerBuilder(Module model, Loss loss, Optimizer optimizer) {
        this.model = model;
        this.loss = loss;
        this.validationLoss = loss;
        this.optimizer = optimizer;
    }

    /** How many times every example is seen; 1 if not set. */
    public TrainerBuilder epochs(int count) {
        epochs = atLeastOne("epochs", count);
        return this;
    }

    /**
     * Accumulates the gradients of several batches for one step. This has the effect of one batch with all their
     * examples, in less memory, even if batches are unequal, classes weighted or labels ignored. Only batch norm still
     * sees each batch separately.
     */
    public TrainerBuilder accumulate(int batches) {
        accumulate = atLeastOne("accumulated batches", batches);
        return this;
    }

    /** Limits the common norm of all gradients at every step. */
    public TrainerBuilder clipNorm(double maxNorm) {
        if (!(maxNorm > 0)) {
            throw new IllegalArgumentException("trainer: the largest gradient norm must be positive, was " + maxNorm);
        }
        clipNorm = OptionalDouble.of(maxNorm);
        return this;
    }

    /** Changes the learning rate from epoch to epoch; the first epoch is step 0. */
    public TrainerBuilder schedulePerEpoch(LrSchedule newSchedule) {
        schedule = newSchedule;
        schedulePerEpoch = true;
        return this;
    }

    /**
     * Changes the learning rate from optimizer step to optimizer step; {@link Trainer#steps} gives the number of steps.
     */
    public TrainerBuilder schedulePerStep(LrSchedule newSchedule) {
        schedule = newSchedule;
        schedulePerEpoch = false;
        return this;
    }

    /**
     * Also lowers the learning rate when the {@linkplain #monitor monitored} validation score stops improving; the
     * factor multiplies that of a schedule. It needs validation data.
     */
    public TrainerBuilder reduceOnPlateau(ReduceOnPlateau rule) {
        plateau = Optional.of(rule);
        return this;
    }

    /**
     * Uses a different loss for validation than for training, such as one without class weights and label smoothing,
     * whose values are comparable between runs.
     */
    public TrainerBuilder validationLoss(Loss judge) {
        validationLoss = judge;
        return this;
    }

    /**
     * The validation score that decides the best epoch; the loss if not set. Among epochs with the same score, the one
     * with the lowest validation loss is the best. An epoch in which the score is not defined, such as the AUROC of a
     * single class, is never the best.
     */
    public TrainerBuilder monitor(Monitor score) {
        monitor = score;
        return this;
    }

    /**
     * Stops after this many epochs without a better monitored score; a lower loss with the same score does not count.
     */
    public TrainerBuilder earlyStopping(int patienceEpochs) {
        patience = OptionalInt.of(atLeastOne("patience", patienceEpochs));
        return this;
    }

    /**
     * Whether the model ends with the weights of the best epoch, if there is validation data, or with those of the
     * last. True if not set.
     */
    public TrainerBuilder restoreBest(boolean restore) {
        restoreBest = restore;
        return this;
    }

    /**
     * Where {@code last.safetensors} (a checkpoint to resume from), {@code best.safetensors} (a plain state dict of the
     * best epoch) and {@code log.csv} are written. The folder is made, and locked while the training runs. The files of
     * an older run are kept until the new run's first checkpoint is on the disk; from then on they are ignored.
     */
    public TrainerBuilder directory(Path folder) {
        directory = Optional.of(folder);
        return this;
    }

    /** As {@link #directory(Path)}, for a caller that has already locked the folder and keeps the lock. */
    public TrainerBuilder directory(Path folder, FolderLock held) {
        lock = Optional.of(held);
        return directory(folder);
    }

    /**
     * Continues from the directory's last checkpoint, if there is one. Model, optimizer and loader must be built as in
     * the first run. The result then has the same bits as that of an uninterrupted run.
     */
    public TrainerBuilder resume(boolean goOn) {
        resume = goOn;
        return this;
    }

    /**
     * Identifies this run, for example by a hash of its data and settings. Its checkpoints contain this text, and
     * resuming from a checkpoint with another text is an error. Empty if not set.
     */
    public TrainerBuilder identity(String text) {
        identity = text;
        return this;
    }

    /** For tests, whose epochs are very short. */
    TrainerBuilder unsaved(Duration limit) {
        unsaved = limit;
        return this;
    }

    /** The listener; none if not set. */
    public TrainerBuilder progress(Progress listener) {
        progress = listener;
        return this;
    }

    /** Adds a callback, which is called after those that were added before it. */
    public TrainerBuilder callback(TrainerCallback callback) {
        callbacks.add(Objects.requireNonNull(callback, "trainer: the callback is null"));
        return this;
    }

    /** The signal that requests a clean stop. */
    public TrainerBuilder stop(StopSignal signal) {
        stop = signal;
        return this;
    }

    private static int atLeastOne(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("trainer: " + what + " must be at least 1, was " + value);
        }
        return value;
    }

    public Trainer build() {
        if (resume && directory.isEmpty()) {
            throw new IllegalArgumentException("trainer: resume needs a directory. Hint: directory(path)");
        }
        return new Trainer(this);
    }
}
