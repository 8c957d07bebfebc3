package dev.graft.cpu.memory;

import dev.graft.backend.Backend;
import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.type.DType;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A pooled heap array: {@code float[]}, {@code long[]} or {@code int[]} for F32, I64 and I32; {@code byte[]} for U8,
 * BOOL and, as raw little-endian bytes, every other type. The array may be longer than the storage.
 */
public final class CpuStorage implements Storage {

    private final DType dtype;
    private final int length;
    private final Backend backend;
    private final MemoryAccount account;
    private final MemoryPool pool;
    private final MemoryPool.Loan loan;
    private final AtomicInteger holders = new AtomicInteger(1);
    private final PackedWeightCache packed;
    private final AtomicLong writes = new AtomicLong();
    private final AtomicInteger version = new AtomicInteger();
    private volatile Object array;

    /** @throws IllegalStateException if there is not enough memory */
    public CpuStorage(
            Backend backend,
            MemoryAccount account,
            MemoryPool pool,
            PackedWeightMemory packedMemory,
            DType dtype,
            long length) {
        this.backend = backend;
        this.account = account;
        this.pool = pool;
        this.dtype = dtype;
        int elements = elements(dtype, length);
        this.length = (int) length;
        this.packed = new PackedWeightCache(packedMemory);
        this.loan = pool.loan(this, kind(dtype), elements, packed::clear);
        this.array = pool.take(account, loan);
    }

    private static MemoryPool.Kind kind(DType dtype) {
        return switch (dtype) {
            case F32 -> MemoryPool.Kind.FLOATS;
            case I64 -> MemoryPool.Kind.LONGS;
            case I32 -> MemoryPool.Kind.INTS;
            default -> MemoryPool.Kind.BYTES;
        };
    }

    private static int elements(DType dtype, long length) {
        long elements = kind(dtype) == MemoryPool.Kind.BYTES ? length * dtype.bytes() : length;
        if (elements > Integer.MAX_VALUE - 16) {
            throw new IllegalStateException("memory: " + length + " elements of " + dtype
                    + " do not fit one array of 2^31 bytes." + " Hint: split the tensor or convert it to F32.");
        }
        return (int) elements;
    }

    /** The array behind a view that is only read. @throws IllegalStateException unless it holds F32 on this device */
    public static float[] floats(View view) {
        return of(view).array(float[].class);
    }

    /**
     * The array behind a view that is about to be written: anything derived from the old content becomes out of date.
     */
    public static float[] floatsToWrite(View view) {
        CpuStorage storage = of(view);
        storage.changed();
        return storage.array(float[].class);
    }

    public static int[] intsToWrite(View view) {
        of(view).changed();
        return of(view).array(int[].class);
    }

    public static CpuStorage of(View view) {
        if (view.storage() instanceof CpuStorage storage) {
            return storage;
        }
        throw new IllegalStateException("cpu: a tensor is on "
                + view.storage().backend().name() + ", not on the CPU. Hint: move it with to(Device.cpu()).");
    }

    /** The index at which a view begins in its array: an int, because no array is longer. */
    public static int offset(View view) {
        return (int) view.offset();
    }

    /** A view's step along one dimension, in elements of its array. */
    public static int stride(View view, int axis) {
        return (int) view.strides()[axis];
    }

    /** A view's steps along all dimensions. */
    public static int[] strides(View view) {
        int[] steps = new int[view.rank()];
        for (int axis = 0; axis < steps.length; axis++) {
            steps[axis] = stride(view, axis);
        }
        return steps;
    }

    /**
     * The elements, as an array of the type given.
     *
     * @throws IllegalStateException after the last release, or if the storage holds another type
     */
    public <T> T array(Class<T> type) {
        Object a = array;
        if (a == null) {
            throw new IllegalStateException("storage: used after it was released (" + dtype + ", " + length
                    + " elements)." + " Hint: keep the tensor open, or keep() it out of its scope.");
        }
        if (!type.isInstance(a)) {
            throw new IllegalStateException("storage: holds " + dtype + ", accessed as " + type.getSimpleName()
                    + ". Hint: convert with to(DType) first.");
        }
        return type.cast(a);
    }

    /** Records that a kernel is about to write. */
    public void changed() {
        writes.incrementAndGet();
        packed.clear();
    }

    /** Increases with every write by a kernel and every {@link #markModified()}: equal numbers mean equal content. */
    public long content() {
        return writes.get() + version.get();
    }

    @Override
    public int version() {
        return version.get();
    }

    @Override
    public void markModified() {
        version.incrementAndGet();
        packed.clear();
    }

    @Override
    public int holders() {
        return holders.get();
    }

    /** The account of the memory that this storage is part of. */
    MemoryAccount memory() {
        return account;
    }

    /** Rearranged copies of this storage's weights. */
    public PackedWeightCache packed() {
        return packed;
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public void retain() {
        int n = holders.get();
        while (n > 0) {
            if (holders.compareAndSet(n, n + 1)) {
                return;
            }
            n = holders.get();
        }
        throw new IllegalStateException(
                "storage: retained after it was released (" + dtype + ", " + length + " elements)");
    }

    @Override
    public void release() {
        int left = holders.decrementAndGet();
        if (left < 0) {
            holders.incrementAndGet();
            throw new IllegalStateException(
                    "storage: released more often than retained (" + dtype + ", " + length + " elements)");
        }
        if (left == 0) {
            Object a = array;
            array = null;
            packed.clear();
            pool.give(loan, a);
        }
    }

    @Override
    public boolean isReleased() {
        return array == null;
    }

    @Override
    public void read(long offset, float[] target, int at, int count) {
        System.arraycopy(checked(float[].class, offset, count), (int) offset, target, at, count);
    }

    @Override
    public void read(long offset, long[] target, int at, int count) {
        System.arraycopy(checked(long[].class, offset, count), (int) offset, target, at, count);
    }

    @Override
    public void read(long offset, int[] target, int at, int count) {
        System.arraycopy(checked(int[].class, offset, count), (int) offset, target, at, count);
    }

    @Override
    public void read(long offset, byte[] target, int at, int count) {
        System.arraycopy(
                checked(byte[].class, offset, count), (int) offset * dtype.bytes(), target, at, count * dtype.bytes());
    }

    @Override
    public void write(long offset, float[] source, int at, int count) {
        System.arraycopy(source, at, checked(float[].class, offset, count), (int) offset, count);
        changed();
    }

    @Override
    public void write(long offset, long[] source, int at, int count) {
        System.arraycopy(source, at, checked(long[].class, offset, count), (int) offset, count);
        changed();
    }

    @Override
    public void write(long offset, int[] source, int at, int count) {
        System.arraycopy(source, at, checked(int[].class, offset, count), (int) offset, count);
        changed();
    }

    @Override
    public void write(long offset, byte[] source, int at, int count) {
        System.arraycopy(
                source, at, checked(byte[].class, offset, count), (int) offset * dtype.bytes(), count * dtype.bytes());
        changed();
    }

    private <T> T checked(Class<T> type, long offset, int count) {
        T a = array(type);
        if (offset < 0 || count < 0 || offset > length - count) {
            throw new IndexOutOfBoundsException(
                    "storage: elements " + offset + " to " + (offset + count) + " of " + length);
        }
        return a;
    }
}
