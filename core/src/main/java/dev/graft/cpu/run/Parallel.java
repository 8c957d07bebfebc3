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
 * Runs loops on a fixed number of threads, callers included.
 *
 * <p>The work is divided only by the caller's {@code grain}, and each piece is run by one thread, so what a piece
 * computes never depends on the number of threads. Calls from inside a piece run on the calling thread.
 *
 * <p>Several threads may call at once. Each works on its own loop, and on no other, until all its pieces are taken. The
 * workers spread evenly over the loops in progress. Callers and workers together are no more than the number of threads
 * (unless there are more callers). A worker that becomes one too many leaves after its current piece.
 *
 * <p>Each thread begins with its own share of neighbouring pieces, and helps others when that is done. In loops over
 * the same images, a thread therefore mostly sees the same images, which are still in its core's cache. If cores share
 * no cache, data that another core wrote arrives only at the speed of memory.
 *
 * <p>Workers start when they are first needed and end after a second without work, so they keep nothing alive for
 * longer.
 */
final class Parallel implements AutoCloseable {

    /** One piece of a loop: {@code from} inclusive, {@code to} exclusive. */
    @FunctionalInterface
    public interface Body {
        void run(int from, int to);
    }

    private static final Logger LOG = System.getLogger("dev.graft.cpu");
    // Kernels follow each other within microseconds, or some hundred where a step begins or a loss is computed, and
    // pieces of large products take as long. Waking a thread that parked costs more than most kernels take.
    private static final long SPIN = TimeUnit.MICROSECONDS.toNanos(300);
    private static final long KEEP_ALIVE = TimeUnit.SECONDS.toNanos(1);
    private static final ParallelJob[] NONE = {};

    private final int threads;
    private final AtomicReferenceArray<Worker> workers;
    /** The loops in progress; replaced as a whole. */
    private final AtomicReference<ParallelJob[]> jobs = new AtomicReference<>(NONE);
    /** The threads that run pieces: workers, and callers that are not waiting yet. */
    private final AtomicInteger running = new AtomicInteger();

    private volatile boolean closed;
    /** Set when the system has no more threads. */
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
     * Runs {@code body} over {@code [0, n)} in pieces of {@code grain}; an exception in a piece is thrown here; the
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
        // Nothing below throws, because no piece may still run after this method.
        running.incrementAndGet();
        add(job);
        wakeWorkers(pieces - 1);
        job.work(0, call);
        running.decrementAndGet();
        if (!job.isDone()) {
            if (jobs.get().length > 1) {
                wakeWorkers(1); // for another loop, while this thread waits
            }
            job.await(SPIN);
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

    /** How many more threads may run; negative if there are too many. */
    private int room() {
        return threads - running.get();
    }

    /** Makes sure that {@code wanted} workers, or as many as there is room for, look for work. */
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

    /** Whether worker {@code i} exists, after starting it if necessary. */
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
        } catch (OutOfMemoryError e) { // how the JVM reports that the system refuses more threads
            isFull = true;
            workers.compareAndSet(i, worker, null);
            LOG.log(
                    Level.WARNING,
                    "The system refuses another thread for the CPU kernels, which continue with fewer: "
                            + e.getMessage()
                            + ". Hint: raise the limit of processes and threads (ulimit -u, or the container's), or lower graft.threads.");
            return false;
        }
    }

    /** Ends the worker threads once they have no work; later loops run on their callers alone. */
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

    /** A caller, which never leaves its loop. It looks for help if it has none, because there may be room by now. */
    private final class Call implements ParallelJob.Leaving {
        /**
         * The number of pieces after which there must have been room: between two loops of another caller, there is
         * room for a moment.
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
            setContextClassLoader(null); // the caller's must not stay alive with this thread
        }

        private void wake() {
            if (mode.compareAndSet(Mode.PARKED, Mode.AWAKE)) {
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            long idleSince = System.nanoTime();
            while (!closed) {
                if (help()) {
                    idleSince = System.nanoTime();
                } else if (System.nanoTime() - idleSince < SPIN && room() > 0) {
                    Thread.onSpinWait();
                } else if (rest()) {
                    idleSince = System.nanoTime();
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

        // In a separate method: the frame of a parked thread must not keep the last job's arrays from the garbage
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
            // Other callers may have counted on this worker too: either they see that it helps, or it sees their
            // loops.
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

        /** The loop with the fewest helpers among those with work; null if none has work, or if there is no room. */
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

    /** A worker's choice of a loop. It chooses again after a piece if the set of loops has changed. */
    private final class Choice implements ParallelJob.Leaving {
        private final ParallelJob job;
        private ParallelJob[] among;
        /** Whether the worker left before all pieces were taken, and no longer counts as a helper. */
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

        // One too many, or needed more elsewhere. If several workers find this at once, no more leave than necessary.
        private boolean leavesFor(ParallelJob[] now) {
            int all = running.get();
            if (all > threads) {
                boolean leaves = running.compareAndSet(all, all - 1);
                if (leaves) {
                    job.helpers().decrementAndGet();
                } else {
                    among = NONE; // other workers come or go: ask again
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
