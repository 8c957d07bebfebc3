package dev.graft.examples.run;

import dev.graft.nn.train.Progress;

/**
 * Once, when the first batch has been learnt from, an action: what is written then is written for a run that trains.
 */
final class AtFirstBatch extends RelayedProgress {
    private final Runnable action;
    private boolean done;

    AtFirstBatch(Progress inner, Runnable action) {
        super(inner);
        this.action = action;
    }

    @Override
    public void batchDone(double lossSoFar) {
        if (!done) {
            done = true;
            action.run();
        }
        super.batchDone(lossSoFar);
    }
}
