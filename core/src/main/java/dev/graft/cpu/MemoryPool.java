package dev.graft.cpu;

import dev.graft.backend.MemoryStats;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/**
 * Keeps arrays that tensors no longer need, by size class, because the JVM takes several times longer to make a large array
 * than to refill one.
 *
 * <p>Sizes are rounded up to one of eight steps per power of two, so at most 12.5 % is wasted. Up to {@code limit} bytes are
 * kept; beyond it the size class unused for longest goes first.
 */
final class MemoryPool {
    private static final int SMALLEST = 16;
    private static final int LARGEST = Integer.MAX_VALUE - 16;

    /** What an array holds. */
    enum Kind {
        FLOATS(4, float[]::new), LONGS(8, long[]::new), INTS(4, int[]::new), BYTES(1, byte[]::new);

        private final int elementBytes;
        private final IntFunction<Object> maker;

        Kind(int elementBytes, IntFunction<Object> maker) {
            this.elementBytes = elementBytes;
            this.maker = maker;
        }

        long bytes(int capacity) {
            return (long) capacity * elementBytes;
        }
    }

    private record SizeClass(Kind kind, int capacity) {
        private long bytes() {
            return kind.bytes(capacity);
        }
    }

    private static final class Shelf {
        private final ArrayDeque<Object> arrays = new ArrayDeque<>();
        private long lastUse;
    }

    private final long limit;
    private final Map<SizeClass, Shelf> shelves = new HashMap<>();
    private long clock;
    private long live;
    private long peak;
    private long pooled;

    MemoryPool(long limit) {
        this.limit = limit;
    }

    long limit() {
        return limit;
    }

    /** The number of elements really allocated for {@code length} of them. */
    static int capacity(int length) {
        if (length <= SMALLEST) {
            return SMALLEST;
        }
        int step = 1 << Math.max(0, 31 - Integer.numberOfLeadingZeros(length - 1) - 3);
        return (int) Math.min(LARGEST, ((long) length + step - 1) / step * step);
    }

    /**
     * An array of at least {@code length} elements with undefined content.
     *
     * @throws IllegalStateException when the heap has no room for it, even after everybody gave back what they could
     */
    Object take(Memory memory, Kind kind, int length) {
        int capacity = capacity(length);
        Object array = fromShelf(new SizeClass(kind, capacity));
        if (array == null) {
            array = memory.make("a tensor", kind.bytes(capacity), () -> kind.maker.apply(capacity));
        }
        count(kind.bytes(capacity));
        return array;
    }

    private synchronized Object fromShelf(SizeClass size) {
        Shelf shelf = shelves.get(size);
        if (shelf == null) {
            return null;
        }
        shelf.lastUse = ++clock;
        Object array = shelf.arrays.pollLast();
        if (array != null) {
            pooled -= size.bytes();
        }
        return array;
    }

    private synchronized void count(long bytes) {
        live += bytes;
        peak = Math.max(peak, live);
    }

    /** Ends the life of {@code bytes} whose array the garbage collector already has. */
    synchronized void forget(long bytes) {
        live -= bytes;
    }

    /** Keeps {@code array}, which nobody uses any more, for the next {@link #take}. */
    synchronized void give(Kind kind, Object array, int capacity) {
        SizeClass size = new SizeClass(kind, capacity);
        if (size.bytes() > limit) {
            return;
        }
        Shelf shelf = shelves.computeIfAbsent(size, s -> new Shelf());
        shelf.lastUse = ++clock;
        shelf.arrays.addLast(array);
        pooled += size.bytes();
        while (pooled > limit) {
            dropOldest();
        }
    }

    private void dropOldest() {
        SizeClass oldest = null;
        long oldestUse = Long.MAX_VALUE;
        for (Map.Entry<SizeClass, Shelf> entry : shelves.entrySet()) {
            Shelf shelf = entry.getValue();
            if (!shelf.arrays.isEmpty() && shelf.lastUse < oldestUse) {
                oldest = entry.getKey();
                oldestUse = shelf.lastUse;
            }
        }
        shelves.get(oldest).arrays.pollFirst();
        pooled -= oldest.bytes();
    }

    /** Those who hold memory here: the tensors, and the pool itself. */
    List<MemoryHolder> holders() {
        return List.of(new Part(MemoryHolder.Use.TENSORS, () -> stats().live(), () -> { }),
                new Part(MemoryHolder.Use.POOL, () -> stats().pooled(), this::drop));
    }

    private record Part(MemoryHolder.Use use, LongSupplier size, Runnable giver) implements MemoryHolder {
        @Override
        public long bytes() {
            return size.getAsLong();
        }

        @Override
        public void giveBack() {
            giver.run();
        }
    }

    private synchronized void drop() {
        shelves.clear();
        pooled = 0;
    }

    /** Lets go of all kept arrays and restarts the peak. */
    synchronized void trim() {
        drop();
        peak = live;
    }

    synchronized MemoryStats stats() {
        return new MemoryStats(live, peak, pooled, 0, 0);
    }
}
