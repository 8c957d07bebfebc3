package dev.graft.nn.train;

import dev.graft.nn.Module;
import dev.graft.nn.loss.Loss;
import dev.graft.nn.optim.LrSchedule;
import dev.graft.nn.optim.Optimizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** The settings of a {@link Trainer}; each method returns this. */
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
    Monitor monitor = Monitor.LOSS;
    OptionalInt patience = OptionalInt.empty();
    boolean restoreBest = true;
    Optional<Path> directory = Optional.empty();
    Optional<FolderLock> lock = Optional.empty();
    String identity = "";
    boolean resume;
    Progress progress = Progress.silent();
    /**
     * How much training a kill during the validation may lose: less than it takes to write a checkpoint for each short
     * epoch.
     */
    Duration unsaved = Duration.ofSeconds(1);

    StopSignal stop = new StopSignal();

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
     * Adds up the gradients of several batches for one step: the effect of one batch of all their examples, in less
     * memory, also where batches are unequal, classes weighted or labels ignored. Only batch norm still sees each batch
     * by itself.
     */
    public TrainerBuilder accumulate(int batches) {
        accumulate = atLeastOne("accumulated batches", batches);
        return this;
    }

    /** Limits the gradients' common norm at every step. */
    public TrainerBuilder clipNorm(double maxNorm) {
        if (!(maxNorm > 0)) {
            throw new IllegalArgumentException("trainer: the largest gradient norm must be positive, was " + maxNorm);
        }
        clipNorm = OptionalDouble.of(maxNorm);
        return this;
    }

    /** Changes the learning rate from epoch to epoch; the first has step 0. */
    public TrainerBuilder schedulePerEpoch(LrSchedule newSchedule) {
        schedule = newSchedule;
        schedulePerEpoch = true;
        return this;
    }

    /**
     * Changes the learning rate from optimizer step to optimizer step; {@link Trainer#steps} tells how many there are.
     */
    public TrainerBuilder schedulePerStep(LrSchedule newSchedule) {
        schedule = newSchedule;
        schedulePerEpoch = false;
        return this;
    }

    /**
     * Judges validation data by another loss than the one that is trained with, such as one without class weights and
     * label smoothing, whose values can be compared between runs.
     */
    public TrainerBuilder validationLoss(Loss judge) {
        validationLoss = judge;
        return this;
    }

    /**
     * The validation score that names the best epoch; the loss if not set. Of epochs with the same score, that with the
     * lowest validation loss is the best. An epoch in which the score is not defined, such as the AUROC of a single
     * class, is never the best.
     */
    public TrainerBuilder monitor(Monitor score) {
        monitor = score;
        return this;
    }

    /** Stops after this many epochs without a better monitored score; a lower loss at the same score is none. */
    public TrainerBuilder earlyStopping(int patienceEpochs) {
        patience = OptionalInt.of(atLeastOne("patience", patienceEpochs));
        return this;
    }

    /**
     * Whether the model ends with the best epoch's weights, where there is validation data, or the last's; yes if not
     * set.
     */
    public TrainerBuilder restoreBest(boolean restore) {
        restoreBest = restore;
        return this;
    }

    /**
     * Where {@code last.safetensors} (a checkpoint to resume from), {@code best.safetensors} (a plain state dict of the
     * best epoch) and {@code log.csv} are written; the folder is made. It is locked while the training runs. What an
     * older run left there is kept until the new run's first checkpoint is on the disk; from then on it counts no more.
     */
    public TrainerBuilder directory(Path folder) {
        directory = Optional.of(folder);
        return this;
    }

    /** As {@link #directory(Path)}, for a caller that has locked the folder already and keeps the lock. */
    public TrainerBuilder directory(Path folder, FolderLock held) {
        lock = Optional.of(held);
        return directory(folder);
    }

    /**
     * Goes on from the directory's last checkpoint where there is one. Model, optimizer and loader must be built as in
     * the first run; the result then has the same bits as a run that was never interrupted.
     */
    public TrainerBuilder resume(boolean goOn) {
        resume = goOn;
        return this;
    }

    /**
     * What tells this run from others, such as a hash of its data and settings. Its checkpoints carry it, and resuming
     * one that has another is an error. Empty if not set.
     */
    public TrainerBuilder identity(String text) {
        identity = text;
        return this;
    }

    /** For tests, whose epochs are over in no time. */
    TrainerBuilder unsaved(Duration limit) {
        unsaved = limit;
        return this;
    }

    /** Who is told; nobody if not set. */
    public TrainerBuilder progress(Progress listener) {
        progress = listener;
        return this;
    }

    /** What may ask for a clean stop. */
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
