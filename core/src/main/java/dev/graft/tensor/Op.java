package dev.graft.tensor;

import dev.graft.type.DType;
import dev.graft.type.Shape;

/**
 * An operator: its parameters, its shape rule and forward, and its gradient. Every operator is a record nested in one
 * of the permitted interfaces, so the catalogue of all operators is {@code Op.class.getPermittedSubclasses()}, walked
 * down.
 */
sealed interface Op
        permits PointwiseOp,
                ShapeOp,
                ReductionOp,
                ProductOp,
                NormOp,
                PoolOp,
                RowOp,
                SpatialOp,
                IndexOp,
                AttentionOp,
                RecurrentOp {

    /** The name that users know, as in errors. */
    String name();

    /**
     * Checks shapes and computes the result; saves what {@link #backward} needs in {@code saved}. Temporaries belong to
     * the caller's scope.
     */
    Tensor forward(Saved saved, Tensor[] in);

    /**
     * The gradient of each input that {@code needs} one, for the result's gradient {@code dy}; other entries are
     * ignored. Gradients are F32 whatever the types of inputs and result.
     */
    Tensor[] backward(Saved saved, Tensor dy, boolean[] needs);

    static void requireFloat(String op, Tensor... in) {
        for (Tensor t : in) {
            requireFloat(op, "operands", t);
        }
    }

    /**
     * Refuses a type that the tensor's device does not compute in.
     *
     * @param what what to call the operand in the message
     */
    static void requireFloat(String op, String what, Tensor t) {
        if (!t.backend().computesIn(t.dtype())) {
            throw new IllegalArgumentException(op + ": " + what + " must be F32, got " + t.dtype() + " " + t.shape()
                    + ". Hint: call to(DType.F32).");
        }
    }

    /** Whether arithmetic takes this type of integers. */
    static boolean isInteger(Tensor t) {
        return t.dtype() == DType.I64 || t.dtype() == DType.I32;
    }

    /** Refuses operands that are not all F32, all I64 or all I32. */
    static void requireNumbers(String op, Tensor... in) {
        for (Tensor t : in) {
            if (!isInteger(t) && !t.backend().computesIn(t.dtype())) {
                throw new IllegalArgumentException(op + ": operands must be F32, I64 or I32, got " + t.dtype() + " "
                        + t.shape() + ". Hint: call to(DType.F32).");
            }
            if (t.dtype() != in[0].dtype()) {
                throw new IllegalArgumentException(op + ": operands must have one type, got " + in[0].dtype() + " "
                        + in[0].shape() + " and " + t.dtype() + " " + t.shape()
                        + ". Hint: convert one with to(DType).");
            }
        }
    }

    /** Runs an operator, and records it if autograd is on and an operand needs a gradient. */
    static Tensor apply(Op op, Tensor... in) {
        return apply(op.name(), op, in);
    }

    /**
     * As {@link #apply(Op, Tensor...)}, for a function whose name differs from its operator's. Errors and the recorded
     * result have the function's name.
     */
    static Tensor apply(String function, Op op, Tensor... in) {
        boolean enabled = Autograd.isEnabled();
        boolean record = false;
        boolean[] needs = new boolean[in.length];
        Shape[] shapes = new Shape[in.length];
        for (int i = 0; i < in.length; i++) {
            in[0].checkUsable(function, in[i]);
            shapes[i] = in[i].shape();
            needs[i] = enabled && in[i].requiresGrad();
            record |= needs[i];
        }
        Saved saved = new Saved(record, needs, shapes);
        try (Scope scope = Scope.open()) {
            Tensor out = op.forward(saved, in);
            if (record && out.dtype().isFloat()) {
                out.attach(new Node(function, op, saved, needs, in));
            } else {
                saved.release();
            }
            return scope.keep(out);
        } catch (RuntimeException e) {
            saved.release();
            throw Refusal.under(function, e);
        } catch (Error e) {
            saved.release();
            throw e;
        }
    }
}
