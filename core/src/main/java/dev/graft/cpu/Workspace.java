package dev.graft.cpu;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** One thread's scratch memory: grown when needed, kept between kernels. */
final class Workspace {

    /** Who uses a panel; a call may hold several at once. */
    enum Slot {
        LEFT, RIGHT, RESULT,
        /** Results that wait for others. */
        KEPT,
        /** Filled by the caller of a kernel and read by all its threads. */
        SHARED_LEFT, SHARED_RIGHT, SHARED_RESULT,
        /** See {@link Watch}. */
        WATCH
    }

    /** Length of the blocks in which strided operands are staged: a few of them fit the first-level cache. */
    static final int BLOCK = 1024;

    private static final int MAX_BLOCKS = 8;

    private final Supplier<Blas> blas;
    private final Map<Slot, Panel> panels = new EnumMap<>(Slot.class);
    private final Map<Slot, float[]> arrays = new EnumMap<>(Slot.class);
    private final Map<Slot, Object> keys = new EnumMap<>(Slot.class);
    private final float[][] floats = new float[MAX_BLOCKS][];
    private float[][] rows = new float[0][];
    private final long[][] longs = new long[2][];
    private final byte[][] bytes = new byte[2][];

    Workspace(Supplier<Blas> blas) {
        this.blas = blas;
    }

    /** A panel of at least {@code count} floats, valid until this thread asks for the same slot again. */
    Panel panel(Slot slot, long count) {
        if (count > Integer.MAX_VALUE / 4 - 64) {
            throw new IllegalStateException("memory: a scratch panel of " + count
                    + " floats is more than one buffer holds. Hint: use a smaller batch.");
        }
        Panel panel = panels.get(slot);
        if (panel == null || panel.capacity() < count) {
            panels.remove(slot);
            panel = allocate((int) Math.max(1024, Math.min(Integer.MAX_VALUE / 4 - 64, count + count / 8)));
            panels.put(slot, panel);
        }
        return panel;
    }

    private Panel allocate(int count) {
        try {
            return blas.get().allocate(count);
        } catch (OutOfMemoryError e) {
            throw new IllegalStateException("memory: no room outside the heap for a scratch panel of " + (count >> 18)
                    + " MiB. Hint: raise -XX:MaxDirectMemorySize (default: -Xmx).", e);
        }
    }

    /**
     * A new array of at least {@code count} floats. Its size is such that arrays made one after the other lie alike relative to cache
     * lines (an array has a header of 16 bytes): once the JIT compiler aligns one of them, the loads of all are aligned, which is worth
     * up to a third.
     */
    static float[] block(int count) {
        return new float[(Math.max(BLOCK, count) + 4 + 15) / 16 * 16 - 4];
    }

    /**
     * An array as {@code fill} leaves it, which is called only where this thread did not ask for the same slot with the same key last.
     *
     * @param key compared by identity
     */
    float[] filled(Slot slot, int count, Object key, Consumer<float[]> fill) {
        if (keys.get(slot) == key) {
            return arrays.get(slot);
        }
        float[] array = array(slot, count);
        fill.accept(array);
        keys.put(slot, key);
        return array;
    }

    /** As {@link #panel}, on the heap, where vector kernels work. */
    float[] array(Slot slot, int count) {
        keys.remove(slot);
        float[] array = arrays.get(slot);
        if (array == null || array.length < count) {
            array = block(count);
            arrays.put(slot, array);
        }
        return array;
    }

    /** Scratch floats number {@code i}, at least {@code count} long; undefined content. */
    float[] floats(int i, int count) {
        if (floats[i] == null || floats[i].length < count) {
            floats[i] = block(count);
        }
        return floats[i];
    }

    /** Another {@code count} arrays of {@code length} floats each. */
    float[][] rows(int count, int length) {
        if (rows.length < count) {
            rows = Arrays.copyOf(rows, count);
        }
        for (int i = 0; i < count; i++) {
            if (rows[i] == null || rows[i].length < length) {
                rows[i] = block(length);
            }
        }
        return rows;
    }

    /** As {@link #floats}, for I64. */
    long[] longs(int i, int count) {
        if (longs[i] == null || longs[i].length < count) {
            longs[i] = new long[Math.max(BLOCK, count)];
        }
        return longs[i];
    }

    /** As {@link #floats}, for BOOL and U8. */
    byte[] bytes(int i, int count) {
        if (bytes[i] == null || bytes[i].length < count) {
            bytes[i] = new byte[Math.max(BLOCK, count)];
        }
        return bytes[i];
    }
}
