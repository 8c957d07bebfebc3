package dev.graft.vision.serve;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Interrupts a thread that waits for a client for too long, which closes the connection: the JDK's server reads and
 * writes through interruptible channels, and has no time limits of its own but system properties for the whole JVM.
 */
final class Deadline implements AutoCloseable {
    private static final ThreadLocal<Deadline> CURRENT = new ThreadLocal<>();

    private final ScheduledExecutorService clock;
    private final Duration patience;
    private final Thread thread = Thread.currentThread();
    /** Which alarm counts; those before it were called off, even if they ring already. */
    private int current;

    private ScheduledFuture<?> alarm;

    /** Starts to count for this thread. */
    Deadline(ScheduledExecutorService clock, Duration patience) {
        this.clock = clock;
        this.patience = patience;
        this.alarm = schedule(0);
        CURRENT.set(this);
    }

    private ScheduledFuture<?> schedule(int number) {
        return clock.schedule(() -> ring(number), patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    private synchronized void ring(int number) {
        if (number == current) {
            thread.interrupt();
        }
    }

    private synchronized void cancel() {
        current++;
        alarm.cancel(false);
    }

    private synchronized void again() {
        cancel();
        alarm = schedule(current);
    }

    /** The request is there: this thread works now, and does not wait. */
    static void pause() {
        CURRENT.get().cancel();
    }

    /** The answer is ready: from here on, the client has to take it. */
    static void restart() {
        CURRENT.get().again();
    }

    @Override
    public void close() {
        cancel();
        CURRENT.remove();
        Thread.interrupted(); // a pool's thread starts its next request afresh
    }
}
