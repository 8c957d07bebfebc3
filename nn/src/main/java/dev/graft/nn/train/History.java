package dev.graft.nn.train;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The course of a training, including the epochs before a resume.
 *
 * @param epochs the finished epochs
 * @param bestEpoch the epoch with the best monitored score; empty without validation data
 * @param ending why it ended
 */
public record History(List<EpochResult> epochs, OptionalInt bestEpoch, Ending ending) {

    /** Why a training ended. */
    public enum Ending {
        /** All epochs are done. */
        COMPLETED,
        /** The monitored score did not improve for as many epochs as the patience allows. */
        STOPPED_EARLY,
        /**
         * A stop was requested (see {@link StopSignal}); a checkpoint to resume from was written if there is a
         * directory.
         */
        INTERRUPTED
    }

    public History {
        epochs = List.copyOf(epochs);
    }

    /**
     * What looks wrong about the training as a whole: one class for every validation example, an AUROC no better than
     * guessing, a loss that did not move. Each warning says what to try. Empty if nothing is wrong.
     */
    public List<String> warnings() {
        return TrainingWarnings.of(this);
    }

    /** The result of the best epoch; empty without validation data. */
    public Optional<EpochResult> best() {
        return epochs.stream()
                .filter(result -> bestEpoch.isPresent() && result.epoch() == bestEpoch.getAsInt())
                .findFirst();
    }
}
