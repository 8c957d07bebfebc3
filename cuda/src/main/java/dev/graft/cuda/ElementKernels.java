package dev.graft.cuda;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.DropoutMask;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.type.DType;
import java.util.Locale;

/** Copies, conversions and functions of single elements. */
final class ElementKernels {
    private final CudaBackend backend;

    ElementKernels(CudaBackend backend) {
        this.backend = backend;
    }

    /** Where both lie in one storage, by way of memory of its own, unless no element moves. */
    void copy(View x, View y) {
        if (x.overlaps(y) && !x.sameElements(y)) {
            try (Scratch scratch = new Scratch(backend)) {
                View between = scratch.like(x);
                move(x, between);
                move(between, y);
            }
            return;
        }
        move(x, y);
    }

    private void move(View x, View y) {
        if (x.dtype() == y.dtype()) {
            backend.launch("copy_" + y.dtype().bytes())
                    .view(y)
                    .view(x)
                    .walk(Walk.over(y, x))
                    .i64(y.numel())
                    .each(y.numel());
            return;
        }
        convertible(x.dtype(), y.dtype());
        backend.launch("convert")
                .view(y)
                .view(x)
                .walk(Walk.over(y, x))
                .i64(y.numel())
                .i32(y.dtype().ordinal())
                .i32(x.dtype().ordinal())
                .each(y.numel());
    }

    private static void convertible(DType from, DType to) {
        boolean isComplex = isComplex(from) || isComplex(to);
        if (isComplex || to == DType.F8_E4M3 || to == DType.F8_E5M2) {
            throw new IllegalArgumentException("copy: " + (isComplex(from) ? from : to)
                    + " cannot be converted to or from here. Hint: 8-bit floats can be read as F32, complex numbers only be stored and"
                    + " saved as they are.");
        }
    }

    private static boolean isComplex(DType dtype) {
        return dtype == DType.C64 || dtype == DType.C128;
    }

    void fill(View y, double value) {
        long bits = 0;
        if (value != 0 || 1 / value < 0) {
            convertible(y.dtype(), y.dtype());
            bits = bits(y.dtype(), value);
        }
        backend.launch("fill_" + y.dtype().bytes())
                .view(y)
                .walk(Walk.over(y))
                .i64(y.numel())
                .i64(bits)
                .each(y.numel());
    }

    /** As {@code convert} of copy.cu has it. */
    private static long bits(DType dtype, double value) {
        return switch (dtype) {
            case F32 -> Float.floatToRawIntBits((float) value);
            case F64 -> Double.doubleToRawLongBits(value);
            case F16 -> ShortFloats.f16(value);
            case BF16 -> ShortFloats.bf16(value);
            case I64 -> (long) value;
            case I32 -> (int) value;
            case BOOL -> value != 0 ? 1 : 0;
            case I16 -> (long) clamp(value, Short.MIN_VALUE, Short.MAX_VALUE);
            case I8 -> (long) clamp(value, Byte.MIN_VALUE, Byte.MAX_VALUE);
            case U8 -> (long) clamp(value, 0, 0xff);
            case U16 -> (long) clamp(value, 0, 0xffff);
            case U32 -> (long) clamp(value, 0, 0xffffffffL);
            case U64 ->
                value < 0x1p63
                        ? (long) Math.max(0, value)
                        : value >= 0x1p64 ? -1 : (long) (value - 0x1p63) ^ Long.MIN_VALUE;
            case F8_E4M3, F8_E5M2, C64, C128 -> throw new IllegalStateException(dtype + " is not filled");
        };
    }

    private static double clamp(double value, double least, double most) {
        return Double.isNaN(value) ? 0 : Math.min(Math.max(value, least), most);
    }

    void unary(UnaryOp op, float a, float b, View x, View y) {
        backend.launch("unary")
                .view(y)
                .view(x)
                .i64(y.numel())
                .i32(op.ordinal())
                .f32(a)
                .f32(b)
                .each(y.numel());
    }

    void unaryBackward(UnaryOp op, float a, float b, View x, View y, View dy, View dx) {
        boolean fromResult =
                switch (op) {
                    case EXP, SQRT, RECIPROCAL, RSQRT, EXPM1, SIGMOID, TANH, RELU, RELU6 -> true;
                    default -> false;
                };
        backend.launch("unary_backward")
                .view(dx)
                .view(x)
                .view(y)
                .view(dy)
                .i64(dx.numel())
                .i32(op.ordinal())
                .i32(fromResult)
                .f32(a)
                .f32(b)
                .each(dx.numel());
    }

    void binary(BinaryOp op, View p, View q, View y) {
        boolean isDivision = op == BinaryOp.FLOOR_DIVIDE || op == BinaryOp.REMAINDER;
        boolean isWhole = p.dtype() == DType.I64 || p.dtype() == DType.I32;
        if (isWhole && (op == BinaryOp.DIV || op == BinaryOp.PRELU)) {
            throw new IllegalArgumentException(
                    "binary: " + op + " is not defined for " + p.dtype() + ". Hint: convert with to(DType.F32).");
        }
        String type = p.dtype().name().toLowerCase(Locale.ROOT);
        Launch launch = backend.launch(op.isLogic() ? "logic" : (op.isComparison() ? "compare_" : "binary_") + type)
                .view(y)
                .view(p)
                .view(q)
                .walk(Walk.over(y, p, q))
                .i64(y.numel())
                .i32(op.ordinal());
        if (!isWhole || op.isTruth()) {
            launch.each(y.numel());
            return;
        }
        if (!isDivision) {
            launch.address(0).each(y.numel());
            return;
        }
        try (PendingChecks.Cell cell = backend.checks().cell(0)) {
            launch.address(cell.address()).each(y.numel());
            backend.checks()
                    .add(
                            cell,
                            found -> found[0] == 0
                                    ? null
                                    : new IllegalArgumentException(
                                            (op == BinaryOp.REMAINDER ? "remainder" : "floorDivide")
                                                    + ": integers cannot be divided by 0. Hint: replace zeros with where, or convert with "
                                                    + "to(DType.F32)."));
        }
    }

    void where(View condition, View p, View q, View y) {
        backend.launch("where_" + y.dtype().bytes())
                .view(y)
                .view(condition)
                .view(p)
                .view(q)
                .walk(Walk.over(y, condition, p, q))
                .i64(y.numel())
                .each(y.numel());
    }

    void addScaled(float alpha, View x, View y) {
        backend.launch("add_scaled")
                .view(y)
                .view(x)
                .walk(Walk.over(y, x))
                .i64(y.numel())
                .f32(alpha)
                .each(y.numel());
    }

    void dropout(float p, long seed, View x, View y) {
        DropoutMask mask = DropoutMask.of(p, seed);
        backend.launch("dropout")
                .view(y)
                .view(x)
                .walk(Walk.over(y, x))
                .i64(y.numel())
                .i64(mask.stream().start())
                .i64(mask.stream().step())
                .i32(mask.threshold())
                .f32(mask.scale())
                .each(y.numel());
    }
}
