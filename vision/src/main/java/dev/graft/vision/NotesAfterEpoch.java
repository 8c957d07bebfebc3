package dev.graft.vision;

import dev.graft.nn.run.RelayedProgress;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;

/** After each epoch, when every image has been read, what there is to say about the images. */
final class NotesAfterEpoch extends RelayedProgress {
    private final Runnable say;

    NotesAfterEpoch(Progress inner, Runnable say) {
        super(inner);
        this.say = say;
    }

    @Override
    public void epochDone(EpochResult result) {
        super.epochDone(result);
        say();
    }

    /** What there is to say now: where images were read outside an epoch. */
    void say() {
        say.run();
    }
}
