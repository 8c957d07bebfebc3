package dev.graft.nn.data;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A loader's threads. They are daemons, and end when there is nothing to load. A program that forgets to close a loader
 * still ends, and one that continues without it keeps no threads.
 */
final class WorkerPool {
    private static final long IDLE_MILLIS = 10_000;

    private final ExecutorService executor;

    WorkerPool(int threads) {
        this(threads, IDLE_MILLIS);
    }

    WorkerPool(int threads, long idleMillis) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads, threads, idleMillis, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "graft-data-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        executor = pool;
    }

    void submit(Runnable task) {
        executor.execute(task);
    }

    void close() {
        executor.shutdown();
        try {
            // cancelled examples return at once; one that is being decoded may finish
            executor.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        executor.shutdownNow();
    }
}
