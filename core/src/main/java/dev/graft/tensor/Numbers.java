package dev.graft.tensor;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.UnaryOp;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.function.Supplier;

/** Arithmetic with a number, and the functions of one argument that integers have too. */
final class Numbers {
    /** Beyond these, not every integer is a double. */
    private static final double EXACT = 0x1p53;

    private Numbers() {}

    /** {@code value} as a scalar of {@code x}'s type. */
    static Tensor scalar(String op, Tensor x, double value) {
        checkFits(op, x, value);
        DType type = x.dtype();
        DType made = type == DType.BOOL || isWhole(type) ? type : DType.F32;
        return Raw.empty(x.backend(), made, Shape.of()).fill(value);
    }

    private static boolean isWhole(DType type) {
        return type == DType.I64 || type == DType.I32 || type == DType.U8;
    }

    /** Refuses a number that would become another one as an element of {@code x}, if that holds integers. */
    static void checkFits(String op, Tensor x, double value) {
        DType type = x.dtype();
        if (!isWhole(type)) {
            return;
        }
        if (value != Math.rint(value)) {
            throw new IllegalArgumentException(op + ": " + value + " is not a whole number, and the tensor is " + type
                    + " " + x.shape() + ". Hint: call to(DType.F32).");
        }
        double largest = type == DType.I64 ? EXACT : type == DType.I32 ? Integer.MAX_VALUE : 255;
        double smallest = type == DType.I64 ? -EXACT : type == DType.I32 ? Integer.MIN_VALUE : 0;
        if (value > largest || value < smallest) {
            throw new IllegalArgumentException(op + ": " + value + " is out of the range of " + type + " " + x.shape()
                    + ". Hint: make a tensor of it with Tensor.of(long[]).");
        }
    }

    static Tensor add(Tensor x, double value) {
        return Op.isInteger(x)
                ? with(new PointwiseOp.Add(), x, value)
                : unary("add", UnaryOp.AFFINE, x, 1, (float) value);
    }

    static Tensor sub(Tensor x, double value) {
        return Op.isInteger(x)
                ? with(new PointwiseOp.Sub(), x, value)
                : unary("sub", UnaryOp.AFFINE, x, 1, (float) -value);
    }

    static Tensor mul(Tensor x, double value) {
        return Op.isInteger(x)
                ? with(new PointwiseOp.Mul(), x, value)
                : unary("mul", UnaryOp.AFFINE, x, (float) value, 0);
    }

    /** An operator of the tensor and a number. */
    static Tensor with(Op op, Tensor x, double value) {
        x.checkOpen(op.name());
        return Composite.under(op.name(), () -> Op.apply(op, x, scalar(op.name(), x, value)));
    }

    private static Tensor unary(String name, UnaryOp function, Tensor x, float a, float b) {
        return Op.apply(name, new PointwiseOp.Unary(function, a, b), x);
    }

    /** Wraps around, as in PyTorch: the smallest integer is its own negative. */
    static Tensor neg(Tensor x) {
        return Op.isInteger(x)
                ? of("neg", x, () -> Raw.binary(BinaryOp.SUB, scalar("neg", x, 0), x))
                : unary("neg", UnaryOp.NEG, x, 0, 0);
    }

    static Tensor abs(Tensor x) {
        return Op.isInteger(x)
                ? of("abs", x, () -> Raw.binary(BinaryOp.MAXIMUM, x, Raw.binary(BinaryOp.SUB, scalar("abs", x, 0), x)))
                : unary("abs", UnaryOp.ABS, x, 0, 0);
    }

    static Tensor square(Tensor x) {
        return Op.isInteger(x) ? of("square", x, () -> Raw.mul(x, x)) : unary("square", UnaryOp.SQUARE, x, 0, 0);
    }

    private static Tensor of(String name, Tensor x, Supplier<Tensor> body) {
        x.checkOpen(name);
        return Composite.under(name, body);
    }
}
