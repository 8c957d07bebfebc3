package dev.graft.tensor;

import dev.graft.backend.Storage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Moves a storage's elements to and from little-endian bytes. */
final class HostBytes {
    private HostBytes() {}

    static void write(Storage storage, byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int n = Math.toIntExact(storage.length());
        switch (storage.dtype()) {
            case F32 -> {
                float[] values = new float[n];
                buffer.asFloatBuffer().get(values);
                storage.write(0, values, 0, n);
            }
            case I64 -> {
                long[] values = new long[n];
                buffer.asLongBuffer().get(values);
                storage.write(0, values, 0, n);
            }
            case I32 -> {
                int[] values = new int[n];
                buffer.asIntBuffer().get(values);
                storage.write(0, values, 0, n);
            }
            default -> storage.write(0, bytes, 0, n);
        }
    }

    static byte[] read(Storage storage, long offset, int count) {
        byte[] bytes = new byte[Math.multiplyExact(count, storage.dtype().bytes())];
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        switch (storage.dtype()) {
            case F32 -> {
                float[] values = new float[count];
                storage.read(offset, values, 0, count);
                buffer.asFloatBuffer().put(values);
            }
            case I64 -> {
                long[] values = new long[count];
                storage.read(offset, values, 0, count);
                buffer.asLongBuffer().put(values);
            }
            case I32 -> {
                int[] values = new int[count];
                storage.read(offset, values, 0, count);
                buffer.asIntBuffer().put(values);
            }
            default -> storage.read(offset, bytes, 0, count);
        }
        return bytes;
    }
}
