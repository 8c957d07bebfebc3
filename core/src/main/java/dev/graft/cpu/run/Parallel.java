package dev.graft.cpu.run;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs loops on a fixed number of threads, of which the callers are some.
 *
 * <p>The work is cut by the caller's {@code grain} alone and each piece is run whole by one thread, so what a piece
 * computes never depends on the number of threads. Calls from inside a piece run on the calling thread.
 *
 * <p>Several threads may call at once. Each works on its own loop, and on no other, until all pieces of it are taken;
 * the workers spread over the loops in progress, as many to each. Callers and workers together are no more than the
 * number of threads (unless there are more callers): a worker that becomes one too many leaves after the piece it runs.
 *
 * <p>Each thread begins with a share of its own, neighbouring pieces, and helps others when that is done. So of loops
 * over the same images a thread mostly sees the same ones, which its core still has in cache: where cores share no
 * cache, what another one wrote comes at the speed of memory.
 *
 * <p>Workers start when they are first needed and end when they were idle for a second, so they keep nothing alive for
 * longer.
 */
final class Parallel implements AutoCloseable {

    /** One piece of a loop: {@code from} inclusive, {@code to} exclusive. */
    @FunctionalInterface
    public interface Body {
        void run(int from, int to);
    }

    private static final Logger LOG = System.getLogger("dev.graft.cpu");
    // Kernels follow each other within microseconds; a thread that parks at once costs more to wake than a kernel
    // takes.
    private static final int SPINS = 2_000;
    private static final long KEEP_ALIVE = TimeUnit.SECONDS.toNanos(1);
    private static final ParallelJob[] NONE = {};

    private final int threads;
    private final AtomicReferenceArray<Worker> workers;
    /** The loops in progress; replaced as a whole. */
    private final AtomicReference<ParallelJob[]> jobs = new AtomicReference<>(NONE);
    /** Threads that run pieces: workers, and callers that do not wait yet. */
    private final AtomicInteger running = new AtomicInteger();

    private volatile boolean closed;
    /** Set where the system has no more threads. */
    private volatile boolean isFull;

    Parallel(int threads) {
        if (threads < 1 || threads > Settings.MOST_THREADS) {
            throw new IllegalArgumentException("threads: " + threads + " is not from 1 to " + Settings.MOST_THREADS
                    + ". Hint: use 1 for single-threaded work, and no more than the machine has processors.");
        }
        this.threads = threads;
        this.workers = new AtomicReferenceArray<>(threads - 1);
    }

    int threads() {
        return threads;
    }

    /**
     * Runs {@code body} over {@code [0, n)} in pieces of {@code grain}; an exception of a piece is thrown here, the
     * first one wins.
     */
    void forRange(int n, int grain, Body body) {
        if (n <= 0) {
            return;
        }
        int pieces = ParallelJob.pieces(n, grain);
        if (pieces == 1 || threads == 1 || isInsidePiece()) {
            for (int i = 0; i < pieces; i++) {
                ParallelJob.runPiece(body, i, grain, n);
            }
            return;
        }
        ParallelJob job = new ParallelJob(body, n, grain, threads);
        Call call = new Call(job);
        // Nothing below throws: pieces must not run on after this method.
        running.incrementAndGet();
        add(job);
        wakeWorkers(pieces - 1);
        job.work(0, call);
        running.decrementAndGet();
        if (!job.isDone()) {
            if (jobs.get().length > 1) {
                wakeWorkers(1); // for another loop, while this thread waits
            }
            job.await(SPINS);
        }
        remove(job);
        if (job.failure() != null) {
            sneak(job.failure());
        }
    }

    private boolean isInsidePiece() {
        Thread thread = Thread.currentThread();
        if (thread instanceof Worker) {
            return true;
        }
        for (ParallelJob job : jobs.get()) {
            if (job.caller() == thread) {
                return true;
            }
        }
        return false;
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable failure) throws T {
        throw (T) failure;
    }

    private void add(ParallelJob job) {
        ParallelJob[] one = {job};
        if (!jobs.compareAndSet(NONE, one)) {
            jobs.updateAndGet(before -> {
                ParallelJob[] after = Arrays.copyOf(before, before.length + 1);
                after[before.length] = job;
                return after;
            });
        }
    }

    private void remove(ParallelJob job) {
        jobs.updateAndGet(before -> {
            if (before.length == 1) {
                return NONE;
            }
            ParallelJob[] after = new ParallelJob[before.length - 1];
            int kept = 0;
            for (ParallelJob other : before) {
                if (other != job) {
                    after[kept++] = other;
                }
            }
            return after;
        });
    }

    /** How many threads more than now may run; negative where there are too many. */
    private int room() {
        return threads - running.get();
    }

    /** Sees to it that {@code wanted} workers, or as many as there is room for, look for work. */
    private void wakeWorkers(int wanted) {
        int missing = Math.min(wanted, room());
        for (int i = 0; i < workers.length() && missing > 0 && !closed; i++) {
            Worker worker = workers.get(i);
            if (worker == null || worker.mode.get() == Mode.ENDED) {
                missing -= start(i, worker) ? 1 : 0;
            } else if (worker.mode.get() != Mode.HELPING) {
                worker.wake();
                missing--;
            }
        }
    }

    /** Whether there is a worker {@code i} by now. */
    private boolean start(int i, Worker before) {
        if (isFull) {
            return false;
        }
        Worker worker = before;
        try {
            worker = new Worker(i);
            if (!workers.compareAndSet(i, before, worker)) {
                return workers.get(i) != null || start(i, null);
            }
            worker.start();
            return true;
        } catch (OutOfMemoryError e) { // how the JVM says that the system gives no more threads
            isFull = true;
            workers.compareAndSet(i, worker, null);
            LOG.log(
                    Level.WARNING,
                    "The system gives no thread to the CPU kernels, which go on with fewer: " + e.getMessage()
                            + ". Hint: raise the limit of processes and threads (ulimit -u, or the container's), or lower graft.threads.");
            return false;
        }
    }

