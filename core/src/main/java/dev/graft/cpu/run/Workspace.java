package dev.graft.cpu.run;

import dev.graft.cpu.conv.parts.NonFiniteWatch;
import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.memory.MemoryAccount;
import java.lang.ref.SoftReference;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One thread's scratch memory, which grows when needed and is kept between kernels. An array or a buffer stays valid
 * for whoever holds it.
 */
public final class Workspace {

    /** The use of a buffer; a call may hold several at once. */
    public enum Slot {
        LEFT,
        RIGHT,
        RESULT,
        /** Results that wait for other results. */
        KEPT,
        /** Filled by the caller of a kernel, and read by all its threads. */
        SHARED_LEFT,
        SHARED_RIGHT,
        SHARED_RESULT,
        /** See {@link NonFiniteWatch}. */
        WATCH,
        WATCH_TILES
    }

    /** The length of the blocks that strided operands are copied through: a few of them fit the first-level cache. */
    public static final int BLOCK = 1024;

    private static final int MAX_BLOCKS = 8;

    private final Supplier<Blas> blas;
    private final MemoryAccount memory;
    private final SoftReference<Workspace> reference = new SoftReference<>(this);
    private final Map<Slot, MatrixBuffer> buffers = new EnumMap<>(Slot.class);
    private final Map<Slot, float[]> arrays = new EnumMap<>(Slot.class);
    private final Map<Slot, Object> keys = new EnumMap<>(Slot.class);
    private final float[][] floats = new float[MAX_BLOCKS][];
    private float[][] rows = new float[0][];
    private final long[][] longs = new long[2][];
    private final byte[][] bytes = new byte[2][];
    // Written only by this thread, read by all.
    private volatile long size;
    private volatile boolean retired;

    Workspace(Supplier<Blas> blas, MemoryAccount memory) {
        this.blas = blas;
        this.memory = memory;
    }

    SoftReference<Workspace> reference() {
        return reference;
    }

    /** Tells the garbage collector that the soft reference is worth keeping. */
    Workspace inUse() {
        return reference.get();
    }

    /** Whether the thread must ask for another workspace. */
    boolean isRetired() {
        return retired;
    }

    void retire() {
        retired = true;
    }

    /** Bytes held. */
    public long bytes() {
        return size;
    }

    /** A buffer of at least {@code count} floats, valid until this thread asks for the same slot again. */
    public MatrixBuffer buffer(Slot slot, long count) {
        if (count > Integer.MAX_VALUE / 4 - 64) {
            throw new IllegalStateException("memory: a scratch panel of " + count
                    + " floats is more than one buffer holds. Hint: use a smaller batch.");
        }
        MatrixBuffer buffer = buffers.get(slot);
        if (buffer == null || buffer.capacity() < count) {
            buffers.remove(slot);
            resize(buffer == null ? 0 : buffer.capacity(), 0, Float.BYTES);
            int capacity = (int) Math.max(1024, Math.min(Integer.MAX_VALUE / 4 - 64, count + count / 8));
            buffer = memory.make(
                    "scratch memory", 4L * capacity, () -> blas.get().allocate(capacity));
            buffers.put(slot, buffer);
            resize(0, buffer.capacity(), Float.BYTES);
        }
        return buffer;
    }

    // The field has one writer, the thread that owns the workspace.
    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void resize(int from, int to, int bytes) {
        size = size + (long) bytes * (to - from);
    }

    /** A new array in place of {@code old}, which the caller no longer holds. */
    private float[] grown(int old, int count) {
        resize(old, 0, Float.BYTES);
        float[] array = memory.make("scratch memory", 4L * count, () -> block(count));
        resize(0, array.length, Float.BYTES);
        return array;
    }

    private static int length(float[] array) {
        return array == null ? 0 : array.length;
    }

    /**
     * A new array of at least {@code count} floats. Its size is chosen so that arrays allocated one after another have
     * the same alignment to cache lines (an array has a header of 16 bytes). Once the JIT compiler aligns one of them,
     * the loads of all are aligned, which is worth up to a third.
     */
    public static float[] block(int count) {
        return new float[(Math.max(BLOCK, count) + 4 + 15) / 16 * 16 - 4];
    }

    /**
     * An array that {@code fill} has filled. {@code fill} is called only if this thread's last request for the slot had
     * another key.
     *
     * @param key compared by identity
     */
    public float[] filled(Slot slot, int count, Object key, Consumer<float[]> fill) {
        if (keys.get(slot) == key) {
            return arrays.get(slot);
        }
        float[] array = array(slot, count);
        fill.accept(array);
        keys.put(slot, key);
        return array;
    }

    /** As {@link #buffer}, on the heap, for vector kernels. */
    public float[] array(Slot slot, int count) {
        keys.remove(slot);
        float[] array = arrays.get(slot);
        if (array == null || array.length < count) {
            arrays.remove(slot);
            array = grown(length(array), count);
            arrays.put(slot, array);
        }
        return array;
    }

    /** Scratch floats number {@code i}, at least {@code count} long; undefined content. */
    public float[] floats(int i, int count) {
        if (floats[i] == null || floats[i].length < count) {
            int old = length(floats[i]);
            floats[i] = null;
            floats[i] = grown(old, count);
        }
        return floats[i];
    }

    /** Another {@code count} arrays of {@code length} floats each. */
    public float[][] rows(int count, int length) {
        if (rows.length < count) {
            rows = Arrays.copyOf(rows, count);
        }
        for (int i = 0; i < count; i++) {
            if (rows[i] == null || rows[i].length < length) {
                int old = length(rows[i]);
                rows[i] = null;
                rows[i] = grown(old, length);
            }
        }
        return rows;
    }

    /** As {@link #floats}, for I64. */
    public long[] longs(int i, int count) {
        if (longs[i] == null || longs[i].length < count) {
            resize(longs[i] == null ? 0 : longs[i].length, 0, Long.BYTES);
            longs[i] = null;
            longs[i] = new long[Math.max(BLOCK, count)];
            resize(0, longs[i].length, Long.BYTES);
        }
        return longs[i];
    }

    /** As {@link #floats}, for BOOL and U8. */
    public byte[] bytes(int i, int count) {
        if (bytes[i] == null || bytes[i].length < count) {
            resize(bytes[i] == null ? 0 : bytes[i].length, 0, 1);
            bytes[i] = null;
            bytes[i] = new byte[Math.max(BLOCK, count)];
            resize(0, bytes[i].length, 1);
        }
        return bytes[i];
    }
}
