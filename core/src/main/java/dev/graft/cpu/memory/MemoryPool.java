package dev.graft.cpu.memory;

import dev.graft.backend.MemoryStats;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/**
 * Keeps arrays that tensors no longer need, by size class, because the JVM takes several times longer to allocate a
 * large array than to refill one.
 *
 * <p>Sizes are rounded up to one of eight steps per power of two, so at most 12.5 % is wasted. Up to {@code limit}
 * bytes are kept; beyond that, the least recently used size class is freed first. Kept arrays are softly reachable: the
 * garbage collector frees them before anything in the program runs out of memory, and otherwise leaves those alone that
 * were used since its last cycle.
 *
 * <p>A storage that is collected without having been closed leaves its array to the garbage collector, not to the pool:
 * a kernel might still read it. No thread and no {@code Cleaner} is involved, so that nothing outlives the library's
 * class loader. The statistics are corrected when they are next read or changed.
 */
public final class MemoryPool {
    private static final int SMALLEST = 16;
    private static final int LARGEST = Integer.MAX_VALUE - 16;

    /** What an array holds. */
    enum Kind {
        FLOATS(4, float[]::new),
        LONGS(8, long[]::new),
        INTS(4, int[]::new),
        BYTES(1, byte[]::new);

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

    /** The time during which a storage holds an array. It ends with {@link #give} or with the storage. */
    static final class Loan extends PhantomReference<Object> {
        private final Kind kind;
        private final int capacity;
        private final Runnable afterwards;
        // The pool lists its loans, which keeps them reachable.
        private boolean open;
        private Loan before;
        private Loan after;

        private Loan(Object holder, ReferenceQueue<Object> collected, Kind kind, int capacity, Runnable afterwards) {
            super(holder, collected);
            this.kind = kind;
            this.capacity = capacity;
            this.afterwards = afterwards;
        }

        private long bytes() {
            return kind.bytes(capacity);
        }
    }

    private record SizeClass(Kind kind, int capacity) {
        private long bytes() {
            return kind.bytes(capacity);
        }

        // Not the generated ones of a record: with these, JDK 17 keeps the class loader for ever (the JDK's method
        // handles cache its types).
        @Override
        public boolean equals(Object other) {
            return other instanceof SizeClass size && size.kind == kind && size.capacity == capacity;
        }

        @Override
        public int hashCode() {
            return 31 * capacity + kind.ordinal();
        }
    }

    private static final class Shelf {
        private final ArrayDeque<SoftReference<Object>> arrays = new ArrayDeque<>();
        private long lastUse;
    }

    private final long limit;
    private final Map<SizeClass, Shelf> shelves = new HashMap<>();
    private final ReferenceQueue<Object> cleared = new ReferenceQueue<>();
    private final ReferenceQueue<Object> collected = new ReferenceQueue<>();
    private Loan loans;
    private long clock;
    private long live;
    private long peak;
    private long pooled;

    public MemoryPool(long limit) {
        this.limit = limit;
    }

    public long limit() {
        return limit;
    }

    /** The number of elements that are really allocated for {@code length}. */
    static int capacity(int length) {
        if (length <= SMALLEST) {
            return SMALLEST;
        }
        int step = 1 << Math.max(0, 31 - Integer.numberOfLeadingZeros(length - 1) - 3);
        return (int) Math.min(LARGEST, ((long) length + step - 1) / step * step);
    }

    /**
     * A loan to {@code holder} of an array of at least {@code length} elements, which {@link #take} hands out.
     * {@code afterwards} runs once the holder was collected, and must not refer to it.
     */
    Loan loan(Object holder, Kind kind, int length, Runnable afterwards) {
        return new Loan(holder, collected, kind, capacity(length), afterwards);
    }

    /**
     * The array of a new loan, with undefined content.
     *
     * @throws IllegalStateException if the heap has no room for it, even after all holders have freed what they can
     */
    Object take(MemoryAccount memory, Loan loan) {
        Object array = fromShelf(loan);
        if (array == null) {
            array = memory.make("a tensor", loan.bytes(), () -> loan.kind.maker.apply(loan.capacity));
            synchronized (this) {
                begin(loan);
            }
        }
        return array;
    }

    private synchronized Object fromShelf(Loan loan) {
        settle();
        Shelf shelf = shelves.get(new SizeClass(loan.kind, loan.capacity));
        if (shelf == null) {
            return null;
        }
        shelf.lastUse = ++clock;
        for (SoftReference<Object> kept = shelf.arrays.pollLast(); kept != null; kept = shelf.arrays.pollLast()) {
            pooled -= loan.bytes();
            Object array = kept.get();
            if (array != null) {
                begin(loan);
                return array;
            }
        }
        return null;
    }

    private void begin(Loan loan) {
        live += loan.bytes();
        peak = Math.max(peak, live);
        loan.open = true;
        loan.after = loans;
        if (loans != null) {
            loans.before = loan;
        }
        loans = loan;
    }

    // A storage may become unreachable while its last release is still running: then two threads come here.
    private void end(Loan loan) {
        if (!loan.open) {
            return;
        }
        loan.open = false;
        live -= loan.bytes();
        if (loan.before == null) {
            loans = loan.after;
        } else {
            loan.before.after = loan.after;
        }
        if (loan.after != null) {
            loan.after.before = loan.before;
        }
        loan.before = null;
        loan.after = null;
    }

    /** Ends a loan; to be called once. The array, which is no longer used, is kept for the next {@link #take}. */
    synchronized void give(Loan loan, Object array) {
        loan.clear();
        settle();
        end(loan);
        SizeClass size = new SizeClass(loan.kind, loan.capacity);
        if (size.bytes() > limit) {
            return;
        }
        Shelf shelf = shelves.computeIfAbsent(size, s -> new Shelf());
        shelf.lastUse = ++clock;
        shelf.arrays.addLast(new SoftReference<>(array, cleared));
        pooled += size.bytes();
        while (pooled > limit) {
            dropOldest();
        }
    }

    /** Updates the statistics for what the garbage collector has freed. */
    private void settle() {
        for (Object loan = collected.poll(); loan != null; loan = collected.poll()) {
            end((Loan) loan);
            ((Loan) loan).afterwards.run();
        }
        if (cleared.poll() != null) {
            forgetCleared();
        }
    }

    private void forgetCleared() {
        while (cleared.poll() != null) {
            // One walk for all.
        }
        shelves.forEach((size, shelf) -> shelf.arrays.removeIf(kept -> {
            boolean gone = kept.refersTo(null);
            pooled -= gone ? size.bytes() : 0;
            return gone;
        }));
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

    /** The holders of memory here: the tensors, and the pool itself. */
    public List<MemoryHolder> holders() {
        return List.of(
                new Part(MemoryHolder.Use.TENSORS, () -> stats().live(), () -> {}),
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

    /** Frees all kept arrays and restarts the peak. */
    public synchronized void trim() {
        settle();
        drop();
        peak = live;
    }

    public synchronized MemoryStats stats() {
        settle();
        forgetCleared(); // some may not be in the queue yet
        return new MemoryStats(live, peak, pooled, 0, 0);
    }
}
