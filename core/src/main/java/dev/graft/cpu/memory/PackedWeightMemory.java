package dev.graft.cpu.memory;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.SoftReference;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * All {@link PackedWeightCache}s of a backend together: counted, bounded, and freed if memory runs out. Copies are
 * softly reachable, so that the garbage collector frees them before any allocation fails.
 */
public final class PackedWeightMemory implements MemoryHolder {
    /**
     * A copy is idle when other copies were requested this many times as often as there are copies. Otherwise windows
     * of one large tensor, each used in turn, would evict each other for ever.
     */
    private static final int IDLE = 4;

    private final long limit;
    private final MemoryAccount memory;
    // In order of last use.
    private final Map<Copy, Long> lastUses = new LinkedHashMap<>(16, 0.75f, true);
    private final ReferenceQueue<MatrixBuffer> collected = new ReferenceQueue<>();
    private long bytes;
    private long clock;

    /** Keeps at most {@code limit} bytes, and no more than {@code memory} has room for. */
    public PackedWeightMemory(long limit, MemoryAccount memory) {
        this.limit = limit;
        this.memory = memory;
    }

    /** A buffer and its accounting. */
    static final class Copy extends SoftReference<MatrixBuffer> {
        private final long bytes;

        private Copy(MatrixBuffer buffer, long bytes, ReferenceQueue<MatrixBuffer> collected) {
            super(buffer, collected);
            this.bytes = bytes;
        }
    }

    /** A new buffer of {@code floats} with undefined content, not yet counted; empty if there is no room for it. */
    Optional<MatrixBuffer> make(int floats, IntFunction<MatrixBuffer> maker) {
        long size = 4L * floats;
        if (!makeRoom(size) || !memory.roomFor(size)) {
            return Optional.empty();
        }
        try {
            return Optional.of(maker.apply(floats));
        } catch (OutOfMemoryError e) {
            // Copies only save time.
            giveBack();
            return Optional.empty();
        }
    }

    private synchronized boolean makeRoom(long size) {
        forgetCollected();
        clock++;
        while (bytes + size > limit) {
            if (lastUses.isEmpty()) {
                return false;
            }
            Map.Entry<Copy, Long> oldest = lastUses.entrySet().iterator().next();
            if (clock - oldest.getValue() <= (long) IDLE * lastUses.size()) {
                return false;
            }
            drop(oldest.getKey());
        }
        return true;
    }

    /** Counts {@code buffer}, which is filled. */
    synchronized Copy keep(MatrixBuffer buffer, int floats) {
        Copy copy = new Copy(buffer, 4L * floats, collected);
        lastUses.put(copy, ++clock);
        bytes += copy.bytes;
        return copy;
    }

    synchronized void used(Copy copy) {
        lastUses.replace(copy, ++clock);
    }

    /** Frees a copy that was kept. */
    synchronized void drop(Copy copy) {
        copy.clear();
        if (lastUses.remove(copy) != null) {
            bytes -= copy.bytes;
        }
    }

    private void forgetCollected() {
        for (Object copy = collected.poll(); copy != null; copy = collected.poll()) {
            if (lastUses.remove(copy) != null) {
                bytes -= ((Copy) copy).bytes;
            }
        }
    }

    @Override
    public Use use() {
        return Use.PACKED_WEIGHTS;
    }

    @Override
    public synchronized long bytes() {
        forgetCollected();
        return bytes;
    }

    @Override
    public synchronized void giveBack() {
        lastUses.keySet().forEach(SoftReference::clear);
        lastUses.clear();
        bytes = 0;
    }
}
