package dev.graft.vision;

import dev.graft.nn.run.RelayedProgress;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;
import java.util.function.Consumer;

/** After each epoch, when every image has been read, what there is to say about the images. */
final class NotesAfterEpoch extends RelayedProgress {
    private final Consumer<Boolean> say;
    private boolean allRead = true;

    /** @param say told whether every image was read */
    NotesAfterEpoch(Progress inner, Consumer<Boolean> say) {
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
        say.accept(allRead);
    }

    /** Features of some images were there from before: what these images are like is not known. */
    void someImagesWereNotRead() {
        allRead = false;
    }
}
