package dev.graft.cpu.run;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * A loop of one caller, in progress. Every piece belongs to the share of one thread, until that thread or, later,
 * another one takes it.
 */
final class ParallelJob {
    /**
     * The distance in longs from one share to the next, so that threads which take pieces of their own shares do not
     * write to the same cache lines.
     */
    private static final int APART = 16;

    /** Whether the thread should leave the rest to others; asked after each piece. */
    @FunctionalInterface
    interface Leaving {
        boolean leaves();
    }

    private final Parallel.Body body;
    private final int n;
    private final int grain;
    private final int pieces;
    private final Thread caller = Thread.currentThread();
    private final int shares;
    /**
     * The pieces of each share that have not been taken: the first in the upper half of a long, the end in the lower
     * half.
     */
    private final AtomicLongArray left;

    private final AtomicInteger helpers = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private volatile boolean taken;
    private volatile Throwable failure;

    ParallelJob(Parallel.Body body, int n, int grain, int threads) {
        this.body = body;
        this.n = n;
        this.grain = grain;
        this.pieces = pieces(n, grain);
        this.shares = Math.min(threads, pieces);
        this.left = new AtomicLongArray((shares + 1) * APART);
        for (int share = 0; share < shares; share++) {
            left.setPlain(place(share), range(firstPiece(share), firstPiece(share + 1)));
        }
    }

    static int pieces(int n, int grain) {
        return (int) (((long) n + grain - 1) / grain);
    }

    static void runPiece(Parallel.Body body, int piece, int grain, int n) {
        int from = piece * grain;
        body.run(from, (int) Math.min(n, (long) from + grain));
    }

    int pieces() {
        return pieces;
    }

    Thread caller() {
        return caller;
    }

    /** The threads that work on it, without the caller. */
    AtomicInteger helpers() {
        return helpers;
    }

    /**
     * Whether every piece has been taken. It reads no share, because that would slow down the threads that take pieces.
     */
    boolean isTaken() {
        return taken;
    }

    /** Whether every piece has run. */
    boolean isDone() {
        return done.get() == pieces;
    }

    /** The first exception of a piece, or null. */
    Throwable failure() {
        return failure;
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

    /**
     * Takes pieces until none is left, or until the thread should leave: first from the thread's own share, then from
     * what others have left.
     */
    void work(int thread, Leaving leaving) {
        int ran = takePieces(thread, leaving);
        if (ran > 0 && done.addAndGet(ran) == pieces && Thread.currentThread() != caller) {
            LockSupport.unpark(caller);
        }
    }

    private int takePieces(int thread, Leaving leaving) {
        int ran = 0;
        for (int i = 0; i < shares; i++) {
            int share = (thread + i) % shares;
            boolean own = share == thread;
            for (int piece = take(share, own); piece >= 0; piece = take(share, own)) {
                run(piece);
                ran++;
                if (leaving.leaves()) {
                    return ran;
                }
            }
        }
        taken = true;
        return ran;
    }

    private void run(int piece) {
        try {
            if (failure == null) {
                runPiece(body, piece, grain, n);
            }
        } catch (Throwable t) {
            fail(t);
        }
    }

    private synchronized void fail(Throwable t) {
        if (failure == null) {
            failure = t;
        }
    }

    /** The next piece of a share, or the last one if another thread takes it; -1 if none is left. */
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

    /**
     * Returns when every piece is done. An interrupt is deferred until then.
     *
     * @param spin nanoseconds to wait awake
     */
    void await(long spin) {
        boolean interrupted = false;
        long start = System.nanoTime();
        while (!isDone()) {
            if (System.nanoTime() - start < spin) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            caller.interrupt();
        }
    }
}
