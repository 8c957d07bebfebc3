package dev.graft.nn.train;

import java.io.PrintStream;

/**
 * Receives the progress of a training, on the training thread. After {@link #epochStarted} come calls of
 * {@link #batchDone}, then one call of either {@link #epochDone} or {@link #epochAborted}.
 */
public interface Progress {

    /**
     * An epoch begins, or continues after an interruption.
     *
     * @param done batches of this epoch that were done before, if an interrupted epoch continues
     */
    default void epochStarted(int epoch, int epochs, int batches, int done) {}

    /**
     * A batch has been trained on.
     *
     * @param lossSoFar of the epoch's examples so far, as {@link EpochResult#trainLoss}; NaN if none has counted yet
     */
    default void batchDone(double lossSoFar) {}

    /** The epoch is trained, validated and saved. */
    default void epochDone(EpochResult result) {}

    /** The epoch ends before it is done: a stop was requested, or something failed. */
    default void epochAborted() {}

    /**
     * A pass over examples without learning begins, such as the validation of an epoch. It ends with {@link #passDone}
     * before another begins.
     *
     * @param name the name of the pass, such as {@code validation}
     * @param examples the examples of the whole pass
     * @param done the examples that were done before, if an interrupted pass continues
     */
    default void passStarted(String name, long examples, long done) {}

    /**
     * The pass advances.
     *
     * @param examples done since the last call
     */
    default void passAdvanced(int examples) {}

    /** The pass is complete, or ended early. */
    default void passDone() {}

    /** A warning that does not stop the training. It is logged unless overridden. */
    default void warning(String message) {
        System.getLogger(Progress.class.getName()).log(System.Logger.Level.WARNING, message);
    }

    /** Reports only warnings, to the log. */
    static Progress silent() {
        return new Progress() {};
    }

    /** One line of at most 80 columns for each epoch, and occasional lines for long passes. */
    static Progress lines(PrintStream out) {
        return new PlainProgress(out);
    }
}
