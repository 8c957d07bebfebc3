package dev.graft.nn;

import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;

/** A tensor that belongs to a module's state but is not trained, such as running statistics. It owns its tensor. */
public class Buffer {
    private volatile Tensor value;

    /**
     * Takes over {@code value}.
     *
     * @param value each of its elements must have its own memory
     */
    public Buffer(Tensor value) {
        if (value.repeatsElements()) {
            throw new IllegalArgumentException("buffer: the tensor " + value.shape()
                    + " repeats elements in memory, so nothing could be loaded into it. Hint: copy() it first.");
        }
        this.value = value.keep();
    }

    /**
     * The tensor itself, not a copy.
     *
     * @throws IllegalStateException in the formula of a module that does not hold this buffer
     */
    public final Tensor value() {
        CallContext.current().use(this);
        return tensor();
    }

    /** As {@link #value()}, for the library's own operations on whole trees. */
    Tensor tensor() {
        return value;
    }

    public Shape shape() {
        return value.shape();
    }

    /**
     * Whether it may be missing from a state dict, because there are files older than the buffer. It then starts at its
     * initial value.
     */
    boolean mayBeMissing() {
        return false;
    }

    void assign(Tensor source) {
        value.copyFrom(source);
    }

    /** Called instead of {@link #assign} if a state dict lacks a buffer that {@link #mayBeMissing()}. */
    void reset() {}

    /** Takes over a copy of the values on another device. */
    void become(Tensor moved) {
        Tensor before = value;
        value = moved;
        before.close();
    }

    void close() {
        value.close();
    }
}
