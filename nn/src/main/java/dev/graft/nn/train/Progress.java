package dev.graft.nn.train;

import java.io.PrintStream;

/**
 * Told how a training goes on, on the training thread. After {@link #epochStarted} come calls of {@link #batchDone},
 * then either {@link #epochDone} or {@link #epochAborted}, once.
 */
public interface Progress {

    /** @param done batches of this epoch done before, where an interrupted one goes on */
    default void epochStarted(int epoch, int epochs, int batches, int done) {}

    /** @param lossSoFar of the epoch's examples so far, as {@link EpochResult#trainLoss}; NaN before one counted */
    default void batchDone(double lossSoFar) {}

    /** The epoch is trained, judged and saved. */
    default void epochDone(EpochResult result) {}

    /** The epoch ends before it is done: a stop was asked for, or something failed. */
    default void epochAborted() {}

    /** Something to know that stops nothing; it goes to the log unless overridden. */
    default void warning(String message) {
        System.getLogger(Progress.class.getName()).log(System.Logger.Level.WARNING, message);
    }

    /** Says nothing but warnings, to the log. */
    static Progress silent() {
        return new Progress() {};
    }

    /** One line an epoch. */
    static Progress lines(PrintStream out) {
        return new PlainProgress(out);
    }
}
