package dev.graft.nn.train;

import dev.graft.nn.Module;
import dev.graft.nn.optim.Optimizer;
import java.util.Collections;
import java.util.List;

/** A running training, as a {@link TrainerCallback} sees it. Values are those of the moment of the call. */
public final class Training {
    private final Trainer trainer;
    private final TrainState state;
    private final int batches;

    Training(Trainer trainer, TrainState state, int batches) {
        this.trainer = trainer;
        this.state = state;
        this.batches = batches;
    }

    public Module model() {
        return trainer.model();
    }

    public Optimizer optimizer() {
        return trainer.optimizer();
    }

    /** The epoch that runs, from 1. */
    public int epoch() {
        return Math.min(state.epoch, epochs());
    }

    public int epochs() {
        return trainer.epochs();
    }

    /** How many batches of this epoch are done. */
    public int batch() {
        return state.batch;
    }

    /** The number of batches in an epoch. */
    public int batches() {
        return batches;
    }

    /** The optimizer steps that are done, in all epochs. */
    public long steps() {
        return state.steps;
    }

    /** The learning rate of the optimizer's first group. */
    public double learningRate() {
        return trainer.optimizer().learningRate();
    }

    /** The loss of this epoch's examples so far, as {@link EpochResult#trainLoss}; NaN if none has counted yet. */
    public double trainLoss() {
        return trainer.trainLoss(state).value();
    }

    /** The finished epochs; unmodifiable. */
    public List<EpochResult> history() {
        return Collections.unmodifiableList(state.history);
    }

    /** Ends the training when this epoch is done, as early stopping does; a resume does not continue it. */
    public void stopEarly() {
        state.stopped = true;
    }

    /** Interrupts the training after this step, as a {@link StopSignal} does; a resume continues it. */
    public void interrupt() {
        trainer.stop().request();
    }
}
