package dev.graft.tensor;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.UnaryOp;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.Locale;

/** Element-wise operators. Results keep the memory layout of the first dense operand of the result's shape. */
sealed interface PointwiseOp extends Op {

    private static Tensor[] grads(Tensor... grads) {
        return grads;
    }

    /** A function of one argument; {@code a} and {@code b} are its parameters (see {@link UnaryOp}). */
    record Unary(UnaryOp function, float a, float b) implements PointwiseOp {
        Unary(UnaryOp function) {
            this(function, 0, 0);
        }

        @Override
        public String name() {
            return name(function);
        }

        static String name(UnaryOp function) {
            return switch (function) {
                case LEAKY_RELU -> "leakyRelu";
                case GELU_TANH -> "geluTanh";
                default -> function.name().toLowerCase(Locale.ROOT);
            };
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireFloat(name(), in);
            Tensor x = Raw.dense(in[0]);
            Tensor y = Raw.unary(function, a, b, x);
            switch (slopeFrom(function)) {
                case NOTHING -> {}
                case ARGUMENT -> saved.put(0, x);
                case RESULT -> saved.put(0, y);
            }
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            if (function == UnaryOp.FLOOR || function == UnaryOp.ROUND) {
                return grads(Raw.zeros(dy, dy.shape())); // also where dy is not finite
            }
            if (slopeFrom(function) == Slope.NOTHING) {
                return grads(Raw.scale(dy, function == UnaryOp.NEG ? -1 : a));
            }
            return grads(Raw.unaryBackward(function, a, b, saved.get(0), dy));
        }

        /** What the derivative is computed from. */
        private enum Slope {
            NOTHING,
            ARGUMENT,
            RESULT
        }

        /** The result if that is enough: the argument's memory can then return to the pool. */
        private static Slope slopeFrom(UnaryOp function) {
            return switch (function) {
                case NEG, AFFINE, FLOOR, ROUND -> Slope.NOTHING;
                case EXP, SQRT, RECIPROCAL, RSQRT, EXPM1, SIGMOID, TANH, RELU, RELU6 -> Slope.RESULT;
                case ABS,
                        LOG,
                        SQUARE,
                        LOG1P,
                        SIN,
                        COS,
                        ERF,
                        LEAKY_RELU,
                        GELU,
                        GELU_TANH,
                        SILU,
                        HARDSWISH,
                        HARDSIGMOID,
                        ELU,
                        SOFTPLUS,
                        POW,
                        CLAMP -> Slope.ARGUMENT;
            };
        }
    }

    record Add() implements PointwiseOp {
        @Override
        public String name() {
            return "add";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireNumbers(name(), in);
            return Raw.add(in[0], in[1]);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return grads(needs[0] ? Raw.sumTo(dy, saved.shape(0)) : dy, needs[1] ? Raw.sumTo(dy, saved.shape(1)) : dy);
        }
    }

    record Sub() implements PointwiseOp {
        @Override
        public String name() {
            return "sub";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireNumbers(name(), in);
            return Raw.binary(BinaryOp.SUB, in[0], in[1]);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return grads(
                    needs[0] ? Raw.sumTo(dy, saved.shape(0)) : dy,
                    needs[1] ? Raw.scale(Raw.sumTo(dy, saved.shape(1)), -1) : dy);
        }
    }

    record Mul() implements PointwiseOp {
        @Override
        public String name() {
            return "mul";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireNumbers(name(), in);
            saved.putIf(saved.needs(1), 0, in[0]);
            saved.putIf(saved.needs(0), 1, in[1]);
            return Raw.mul(in[0], in[1]);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return grads(
                    needs[0] ? Raw.sumTo(Raw.mul(dy, saved.get(1)), saved.shape(0)) : dy,
                    needs[1] ? Raw.sumTo(Raw.mul(dy, saved.get(0)), saved.shape(1)) : dy);
        }
    }

    record Div() implements PointwiseOp {
        @Override
        public String name() {
            return "div";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            requireFractions(in);
            Tensor y = Raw.binary(BinaryOp.DIV, in[0], in[1]);
            saved.put(0, in[1]);
            saved.putIf(saved.needs(1), 1, y);
            return y;
        }

        private void requireFractions(Tensor[] in) {
            for (Tensor t : in) {
                if (Op.isInteger(t)) {
                    throw new IllegalArgumentException(name() + ": operands must be F32, got " + t.dtype() + " "
                            + t.shape()
                            + ". Hint: call to(DType.F32), or floorDivide for the whole quotient of integers.");
                }
            }
            Op.requireFloat(name(), in);
        }

