package dev.graft.backend.reference;

import dev.graft.backend.Backend;
import dev.graft.backend.Storage;
import dev.graft.type.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Elements as little-endian bytes outside the heap: there is no array that an operator could reach into. New memory,
 * and memory given back, is full of ones: NaN as a float, -1 as an integer.
 */
final class ReferenceStorage implements Storage {
    private final ReferenceBackend backend;
    private final DType dtype;
    private final long length;
    private final ByteBuffer bytes;
    private final AtomicInteger holders = new AtomicInteger(1);
    private final AtomicInteger version = new AtomicInteger();

    ReferenceStorage(ReferenceBackend backend, DType dtype, long length) {
        if (length < 0) {
            throw new IllegalArgumentException("reference: negative length " + length);
        }
        this.backend = backend;
        this.dtype = dtype;
        this.length = length;
        this.bytes = ByteBuffer.allocateDirect(Math.toIntExact(length * dtype.bytes()))
                .order(ByteOrder.LITTLE_ENDIAN);
        poison();
    }

    private void poison() {
        for (int i = 0; i < bytes.capacity(); i++) {
            bytes.put(i, (byte) 0xff);
        }
    }

    /** The memory from element {@code index} on; only the device's thread may touch it. */
    ByteBuffer at(long index) {
        if (index < 0 || index >= length) {
            throw new IndexOutOfBoundsException("element " + index + " of a storage of " + length);
        }
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).position((int) index * dtype.bytes());
    }

    long size() {
        return bytes.capacity();
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
        return backend.owner();
    }

    /** Whose memory this is. */
    ReferenceBackend device() {
        return backend;
    }

    @Override
    public void retain() {
        if (holders.getAndUpdate(n -> n > 0 ? n + 1 : n) <= 0) {
            throw new IllegalStateException(
                    "storage: retained after it was released (" + dtype + ", " + length + " elements)");
        }
    }

    @Override
    public void release() {
        int before = holders.getAndUpdate(n -> Math.max(0, n - 1));
        if (before <= 0) {
            throw new IllegalStateException(
                    "storage: released more often than retained (" + dtype + ", " + length + " elements)");
        }
        if (before == 1) {
            backend.givenBack(size());
            backend.worker().submit(this::poison); // after the kernels that were given this memory
        }
    }

    @Override
    public int holders() {
        return holders.get();
    }

    @Override
    public int version() {
        return version.get();
    }

    @Override
    public void markModified() {
        version.incrementAndGet();
    }

    @Override
    public boolean isReleased() {
        return holders.get() == 0;
    }

    void checkOpen() {
        if (isReleased()) {
            throw new IllegalStateException("storage: used after it was released (" + dtype + ", " + length
                    + " elements). Hint: keep the tensor open, or keep() it out of its scope.");
        }
    }

    private void check(boolean rightType, long offset, int count) {
        checkOpen();
        if (!rightType) {
            throw new IllegalStateException(
                    "storage: holds " + dtype + ", accessed as another type. Hint: convert with to(DType) first.");
        }
        if (offset < 0 || count < 0 || offset + count > length) {
            throw new IndexOutOfBoundsException(
                    "storage: elements " + offset + " to " + (offset + count) + " of " + length);
        }
    }

    private boolean isRaw() {
        return dtype != DType.F32 && dtype != DType.I64 && dtype != DType.I32;
    }

    private void read(boolean rightType, long offset, int count, IntConsumer element) {
        check(rightType, offset, count);
        backend.worker().await(() -> each(count, element));
    }

    private void write(boolean rightType, long offset, int count, IntConsumer element) {
        check(rightType, offset, count);
        backend.worker().submit(() -> each(count, element));
    }

    private static void each(int count, IntConsumer element) {
        for (int i = 0; i < count; i++) {
            element.accept(i);
        }
    }

    @Override
    public void read(long offset, float[] target, int at, int count) {
        read(
                dtype == DType.F32,
                offset,
                count,
                i -> target[at + i] = at(offset + i).getFloat());
    }

    @Override
    public void read(long offset, long[] target, int at, int count) {
        read(
                dtype == DType.I64,
                offset,
                count,
                i -> target[at + i] = at(offset + i).getLong());
    }

    @Override
    public void read(long offset, int[] target, int at, int count) {
        read(
                dtype == DType.I32,
                offset,
                count,
                i -> target[at + i] = at(offset + i).getInt());
    }

    @Override
    public void read(long offset, byte[] target, int at, int count) {
        int width = dtype.bytes();
        read(isRaw(), offset, count, i -> at(offset + i).get(target, at + i * width, width));
    }

    // The caller may change its array as soon as the call has returned.

    @Override
    public void write(long offset, float[] source, int at, int count) {
        float[] copy = Arrays.copyOfRange(source, at, at + count);
        write(dtype == DType.F32, offset, count, i -> at(offset + i).putFloat(copy[i]));
    }

    @Override
    public void write(long offset, long[] source, int at, int count) {
        long[] copy = Arrays.copyOfRange(source, at, at + count);
        write(dtype == DType.I64, offset, count, i -> at(offset + i).putLong(copy[i]));
    }

    @Override
    public void write(long offset, int[] source, int at, int count) {
        int[] copy = Arrays.copyOfRange(source, at, at + count);
        write(dtype == DType.I32, offset, count, i -> at(offset + i).putInt(copy[i]));
    }

    @Override
    public void write(long offset, byte[] source, int at, int count) {
        int width = dtype.bytes();
        byte[] copy = Arrays.copyOfRange(source, at, at + count * width);
        write(isRaw(), offset, count, i -> at(offset + i).put(copy, i * width, width));
    }
}
