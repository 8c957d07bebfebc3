package dev.graft.nn;

import dev.graft.tensor.Tensor;

/**
 * An I64 scalar buffer that counts on the Java side and writes its tensor only when it is read, because counting must
 * not cost a device transfer at every training step.
 */
public final class Counter extends Buffer {
    private long count;
    private boolean stale;

    /** Starts at 0. */
    public Counter() {
        super(Tensor.of(new long[1]));
    }

    /** Adds 1. */
    public synchronized void increment() {
        count++;
        stale = true;
    }

    @Override
    synchronized Tensor tensor() {
        if (stale) {
            try (Tensor now = Tensor.of(new long[] {count})) {
                super.tensor().copyFrom(now);
            }
            stale = false;
        }
        return super.tensor();
    }

    @Override
    boolean mayBeMissing() {
        return true;
    }

    @Override
    synchronized void assign(Tensor source) {
        count = source.itemLong();
        stale = true;
    }

    @Override
    synchronized void reset() {
        count = 0;
        stale = true;
    }
}
