package dev.graft.cuda;

import dev.graft.backend.Backend;
import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.type.DType;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;

/** Elements in a device's memory, little-endian, as the device has them. */
final class CudaStorage implements Storage {
    private static final Cleaner CLEANER = Cleaner.create();

    private final CudaBackend backend;
    private final DType dtype;
    private final long length;
    private final Lease lease;
    private final Cleaner.Cleanable cleanable;
    private final AtomicInteger holders = new AtomicInteger(1);
    private final AtomicInteger version = new AtomicInteger();

    /** A block and whether it was given back; apart from the storage, so that the cleaner does not keep that alive. */
    private static final class Lease implements Runnable {
        final DeviceMemory memory;
        final Block block;
        volatile boolean isReturned;

        Lease(DeviceMemory memory, Block block) {
            this.memory = memory;
            this.block = block;
        }

        @Override
        public void run() {
            if (!isReturned) {
                memory.abandon(block);
            }
        }
    }

    CudaStorage(CudaBackend backend, DType dtype, long length) {
        if (length < 0) {
            throw new IllegalArgumentException(backend.name() + ": a storage cannot have " + length + " elements");
        }
        this.backend = backend;
        this.dtype = dtype;
        this.length = length;
        long bytes = bytes(backend, dtype, length);
        this.lease = new Lease(backend.deviceMemory(), backend.deviceMemory().take(bytes));
        this.cleanable = CLEANER.register(this, lease);
    }

    private static long bytes(CudaBackend backend, DType dtype, long length) {
        try {
            return Math.multiplyExact(length, dtype.bytes());
        } catch (ArithmeticException e) {
            throw new IllegalStateException(
                    backend.name() + ": " + length + " elements of " + dtype
                            + " exceed any device's memory. Hint: split the tensor.",
                    e);
        }
    }

    /** @throws IllegalStateException if the view's elements are not on this device */
    static CudaStorage of(View view, CudaBackend backend) {
        if (view.storage() instanceof CudaStorage storage && storage.backend == backend) {
            return storage;
        }
        throw new IllegalStateException(
                backend.name() + ": a tensor is on " + view.storage().backend().name() + ", not on " + backend.name()
                        + ". Hint: move it with to(Device.of(\"" + backend.name() + "\")).");
    }

    /**
     * Where element {@code index} lies.
     *
     * @throws IllegalStateException after the last release
     */
    long address(long index) {
        if (isReleased()) {
            throw new IllegalStateException("storage: used after it was released (" + dtype + ", " + length
                    + " elements). Hint: keep the tensor open, or keep() it out of its scope.");
        }
        return lease.block.address() + index * dtype.bytes();
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
            lease.isReturned = true;
            cleanable.clean();
            lease.memory.giveBack(lease.block);
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

    private long range(String type, boolean isRightType, long offset, int count) {
        long address = address(offset);
        if (!isRightType) {
            throw new IllegalStateException(
                    "storage: holds " + dtype + ", accessed as " + type + ". Hint: convert with to(DType) first.");
        }
        if (offset < 0 || count < 0 || offset > length - count) {
            throw new IndexOutOfBoundsException(
                    "storage: elements " + offset + " to " + (offset + count) + " of " + length);
        }
        return address;
    }

    private boolean isBytes() {
        return dtype != DType.F32 && dtype != DType.I64 && dtype != DType.I32;
    }

    @Override
    public void read(long offset, float[] target, int at, int count) {
        long address = range("float[]", dtype == DType.F32, offset, count);
        backend.download(
                address,
                4L * count,
                (buffer, from, bytes) -> buffer.asFloatBuffer().get(target, (int) (at + from / 4), bytes / 4));
    }

    @Override
    public void read(long offset, long[] target, int at, int count) {
        long address = range("long[]", dtype == DType.I64, offset, count);
        backend.download(
                address,
                8L * count,
                (buffer, from, bytes) -> buffer.asLongBuffer().get(target, (int) (at + from / 8), bytes / 8));
    }

    @Override
    public void read(long offset, int[] target, int at, int count) {
        long address = range("int[]", dtype == DType.I32, offset, count);
        backend.download(
                address,
                4L * count,
                (buffer, from, bytes) -> buffer.asIntBuffer().get(target, (int) (at + from / 4), bytes / 4));
    }

    @Override
    public void read(long offset, byte[] target, int at, int count) {
        long address = range("byte[]", isBytes(), offset, count);
        backend.download(
                address,
                (long) dtype.bytes() * count,
                (buffer, from, bytes) -> buffer.get(target, (int) (at + from), bytes));
    }

    @Override
    public void write(long offset, float[] source, int at, int count) {
        long address = range("float[]", dtype == DType.F32, offset, count);
        backend.upload(
                address,
                4L * count,
                (buffer, from, bytes) -> buffer.asFloatBuffer().put(source, (int) (at + from / 4), bytes / 4));
    }

    @Override
    public void write(long offset, long[] source, int at, int count) {
        long address = range("long[]", dtype == DType.I64, offset, count);
        backend.upload(
                address,
                8L * count,
                (buffer, from, bytes) -> buffer.asLongBuffer().put(source, (int) (at + from / 8), bytes / 8));
    }

    @Override
    public void write(long offset, int[] source, int at, int count) {
        long address = range("int[]", dtype == DType.I32, offset, count);
        backend.upload(
                address,
                4L * count,
                (buffer, from, bytes) -> buffer.asIntBuffer().put(source, (int) (at + from / 4), bytes / 4));
    }

    @Override
    public void write(long offset, byte[] source, int at, int count) {
        long address = range("byte[]", isBytes(), offset, count);
        backend.upload(
                address,
                (long) dtype.bytes() * count,
                (buffer, from, bytes) -> buffer.put(source, (int) (at + from), bytes));
    }
}
