package dev.graft.nn.train;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Requests that a training stop cleanly: it finishes its current step, writes its checkpoint and returns. Any thread
 * may request it.
 *
 * <pre>{@code
 * try (StopSignal stop = StopSignal.onShutdown()) {        // Ctrl-C
 *     history = Trainer.builder(model, loss, optimizer).stop(stop).directory(out).build().fit(train, validation);
 * }
 * }</pre>
 */
public final class StopSignal implements AutoCloseable {
    private static final long LONGEST_STEP_MINUTES = 5;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final CountDownLatch requested = new CountDownLatch(1);
    private Optional<Thread> hook = Optional.empty();

    /** A signal that is triggered only by {@link #request()}. */
    public StopSignal() {}

    /**
     * A signal that is triggered by Ctrl-C or SIGTERM. The JVM then waits, for at most 5 minutes, until this signal is
     * closed, so close it before calling {@link System#exit}.
     */
    public static StopSignal onShutdown() {
        StopSignal signal = new StopSignal();
        Thread hook = new Thread(
                () -> {
                    signal.request();
                    signal.awaitClose();
                },
                "graft-stop");
        Runtime.getRuntime().addShutdownHook(hook);
        signal.hook = Optional.of(hook);
        return signal;
    }

    /** Requests the stop. */
    public void request() {
        requested.countDown();
    }

    public boolean isRequested() {
        return requested.getCount() == 0;
    }

    /** Waits for a request. */
    public void awaitRequest() throws InterruptedException {
        requested.await();
    }

    private void awaitClose() {
        try {
            closed.await(LONGEST_STEP_MINUTES, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets a waiting JVM exit, and no longer listens for Ctrl-C. */
    @Override
    public void close() {
        closed.countDown();
        hook.ifPresent(thread -> {
            try {
                Runtime.getRuntime().removeShutdownHook(thread);
            } catch (IllegalStateException alreadyShuttingDown) {
                // the hook itself is running; the latch ends it
            }
        });
        hook = Optional.empty();
    }
}
