package dev.graft.examples.run;

import dev.graft.nn.train.StopSignal;

/** The work was asked to stop before it was done. */
final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    static void check(StopSignal stop) {
        if (stop.isRequested()) {
            throw new Stopped();
        }
    }
}
