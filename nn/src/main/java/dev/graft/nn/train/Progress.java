package dev.graft.nn.train;

import java.io.PrintStream;

/**
 * Told how a training goes on, on the training thread. After {@link #epochStarted} come calls of {@link #batchDone},
 * then either {@link #epochDone} or {@link #epochAborted}, once.
 */
public interface Progress {

    /**
     * An epoch begins, or goes on after an interruption.
     *
     * @param done batches of this epoch done before, where an interrupted one goes on
     */
    default void epochStarted(int epoch, int epochs, int batches, int done) {}

    /**
     * A batch has been trained on.
     *
     * @param lossSoFar of the epoch's examples so far, as {@link EpochResult#trainLoss}; NaN before one counted
     */
    default void batchDone(double lossSoFar) {}

    /** The epoch is trained, judged and saved. */
    default void epochDone(EpochResult result) {}

    /** The epoch ends before it is done: a stop was asked for, or something failed. */
    default void epochAborted() {}

    /**
     * A pass over examples begins that learns from none, such as the validation of an epoch. It comes to its end with
     * {@link #passDone} before another begins.
     *
     * @param name what is done, such as {@code validation}
     * @param examples of the whole pass
     * @param done of these before, where an interrupted pass goes on
     */
    default void passStarted(String name, long examples, long done) {}

    /**
     * The pass goes on.
     *
     * @param examples done since the last call
     */
    default void passAdvanced(int examples) {}

    /** The pass is whole, or is left before that. */
    default void passDone() {}

    /** Something to know that stops nothing; it goes to the log unless overridden. */
    default void warning(String message) {
        System.getLogger(Progress.class.getName()).log(System.Logger.Level.WARNING, message);
    }

    /** Says nothing but warnings, to the log. */
    static Progress silent() {
        return new Progress() {};
    }

    /** One line an epoch, of at most 80 columns, and now and then a line of what takes long. */
    static Progress lines(PrintStream out) {
        return new PlainProgress(out);
    }
}
