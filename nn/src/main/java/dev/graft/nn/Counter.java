package dev.graft.nn;

import dev.graft.tensor.Tensor;

/**
 * An I64 scalar buffer that counts on the Java side and writes its tensor only when somebody looks: counting must not cost a
 * device transfer at every training step.
 */
final class Counter extends Buffer {
    private long count;
    private boolean stale;

    Counter() {
        super(Tensor.of(new long[1]));
    }

    void increment() {
        count++;
        stale = true;
    }

    @Override
    public Tensor value() {
        if (stale) {
            try (Tensor now = Tensor.of(new long[] {count})) {
                super.value().copyFrom(now);
            }
            stale = false;
        }
        return super.value();
    }

    @Override
    boolean mayBeMissing() {
        return true;
    }

    @Override
    void assign(Tensor source) {
        super.assign(source);
        count = source.itemLong();
        stale = false;
    }

    @Override
    void reset() {
        count = 0;
        stale = true;
    }
}
