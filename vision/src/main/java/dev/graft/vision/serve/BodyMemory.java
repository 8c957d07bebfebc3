package dev.graft.vision.serve;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The memory for all request bodies: who has none waits in turn. Thread-safe. */
final class BodyMemory {
    private static final int PAGE = 1 << 10;

    private final int pages;
    private final Semaphore free;
    private final Duration patience;
    private int most;

    /**
     * @param bytes for all bodies
     * @param patience how long a request waits before it is refused
     */
    BodyMemory(long bytes, Duration patience) {
        this.pages = (int) Math.min(Integer.MAX_VALUE, bytes / PAGE + 1);
        this.free = new Semaphore(pages, true);
        this.patience = patience;
    }

    /** A request's part of it, until it is closed. */
    final class Share implements AutoCloseable {
        private int held;

        private Share(int held) {
            this.held = held;
        }

        /** Gives back all but this many bytes. */
        void shrink(long bytes) {
            int kept = Math.min(held, pages(bytes));
            free.release(held - kept);
            held = kept;
        }

        @Override
        public void close() {
            free.release(held);
            held = 0;
        }
    }

    /**
     * Waits for memory, without the client's time running.
     *
     * @throws Refusal if there is none for too long
     */
    Share take(long bytes) throws InterruptedException {
        int wanted = Math.min(pages, pages(bytes));
        Deadline.pause();
        if (!free.tryAcquire(wanted, patience.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new Refusal(503, "too many large requests at once; try again later");
        }
        Deadline.restart();
        synchronized (this) {
            most = Math.max(most, pages - free.availablePermits());
        }
        return new Share(wanted);
    }

    /** The most bytes that were taken at once. */
    synchronized long most() {
        return (long) most * PAGE;
    }

    private static int pages(long bytes) {
        return Math.toIntExact((bytes + PAGE - 1) / PAGE);
    }
}
