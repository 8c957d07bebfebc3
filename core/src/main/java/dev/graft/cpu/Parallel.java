package dev.graft.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs loops on a fixed number of threads, of which the caller is one.
 *
 * <p>The work is cut by the caller's {@code grain} alone and each piece is run whole by one thread, so what a piece computes
 * never depends on the number of threads. Calls from inside a piece, and calls while another thread uses the pool, run on the
 * calling thread.
 *
 * <p>Each thread begins with a share of its own, neighbouring pieces, and helps others when that is done. So of loops over the same images a
 * thread mostly sees the same ones, which its core still has in cache: where cores share no cache, what another one wrote comes at the speed
 * of memory.
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
    private long jobs;

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
            shareOut(new Job(++jobs, body, n, grain, pieces, threads));
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
        next.work(0);
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

    /** A loop in progress. Every piece is in the share of one thread, until that thread or, later, another one takes it. */
    private static final class Job {
        /** Longs from one share to the next: threads that take pieces of their own shares do not write to the same cache lines. */
        private static final int APART = 16;

        private final long number;
        private final Body body;
        private final int n;
        private final int grain;
        private final int pieces;
        private final Thread caller;
        private final int shares;
        /** The pieces of each share that are not taken: the first in the upper half of a long, the end in the lower half. */
        private final AtomicLongArray left;
        private final AtomicInteger done = new AtomicInteger();
        private volatile Throwable failure;

        private Job(long number, Body body, int n, int grain, int pieces, int threads) {
            this.number = number;
            this.body = body;
            this.n = n;
            this.grain = grain;
            this.pieces = pieces;
            this.caller = Thread.currentThread();
            this.shares = Math.min(threads, pieces);
            this.left = new AtomicLongArray((shares + 1) * APART);
            for (int share = 0; share < shares; share++) {
                left.setPlain(place(share), range(firstPiece(share), firstPiece(share + 1)));
            }
        }

        private int firstPiece(int share) {
            return (int) ((long) pieces * share / shares);
        }

        private static int place(int share) {
            return (share + 1) * APART;
        }

        private static long range(int from, int to) {
            return (long) from << 32 | to;
        }

        /** Takes pieces until none is left: the thread's own share first, then what others have not come to. */
        private void work(int thread) {
            int ran = 0;
            for (int i = 0; i < shares; i++) {
                int share = (thread + i) % shares;
                boolean own = share == thread;
                for (int piece = take(share, own); piece >= 0; piece = take(share, own)) {
                    run(piece);
                    ran++;
                }
            }
            if (ran > 0 && done.addAndGet(ran) == pieces && Thread.currentThread() != caller) {
                LockSupport.unpark(caller);
            }
        }

        private void run(int piece) {
            try {
                if (failure == null) {
                    runPiece(body, piece, grain, n);
                }
            } catch (Throwable t) {
                failure = t;
            }
        }

        /** The next piece of a share, the last one for other threads than its own; -1 where none is left. */
        private int take(int share, boolean own) {
            int place = place(share);
            while (true) {
                long range = left.get(place);
                int from = (int) (range >>> 32);
                int to = (int) range;
                if (from >= to) {
                    return -1;
                }
                if (left.compareAndSet(place, range, own ? range(from + 1, to) : range(from, to - 1))) {
                    return own ? from : to - 1;
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
        private final int thread;
        private volatile boolean parked;
        /** The last job this thread left with no piece to take; 0 for none. */
        private long left;

        private Worker(int thread) {
            super("graft-cpu-" + thread);
            this.thread = thread;
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
            current.work(thread);
            left = current.number;
            return true;
        }

        // Does not look at the job's shares: that would slow down the threads that take pieces of them.
        private boolean hasWork(Job job) {
            return job != null && job.number != left;
        }
    }
}