    /** Ends the worker threads once they have no work; loops go on with the callers alone. */
    @Override
    public void close() {
        closed = true;
        for (int i = 0; i < workers.length(); i++) {
            Worker worker = workers.get(i);
            if (worker != null) {
                LockSupport.unpark(worker);
            }
        }
    }

    /** A caller, which never leaves its loop; it looks for help if it has none, as there may be room by now. */
    private final class Call implements ParallelJob.Leaving {
        /**
         * Pieces after which there must have been room: between two loops of another caller there is some for a moment.
         */
        private static final int LASTING = 3;

        private final ParallelJob job;
        private int pieces;

        private Call(ParallelJob job) {
            this.job = job;
        }

        @Override
        public boolean leaves() {
            pieces = job.helpers().get() == 0 && room() > 0 ? pieces + 1 : 0;
            if (pieces >= LASTING) {
                wakeWorkers(1);
            }
            return false;
        }
    }

    private enum Mode {
        /** Looks for work. */
        AWAKE,
        HELPING,
        PARKED,
        /** Never to return. */
        ENDED
    }

    private final class Worker extends Thread {
        private final int index;
        private final AtomicReference<Mode> mode = new AtomicReference<>(Mode.AWAKE);

        private Worker(int index) {
            super(null, null, "graft-cpu-" + (index + 1), 0, false);
            this.index = index;
            setDaemon(true);
            setContextClassLoader(null); // the caller's must not live on with this thread
        }

        private void wake() {
            if (mode.compareAndSet(Mode.PARKED, Mode.AWAKE)) {
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            int idle = 0;
            while (!closed) {
                if (help()) {
                    idle = 0;
                } else if (idle++ < SPINS && room() > 0) {
                    Thread.onSpinWait();
                } else if (rest()) {
                    idle = 0;
                } else {
                    break;
                }
            }
            mode.set(Mode.ENDED);
            workers.compareAndSet(index, this, null);
        }

        /** Parks until there may be work; false if none came for a long time. */
        private boolean rest() {
            Thread.interrupted(); // by a piece; an interrupted thread cannot park
            mode.set(Mode.PARKED);
            long start = System.nanoTime();
            while (!closed && mode.get() == Mode.PARKED && choose(jobs.get()) == null) {
                long left = KEEP_ALIVE - (System.nanoTime() - start);
                if (left <= 0) {
                    return !mode.compareAndSet(Mode.PARKED, Mode.ENDED);
                }
                LockSupport.parkNanos(Parallel.this, left);
            }
            mode.set(Mode.AWAKE);
            return true;
        }

        // In a method of its own: a parked thread's frame must not keep the last job's arrays from the garbage
        // collector.
        private boolean help() {
            ParallelJob[] choice = jobs.get();
            ParallelJob job = choose(choice);
            if (job == null) {
                return false;
            }
            if (running.incrementAndGet() > threads) {
                running.decrementAndGet();
                return false;
            }
            mode.set(Mode.HELPING);
            job.helpers().incrementAndGet();
            // Others who call meanwhile may have counted on this worker too: either they see that it helps, or it sees
            // their loops.
            if (room() > 0 && anyWants(jobs.get())) {
                wakeWorkers(1);
            }
            Choice made = new Choice(job, choice);
            job.work(index + 1, made);
            if (!made.left) {
                job.helpers().decrementAndGet();
                running.decrementAndGet();
            }
            mode.set(Mode.AWAKE);
            return true;
        }

        private boolean anyWants(ParallelJob[] choice) {
            for (ParallelJob job : choice) {
                if (!job.isTaken() && job.helpers().get() < job.pieces() - 1) {
                    return true;
                }
            }
            return false;
        }

        /**
         * The loop with the fewest helpers among those that have work; null where none has, or where there is no room.
         */
        private ParallelJob choose(ParallelJob[] choice) {
            ParallelJob best = null;
            for (ParallelJob job : choice) {
                if (!job.isTaken()
                        && (best == null || job.helpers().get() < best.helpers().get())) {
                    best = job;
                }
            }
            return best == null || room() <= 0 ? null : best;
        }
    }

    /** A worker's choice of a loop, which it makes anew after a piece if there are other loops than there were. */
    private final class Choice implements ParallelJob.Leaving {
        private final ParallelJob job;
        private ParallelJob[] among;
        /** Whether the worker left before all was taken, and counts as a helper no longer. */
        private boolean left;

        private Choice(ParallelJob job, ParallelJob[] among) {
            this.job = job;
            this.among = among;
        }

        @Override
        public boolean leaves() {
            ParallelJob[] now = jobs.get();
            if (now != among) {
                among = now;
                left = leavesFor(now);
            }
            return left;
        }

        // One too many, or missed more elsewhere. Of several workers that find so at once, no more leave than must.
        private boolean leavesFor(ParallelJob[] now) {
            int all = running.get();
            if (all > threads) {
                boolean leaves = running.compareAndSet(all, all - 1);
                if (leaves) {
                    job.helpers().decrementAndGet();
                } else {
                    among = NONE; // others come or go: ask again
                }
                return leaves;
            }
            int here = job.helpers().get();
            for (ParallelJob other : now) {
                if (!other.isTaken()
                        && other.helpers().get() + 1 < here
                        && job.helpers().compareAndSet(here, here - 1)) {
                    running.decrementAndGet();
                    return true;
                }
            }
            return false;
        }
    }
}
