package dev.graft.nn.run;

import dev.graft.nn.train.Progress;

/**
 * Once, when the first batch has been learnt from, an action: what is written then is written for a run that trains.
 */
public final class AtFirstBatch extends RelayedProgress {
    private final Runnable action;
    private boolean done;

    /**
     * @param inner told everything
     * @param action done after the first batch
     */
    public AtFirstBatch(Progress inner, Runnable action) {
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
