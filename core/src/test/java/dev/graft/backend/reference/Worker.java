package dev.graft.backend.reference;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The device's one thread: work runs there in the order in which it was given, after the call has returned. So whoever
 * reads a result in any way other than through {@link #await}, or changes an operand behind the device's back, is seen.
 */
final class Worker {
    private final ExecutorService thread;
    private volatile Throwable failure;

    Worker(String name) {
        thread = Executors.newSingleThreadExecutor(task -> {
            Thread t = new Thread(task, name);
            t.setDaemon(true);
            return t;
        });
    }

    /** Runs {@code work} later; what it throws is thrown by the next {@link #await}. */
    void submit(Runnable work) {
        thread.execute(() -> {
            try {
                work.run();
            } catch (Throwable e) {
                if (failure == null) {
                    failure = e;
                }
            }
        });
    }

    /** Waits for everything submitted before, then for {@code work}. */
    void await(Runnable work) {
        Future<?> done = thread.submit(work);
        try {
            done.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("reference: interrupted while waiting for the device", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("reference: " + e.getCause().getMessage(), e.getCause());
        }
        Throwable e = failure;
        if (e != null) {
            failure = null;
            if (e instanceof RuntimeException refusal) {
                throw refusal;
            }
            throw new IllegalStateException("reference: a kernel failed: " + e.getMessage(), e);
        }
    }
}