        /**
         * {@code d(p/q) = dp/q - (p/q)/q dq}; the quotient of quotients comes first, as in PyTorch, because
         * {@code dy/q} may overflow.
         */
        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor q = saved.get(0);
            return grads(
                    needs[0] ? Raw.sumTo(Raw.binary(BinaryOp.DIV, dy, q), saved.shape(0)) : dy,
                    needs[1]
                            ? Raw.sumTo(
                                    Raw.mul(Raw.scale(dy, -1), Raw.binary(BinaryOp.DIV, saved.get(1), q)),
                                    saved.shape(1))
                            : dy);
        }
    }

    /** {@code floor(p / q)}; the gradient is 0. */
    record FloorDivide() implements PointwiseOp {
        @Override
        public String name() {
            return "floorDivide";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireNumbers(name(), in);
            return Raw.binary(BinaryOp.FLOOR_DIVIDE, in[0], in[1]);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return grads(Raw.zeros(dy, saved.shape(0)), Raw.zeros(dy, saved.shape(1)));
        }
    }

    /** {@code p - q * floor(p / q)}. */
    record Remainder() implements PointwiseOp {
        @Override
        public String name() {
            return "remainder";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireNumbers(name(), in);
            saved.putIf(saved.needs(1), 0, in[0]);
            saved.putIf(saved.needs(1), 1, in[1]);
            return Raw.binary(BinaryOp.REMAINDER, in[0], in[1]);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return grads(
                    needs[0] ? Raw.sumTo(dy, saved.shape(0)) : dy,
                    needs[1]
                            ? Raw.sumTo(
                                    Raw.mul(
                                            Raw.scale(dy, -1),
                                            Raw.binary(BinaryOp.FLOOR_DIVIDE, saved.get(0), saved.get(1))),
                                    saved.shape(1))
                            : dy);
        }
    }

    /**
     * {@code maximum} or {@code minimum}; equal operands share the gradient, and if one is NaN both get all of it, as
     * in PyTorch.
     */
    record Extremum(boolean largest) implements PointwiseOp {
        @Override
        public String name() {
            return largest ? "maximum" : "minimum";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireNumbers(name(), in);
            saved.put(0, in[0]);
            saved.put(1, in[1]);
            return Raw.binary(largest ? BinaryOp.MAXIMUM : BinaryOp.MINIMUM, in[0], in[1]);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor p = saved.get(0);
            Tensor q = saved.get(1);
            // Masks instead of products: the smaller operand gets 0 even if the gradient is infinite. If one is NaN,
            // neither loses.
            Tensor shared = Where.choose(Raw.binary(BinaryOp.EQUAL, p, q), Raw.scale(dy, 0.5f), dy);
            Tensor zero = Raw.zeros(dy, Shape.of());
            Tensor[] out = {dy, dy};
            for (int i = 0; i < 2; i++) {
                if (needs[i]) {
                    boolean losesWhenLess = (i == 0) == largest;
                    Tensor loses = Raw.binary(BinaryOp.LESS, losesWhenLess ? p : q, losesWhenLess ? q : p);
                    out[i] = Raw.sumTo(Where.choose(loses, zero, shared), saved.shape(i));
                }
            }
            return out;
        }
    }

    /** A comparison or logic: BOOL result, no gradient. */
    record Compare(BinaryOp function) implements PointwiseOp {
        @Override
        public String name() {
            return switch (function) {
                case EQUAL -> "eq";
                case NOT_EQUAL -> "ne";
                case LESS -> "lt";
                case LESS_EQUAL -> "le";
                case GREATER -> "gt";
                case GREATER_EQUAL -> "ge";
                case AND -> "logicalAnd";
                case OR -> "logicalOr";
                case XOR -> "logicalXor";
                default -> throw new IllegalArgumentException(function + " is not a comparison");
            };
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            if (function.isLogic()) {
                for (Tensor t : in) {
                    requireTruth(name(), t);
                }
                return Raw.binary(function, in[0], in[1]);
            }
            Op.requireNumbers(name(), in);
            return Raw.binary(function, in[0], in[1]);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            throw new IllegalStateException(name() + ": has no gradient");
        }
    }

    /** Refuses what is not BOOL. */
    static void requireTruth(String op, Tensor t) {
        if (t.dtype() != DType.BOOL) {
            throw new IllegalArgumentException(op + ": operands must be BOOL, got " + t.dtype() + " " + t.shape()
                    + ". Hint: use a comparison such as x.ne(0).");
        }
    }

    /** {@code condition ? p : q}. */
    record Where() implements PointwiseOp {
        @Override
        public String name() {
            return "where";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            if (in[0].dtype() != DType.BOOL) {
                throw new IllegalArgumentException("where: the condition must be BOOL, got " + in[0].dtype() + " "
                        + in[0].shape() + ". Hint: use a comparison such as x.lt(y).");
            }
            if (in[1].dtype() != DType.BOOL || in[2].dtype() != DType.BOOL) {
                Op.requireNumbers(name(), in[1], in[2]);
            }
            saved.put(0, in[0]);
            return choose(in[0], in[1], in[2]);
        }

        private static Tensor choose(Tensor condition, Tensor p, Tensor q) {
            Shape shape = Shape.broadcast("where", condition.shape(), Shape.broadcast("where", p.shape(), q.shape()));
            Tensor y = Raw.empty(p.backend(), p.dtype(), shape);
            p.backend()
                    .where(
                            Raw.expand(condition, shape).view(),
                            Raw.expand(p, shape).view(),
                            Raw.expand(q, shape).view(),
                            y.view());
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor zero = Raw.zeros(dy, Shape.of());
            return grads(
                    dy,
                    needs[1] ? Raw.sumTo(choose(saved.get(0), dy, zero), saved.shape(1)) : dy,
                    needs[2] ? Raw.sumTo(choose(saved.get(0), zero, dy), saved.shape(2)) : dy);
        }
    }

    /** {@code x > 0 ? x : weight * x}, with a weight for each channel or for all. Inputs: x, weight [C] or [1]. */
    record PRelu() implements PointwiseOp {
        @Override
        public String name() {
            return "prelu";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Tensor x = in[0];
            Tensor w = in[1];
            int channels = x.rank() > 1 ? x.dim(1) : 1;
            if (w.rank() > 1 || (w.numel() != 1 && w.numel() != channels)) {
                throw new IllegalArgumentException("prelu: the weight must hold one value, or one for each of the "
                        + "input's " + channels + " channels (input " + x.shape() + ", weight " + w.shape()
                        + "). Hint: channels are dimension 1.");
            }
            Op.requireFloat(name(), in);
            saved.put(0, x);
            saved.putIf(saved.needs(0), 1, w);
            return Raw.binary(BinaryOp.PRELU, x, along(w, x));
        }

        private static Tensor positive(Tensor x) {
            return Raw.binary(BinaryOp.GREATER, x, Raw.zeros(x, Shape.of()));
        }

        /** One value a channel, as {@code [C, 1, ...]}. */
        private static Tensor along(Tensor w, Tensor x) {
            if (w.numel() == 1) {
                return Raw.reshape(w, Shape.of());
            }
            int[] dims = new int[x.rank() - 1];
            Arrays.fill(dims, 1);
            dims[0] = w.numel();
            return Raw.reshape(w, Shape.of(dims));
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor x = saved.get(0);
            Tensor positive = positive(x);
            Tensor[] out = {dy, dy};
            if (needs[0]) {
                out[0] = Where.choose(positive, dy, Raw.mul(dy, along(saved.get(1), x)));
            }
            if (needs[1]) {
                Tensor each = Where.choose(positive, Raw.zeros(dy, Shape.of()), Raw.mul(dy, x));
                Shape channels = along(Raw.zeros(dy, saved.shape(1)), x).shape();
                out[1] = Raw.reshape(Raw.sumTo(each, channels), saved.shape(1));
            }
            return out;
        }
    }

    /** Inverted dropout. The mask follows from the seed, so the backward recomputes it instead of keeping it. */
    record Dropout(float probability, long seed) implements PointwiseOp {
        public Dropout {
            if (!(probability >= 0 && probability <= 1)) {
                throw new IllegalArgumentException("dropout: probability must be from 0 to 1, got " + probability);
            }
        }

        @Override
        public String name() {
            return "dropout";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireFloat(name(), in);
            return drop(in[0]);
        }

        private Tensor drop(Tensor any) {
            Tensor x = Raw.dense(any);
            Tensor y = Raw.emptyLike(x);
            x.backend().dropout(probability, seed, x.view(), y.view());
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return grads(drop(dy));
        }
    }

    /**
     * A change of type. Gradients pass between floating-point types, rounded to both, because such a tensor can hold
     * nothing more exact. They stop at integers, as in PyTorch.
     */
    record Convert(DType source, DType target) implements PointwiseOp {
        @Override
        public String name() {
            return "to";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            return Raw.copyInto(in[0], Raw.empty(in[0].backend(), target, in[0].shape()));
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return grads(rounded(rounded(dy, target), source));
        }

        private static Tensor rounded(Tensor dy, DType type) {
            return type == DType.F32 || type == DType.F64
                    ? dy
                    : Raw.copyInto(
                            Raw.copyInto(dy, Raw.empty(dy.backend(), type, dy.shape())), Raw.empty(dy, dy.shape()));
        }
    }
}
