package dev.graft.nn.data;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A loader's threads. They are daemons: a program that forgets to close a loader still ends. */
final class WorkerPool {
    private final ExecutorService executor;

    WorkerPool(int threads) {
        AtomicInteger number = new AtomicInteger();
        executor = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "graft-data-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
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
