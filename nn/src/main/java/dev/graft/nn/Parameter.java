package dev.graft.nn;

import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A trained tensor of a module. It owns its tensor, which no scope closes, only {@link Module#close()}. */
public final class Parameter {
    private volatile Tensor value;
    private volatile boolean frozen;
    private volatile @Nullable String takenOut;

    /**
     * Takes over {@code value}.
     *
     * @param value an {@link DType#F32} tensor without history; each of its elements must have its own memory
     */
    public Parameter(Tensor value) {
        if (value.dtype() != DType.F32) {
            throw new IllegalArgumentException("parameter: must be F32 to be trained, was " + value.dtype() + " "
                    + value.shape() + ". Hint: convert it with to(DType.F32), or hold it in a Buffer.");
        }
        if (value.repeatsElements()) {
            throw new IllegalArgumentException("parameter: the tensor " + value.shape()
                    + " repeats elements in memory, which no step could change one by one. Hint: copy() it first.");
        }
        this.value = value.requireGrad(true).keep();
    }

    /**
     * The tensor itself, not a copy; in a formula that {@link Module#withConstantParameters} or
     * {@link Module#withParameters} runs, what stands in its place.
     *
     * @throws IllegalStateException in the formula of a module that does not hold this parameter, unless it is frozen
     */
    public Tensor value() {
        CallContext calls = CallContext.current();
        calls.use(this);
        return calls.seen(this, value);
    }

    /** As {@link #value()}, for the library's own operations on whole trees. */
    Tensor tensor() {
        return value;
    }

    public Shape shape() {
        return value.shape();
    }

    /**
     * The gradient accumulated since the last {@link #clearGrad()}; empty before the first backward pass and while
     * frozen.
     */
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

    /** Freezes or unfreezes only this parameter; see {@link Module#freeze()} for whole modules. */
    public void freeze(boolean freeze) {
        frozen = freeze;
        if (freeze) {
            value.clearGrad();
        }
        value.requireGrad(!freeze);
    }

    /** Whether the tensor was freed, by {@link Module#close()} of a module that holds it. */
    public boolean isClosed() {
        return value.isClosed();
    }

    /**
     * The name that this parameter had in a network when {@link Module#replace} removed its module, such as
     * {@code fc.weight}. Empty if that never happened, or if a formula has used the parameter or a network has included
     * it since. An optimizer that holds such a parameter was made before the replacement, and would train nothing.
     */
    public Optional<String> takenOutOf() {
        return Optional.ofNullable(takenOut);
    }

    /** @param name null if the parameter is a part of a network again */
    void takenOut(@Nullable String name) {
        takenOut = name;
    }

    /** Called in a formula: some network holds this parameter. */
    void used() {
        if (takenOut != null) {
            takenOut = null;
        }
    }

    /** Takes over a copy of the values on another device; the gradient is not moved. */
    void become(Tensor moved) {
        Tensor before = value;
        value = moved.requireGrad(!frozen);
        before.close();
    }

    void close() {
        value.close();
    }
}
