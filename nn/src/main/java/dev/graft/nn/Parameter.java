package dev.graft.nn;

import dev.graft.tensor.DType;
import dev.graft.tensor.Device;
import dev.graft.tensor.Shape;
import dev.graft.tensor.Tensor;
import java.util.Optional;

/** A trained tensor of a module. It owns its tensor: no scope closes it, {@link Module#close()} does. */
public final class Parameter {
    private Tensor value;
    private boolean frozen;

    /** Takes over {@code value}, an {@link DType#F32} tensor without history. */
    public Parameter(Tensor value) {
        if (value.dtype() != DType.F32) {
            throw new IllegalArgumentException("parameter: must be F32 to be trained, was " + value.dtype() + " " + value.shape()
                    + ". Hint: convert it with to(DType.F32), or hold it in a Buffer.");
        }
        this.value = value.keep().requireGrad(true);
    }

    /** The live tensor, not a copy. */
    public Tensor value() {
        return value;
    }

    public Shape shape() {
        return value.shape();
    }

    /** The gradient accumulated since the last {@link #clearGrad()}; empty before the first backward pass and while frozen. */
    public Optional<Tensor> grad() {
        return value.grad();
    }

    public void clearGrad() {
        value.clearGrad();
    }

    /** A frozen parameter gets no gradient, and no optimizer touches it. */
    public boolean isFrozen() {
        return frozen;
    }

    /** Freezes or releases this parameter alone; see {@link Module#freeze()} for whole modules. */
    public void freeze(boolean freeze) {
        frozen = freeze;
        if (freeze) {
            value.clearGrad();
        }
        value.requireGrad(!freeze);
    }

    void moveTo(Device device) {
        if (!value.device().equals(device)) {
            Tensor moved = value.detach().to(device).keep().requireGrad(!frozen);
            value.close();
            value = moved;
        }
    }

    void close() {
        value.close();
    }
}
