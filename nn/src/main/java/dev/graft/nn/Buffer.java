package dev.graft.nn;

import dev.graft.tensor.Device;
import dev.graft.tensor.Shape;
import dev.graft.tensor.Tensor;

/** A tensor that belongs to a module's state but is not trained, such as running statistics. It owns its tensor. */
public class Buffer {
    private Tensor value;

    /** Takes over {@code value}. */
    public Buffer(Tensor value) {
        this.value = value.keep();
    }

    /** The live tensor, not a copy. */
    public Tensor value() {
        return value;
    }

    public Shape shape() {
        return value.shape();
    }

    /** Whether a state dict may lack it, in which case it starts afresh: files older than the buffer exist. */
    boolean mayBeMissing() {
        return false;
    }

    void assign(Tensor source) {
        value.copyFrom(source);
    }

    /** Called instead of {@link #assign} where a state dict lacks a buffer that {@link #mayBeMissing()}. */
    void reset() {
    }

    void moveTo(Device device) {
        if (!value.device().equals(device)) {
            Tensor moved = value.to(device).keep();
            value.close();
            value = moved;
        }
    }

    void close() {
        value.close();
    }
}
