package dev.graft.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs loops on a fixed number of threads, of which the caller is one.
 *
 * <p>The work is cut by the caller's {@code grain} alone and each piece is run whole by one thread, so what a piece computes
 * never depends on the number of threads. Calls from inside a piece, and calls while another thread uses the pool, run on the
 * calling thread.
 */
final class Parallel implements AutoCloseable {

    /** One piece of a loop: {@code from} inclusive, {@code to} exclusive. */
    @FunctionalInterface
    interface Body {
        void run(int from, int to);
    }

    // Kernels follow each other within microseconds; a thread that parks at once costs more to wake than a kernel takes.
    private static final int SPINS = 2_000;

    private final int threads;
    private final ReentrantLock busy = new ReentrantLock();
    private final Worker[] workers;
    private volatile Job job;
    private volatile boolean closed;

    Parallel(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: " + threads + " is not a positive number. Hint: use 1 for single-threaded work.");
        }
        this.threads = threads;
        this.workers = new Worker[threads - 1];
    }

    int threads() {
        return threads;
    }

    /** Runs {@code body} over {@code [0, n)} in pieces of {@code grain}; an exception of a piece is thrown here, the first one wins. */
    void forRange(int n, int grain, Body body) {
        if (n <= 0) {
            return;
        }
        int pieces = (int) (((long) n + grain - 1) / grain);
        if (pieces == 1 || threads == 1 || Thread.currentThread() instanceof Worker || busy.isHeldByCurrentThread() || !busy.tryLock()) {
            for (int i = 0; i < pieces; i++) {
                runPiece(body, i, grain, n);
            }
            return;
        }
        try {
            shareOut(new Job(body, n, grain, pieces, Thread.currentThread()));
        } finally {
            busy.unlock();
        }
    }

    private static void runPiece(Body body, int piece, int grain, int n) {
        int from = piece * grain;
        body.run(from, (int) Math.min(n, (long) from + grain));
    }

    private void shareOut(Job next) {
        job = next;
        for (int i = 0; i < workers.length && i < next.pieces - 1; i++) {
            if (workers[i] == null) {
                workers[i] = new Worker(i + 1);
                workers[i].start();
            } else if (workers[i].parked) {
                LockSupport.unpark(workers[i]);
            }
        }
        next.work();
        next.await();
        job = null;
        if (next.failure != null) {
            sneak(next.failure);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable failure) throws T {
        throw (T) failure;
    }

    /** Ends the worker threads once the loop in progress is done. */
    @Override
    public void close() {
        busy.lock();
        try {
            closed = true;
            for (Worker worker : workers) {
                if (worker != null) {
                    LockSupport.unpark(worker);
                }
            }
        } finally {
            busy.unlock();
        }
    }

    private static final class Job {
        private final Body body;
        private final int n;
        private final int grain;
        private final int pieces;
        private final Thread caller;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger done = new AtomicInteger();
        private volatile Throwable failure;

        private Job(Body body, int n, int grain, int pieces, Thread caller) {
            this.body = body;
            this.n = n;
            this.grain = grain;
            this.pieces = pieces;
            this.caller = caller;
        }

        private void work() {
            while (next.get() < pieces) {
                int piece = next.getAndIncrement();
                if (piece >= pieces) {
                    return;
                }
                try {
                    if (failure == null) {
                        runPiece(body, piece, grain, n);
                    }
                } catch (Throwable t) {
                    failure = t;
                } finally {
                    if (done.incrementAndGet() == pieces && Thread.currentThread() != caller) {
                        LockSupport.unpark(caller);
                    }
                }
            }
        }

        private void await() {
            for (int i = 0; done.get() < pieces; i++) {
                if (i < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
        }
    }

    private final class Worker extends Thread {
        private volatile boolean parked;

        private Worker(int number) {
            super("graft-cpu-" + number);
            setDaemon(true);
        }

        @Override
        public void run() {
            int idle = 0;
            while (!closed) {
                if (workOnJob()) {
                    idle = 0;
                } else if (idle++ < SPINS) {
                    Thread.onSpinWait();
                } else {
                    parked = true;
                    if (!closed && !hasWork(job)) {
                        LockSupport.park(Parallel.this);
                    }
                    parked = false;
                    idle = 0;
                }
            }
        }

        // In a method of its own: a parked thread's frame must not keep the last job's arrays from the garbage collector.
        private boolean workOnJob() {
            Job current = job;
            if (!hasWork(current)) {
                return false;
            }
            current.work();
            return true;
        }

        private static boolean hasWork(Job job) {
            return job != null && job.next.get() < job.pieces;
        }
    }
}
