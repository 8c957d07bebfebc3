package dev.graft.vision.serve;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Counts the requests that are being answered, so that closing can wait for them. Thread-safe. */
final class Running {
    private int count;
    private boolean closed;

    /** A request begins; false if it must not, because of {@link #close}. */
    synchronized boolean enter() {
        if (closed) {
            return false;
        }
        count++;
        return true;
    }

    /** A request that was let in has its answer. */
    synchronized void leave() {
        count--;
        notifyAll();
    }

    /** Lets none in any more, and waits for those that are. */
    synchronized void close(Duration patience) throws InterruptedException {
        closed = true;
        long end = System.nanoTime() + patience.toNanos();
        for (long left = patience.toNanos(); count > 0 && left > 0; left = end - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }
}
