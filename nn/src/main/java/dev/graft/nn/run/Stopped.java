package dev.graft.nn.run;

import dev.graft.nn.train.StopSignal;

/** The work was asked to stop before it was done. */
public final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With nothing else to say. */
    public Stopped() {}

    /**
     * Ends the work where it was asked to stop.
     *
     * @throws Stopped where a stop was asked for
     */
    public static void check(StopSignal stop) {
        if (stop.isRequested()) {
            throw new Stopped();
        }
    }
}
