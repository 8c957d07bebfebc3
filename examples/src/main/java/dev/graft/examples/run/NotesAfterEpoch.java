package dev.graft.examples.run;

import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;

/** Another progress, and after each epoch, when every image has been read, what there is to say about the images. */
record NotesAfterEpoch(Progress inner, Runnable say) implements Progress {
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
        say.run();
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
