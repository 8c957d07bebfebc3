package dev.graft.nn.train;

/**
 * Takes part in a training: it is told of each epoch and each optimizer step, on the training thread, and may change
 * weights, gradients, the learning rate and what is frozen. For mere listening there is {@link Progress}.
 *
 * <pre>{@code
 * Trainer.builder(model, loss, sgd).callback(new TrainerCallback() {
 *     @Override public void epochDone(Training training, EpochResult result) {
 *         if (result.trainLoss() < 0.01) {
 *             training.stopEarly();
 *         }
 *     }
 * });
 * }</pre>
 *
 * <p>Callbacks are called in the order in which they were added. An exception of a callback ends the training, with the
 * checkpoints as after any failure. Tensors that a callback makes in a step are closed when the next step begins.
 *
 * <p><b>Resume.</b> A checkpoint keeps what is frozen and the {@link #state()} of each callback. A callback that
 * remembers something else, such as a count in a field, is a different one after a resume. Where a resumed run
 * continues within an epoch, {@link #epochStarted} is called again for it, and {@link Training#batch()} is not 0.
 */
public interface TrainerCallback {

    /** The training begins, or continues after a resume; everything is loaded. */
    default void trainingStarted(Training training) {}

    /** An epoch begins, in training mode; or continues, if {@link Training#batch()} is not 0. */
    default void epochStarted(Training training) {}

    /**
     * A step begins, which sees one batch, or several if gradients are accumulated. The optimizer has the step's
     * learning rate.
     */
    default void stepStarted(Training training) {}

    /** The gradients of the step are complete; they are clipped and used next. */
    default void gradientsReady(Training training) {}

    /** The optimizer has made the step, and the gradients are cleared. */
    default void stepDone(Training training) {}

    /** The epoch is trained and validated, and is saved next; weights that change here are not those of the result. */
    default void epochDone(Training training, EpochResult result) {}

    /** The training has ended without an exception, and the model has its final weights. */
    default void trainingDone(Training training, History history) {}

    /** What a checkpoint must keep for {@link #restore}; empty if there is nothing. */
    default String state() {
        return "";
    }

    /**
     * Continues from a {@link #state()} that is not empty. It is called before {@link #trainingStarted}.
     *
     * @throws RuntimeException if the state is not one of this callback; nothing of the run has changed then
     */
    default void restore(String state) {}

    /** Identifies this callback's state in a checkpoint: the class's name unless overridden. */
    default String name() {
        return getClass().isHidden() || getClass().isAnonymousClass()
                ? "callback"
                : getClass().getSimpleName();
    }
}
