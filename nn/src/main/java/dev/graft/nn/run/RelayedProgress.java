package dev.graft.nn.run;

import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;

/** Tells another progress everything; what is to happen besides is a subclass's. */
public abstract class RelayedProgress implements Progress {
    private final Progress inner;

    /** @param inner told everything */
    protected RelayedProgress(Progress inner) {
        this.inner = inner;
    }

    @Override
    public void epochStarted(int epoch, int epochs, int batches, int done) {
        inner.epochStarted(epoch, epochs, batches, done);
    }

    @Override
    public void batchDone(double lossSoFar) {
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

    @Override
    public void passStarted(String name, long examples, long done) {
        inner.passStarted(name, examples, done);
    }

    @Override
    public void passAdvanced(int examples) {
        inner.passAdvanced(examples);
    }

    @Override
    public void passDone() {
        inner.passDone();
    }
}
