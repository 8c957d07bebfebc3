package dev.graft.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Moves values between Java's arrays and a device, through page-locked memory that the device reads and writes by
 * itself. Uploads take turns with two buffers: while the device fetches one, the other is filled.
 */
final class Transfers {
    private static final int BYTES = 4 << 20;
    private static final int BUFFERS = 2;
    private static final int DISABLE_TIMING = 2;

    /** Values of an array, from or to a buffer. */
    interface Part {
        /**
         * Copies some of the values.
         *
         * @param from the first byte of the values that the buffer holds, counted from the transfer's begin
         */
        void move(ByteBuffer buffer, long from, int bytes);
    }

    private static final class Buffer {
        final Pointer memory;
        final ByteBuffer bytes;
        final CUevent_st fetched = new CUevent_st();

        Buffer(Gpu gpu) {
            BytePointer pinned = new BytePointer();
            gpu.check("allocating page-locked memory", cudart.cuMemHostAlloc(pinned, BYTES, 0));
            memory = pinned.capacity(BYTES);
            bytes = pinned.asByteBuffer().order(ByteOrder.nativeOrder());
            gpu.check("cuEventCreate", cudart.cuEventCreate(fetched, DISABLE_TIMING));
        }
    }

    private final Gpu gpu;
    private final Buffer[] uploads = new Buffer[BUFFERS];
    private final Buffer download;
    private int turn;

    Transfers(Gpu gpu) {
        this.gpu = gpu;
        gpu.enter();
        for (int i = 0; i < BUFFERS; i++) {
            uploads[i] = new Buffer(gpu);
        }
        download = new Buffer(gpu);
    }

    /** Queues a copy to the device; the array may change as soon as this returns. */
    synchronized void upload(long address, long bytes, Part part) {
        gpu.enter();
        for (long from = 0; from < bytes; from += BYTES) {
            int count = (int) Math.min(BYTES, bytes - from);
            Buffer buffer = uploads[turn];
            turn = (turn + 1) % BUFFERS;
            gpu.check("waiting for an upload", cudart.cuEventSynchronize(buffer.fetched));
            part.move(buffer.bytes.clear().limit(count), from, count);
            gpu.check("an upload", cudart.cuMemcpyHtoDAsync(address + from, buffer.memory, count, gpu.stream()));
            gpu.check("cuEventRecord", cudart.cuEventRecord(buffer.fetched, gpu.stream()));
        }
    }

    /** Waits for all that was queued, and copies from the device. */
    void download(long address, long bytes, Part part) {
        synchronized (download) {
            for (long from = 0; from < bytes; from += BYTES) {
                int count = (int) Math.min(BYTES, bytes - from);
                gpu.check("a download", cudart.cuMemcpyDtoHAsync(download.memory, address + from, count, gpu.stream()));
                gpu.await();
                part.move(download.bytes.clear().limit(count), from, count);
            }
        }
    }
}
