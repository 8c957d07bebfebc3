package dev.graft.backend;

import dev.graft.type.DType;

/**
 * A flat run of elements on one device, shared by the tensors that view it.
 *
 * <p>Reference-counted: whoever keeps a storage calls {@link #retain()}, and {@link #release()} once when done. The
 * last release returns the memory to the device's pool. A storage that is never released is left to the garbage
 * collector.
 */
public interface Storage {
    DType dtype();

    /** Number of elements. */
    long length();

    Backend backend();

    /**
     * Adds one holder.
     *
     * @throws IllegalStateException if the storage was already freed
     */
    void retain();

    /**
     * Removes one holder; the last one frees the memory.
     *
     * @throws IllegalStateException if called too often
     */
    void release();

    /** Number of holders: 1 means that the memory is not shared. */
    int holders();

    /** Grows with every {@link #markModified()}: lets caches and saved tensors notice a change in place. */
    int version();

    /** Records that the content was changed in place. */
    void markModified();

    /** Whether the memory was freed. */
    boolean isReleased();

    /**
     * Copies {@code count} elements to {@code target[at..]}, as they are after all earlier calls that touch this
     * storage; waits for those calls.
     *
     * @throws IllegalStateException unless the dtype is F32
     * @throws RuntimeException the failure of an earlier kernel
     */
    void read(long offset, float[] target, int at, int count);

    /** As {@link #read(long, float[], int, int)}, for I64. */
    void read(long offset, long[] target, int at, int count);

    /** As {@link #read(long, float[], int, int)}, for I32. */
    void read(long offset, int[] target, int at, int count);

    /**
     * As {@link #read(long, float[], int, int)}, for every other dtype: {@code count} elements as little-endian bytes.
     */
    void read(long offset, byte[] target, int at, int count);

    /**
     * Copies {@code count} elements from {@code source[at..]}, which the caller may change as soon as this returns;
     * takes effect in order with other calls.
     *
     * @throws IllegalStateException unless the dtype is F32
     */
    void write(long offset, float[] source, int at, int count);

    /** As {@link #write(long, float[], int, int)}, for I64. */
    void write(long offset, long[] source, int at, int count);

    /** As {@link #write(long, float[], int, int)}, for I32. */
    void write(long offset, int[] source, int at, int count);

    /**
     * As {@link #write(long, float[], int, int)}, for every other dtype: {@code count} elements as little-endian bytes.
     */
    void write(long offset, byte[] source, int at, int count);
}
