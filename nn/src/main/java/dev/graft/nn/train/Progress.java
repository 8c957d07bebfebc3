package dev.graft.nn.train;

import java.io.PrintStream;

/** Told how a training goes on, on the training thread. */
public interface Progress {

    /** @param done batches of this epoch done before, where an interrupted one goes on */
    default void epochStarted(int epoch, int epochs, int batches, int done) {
    }

    /** @param meanLoss over the epoch's examples so far */
    default void batchDone(double meanLoss) {
    }

    default void epochDone(EpochResult result) {
    }

    /** The epoch ends before its last batch. */
    default void epochAborted() {
    }

    /** Says nothing. */
    static Progress silent() {
        return new Progress() {
        };
    }

    /** One line an epoch. */
    static Progress lines(PrintStream out) {
        return new PlainProgress(out);
    }

    /** A bar with the time left on standard error where that is a terminal; one line an epoch elsewhere. */
    static Progress automatic() {
        return Terminal.isInteractive() ? new BarProgress(System.err) : new PlainProgress(System.err);
    }
}
