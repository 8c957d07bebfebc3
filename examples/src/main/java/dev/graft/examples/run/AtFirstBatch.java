package dev.graft.examples.run;

import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;

/** Another progress, and once, when the first batch has been learnt from, an action: what is written then is written for a run that trains. */
final class AtFirstBatch implements Progress {
    private final Progress inner;
    private final Runnable action;
    private boolean done;

    AtFirstBatch(Progress inner, Runnable action) {
        this.inner = inner;
        this.action = action;
    }

    @Override
    public void epochStarted(int epoch, int epochs, int batches, int done) {
        inner.epochStarted(epoch, epochs, batches, done);
    }

    @Override
    public void batchDone(double lossSoFar) {
        if (!done) {
            done = true;
            action.run();
        }
        inner.batchDone(lossSoFar);
    }

    @Override
    public void epochDone(EpochResult result) {
        inner.epochDone(result);
    }

    @Override
    public void warning(String message) {
        inner.warning(message);
    }

    @Override
    public void epochAborted() {
        inner.epochAborted();
    }
}
