package dev.graft.backend;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * The intermediate results of one composed kernel, and the primitive kernels as functions that return them, so that
 * formulas read as formulas. Operands broadcast. Closing frees the memory once the earlier kernels have finished with
 * it.
 */
final class Temporaries implements AutoCloseable {
    private final Backend backend;
    private final List<Storage> owned = new ArrayList<>();

    Temporaries(Backend backend) {
        this.backend = backend;
    }

    @Override
    public void close() {
        owned.forEach(Storage::release);
    }

    private View empty(DType dtype, Shape shape, long[] strides) {
        Storage storage = backend.allocate(dtype, shape.numel());
        owned.add(storage);
        return new View(storage, 0, shape, strides);
    }

    /** Undefined, row-major. */
    View empty(DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        return empty(dtype, shape, shape.contiguousStrides());
    }

    /** Undefined, in the backend's layout for images. */
    View emptyImages(DType dtype, Shape shape) {
        return empty(dtype, shape, backend.imageLayout(dtype).strides(shape));
    }

    View zeros(DType dtype, int... dims) {
        View y = empty(dtype, dims);
        backend.fill(y, 0);
        return y;
    }

    /** One number, as a scalar. */
    View constant(double value) {
        View y = empty(DType.F32);
        backend.fill(y, value);
        return y;
    }

    /** I64 numbers. */
    View longs(long... values) {
        View y = empty(DType.I64, values.length);
        y.storage().write(0, values, 0, values.length);
        return y;
    }

    /** F32 numbers. */
    View floats(float... values) {
        View y = empty(DType.F32, values.length);
        y.storage().write(0, values, 0, values.length);
        return y;
    }

    /** BOOL, from 0 and 1. */
    View truths(byte... values) {
        View y = empty(DType.BOOL, values.length);
        y.storage().write(0, values, 0, values.length);
        return y;
    }

    /** A row-major copy. */
    View contiguousCopy(View x) {
        View y = empty(x.dtype(), x.shape(), x.shape().contiguousStrides());
        backend.copy(x, y);
        return y;
    }

    /** A copy in the layout of {@code x} if that has no gaps, else row-major. */
    View copy(View x) {
        View y = empty(
                x.dtype(), x.shape(), x.isDense() ? x.strides() : x.shape().contiguousStrides());
        backend.copy(x, y);
        return y;
    }

    /** {@code x} itself if its elements have no gaps, else a copy. */
    private View dense(View x) {
        return x.isDense() ? x : copy(x);
    }

    View unary(UnaryOp op, float a, float b, View x) {
        View source = dense(x);
        View y = empty(x.dtype(), source.shape(), source.strides());
        backend.unary(op, a, b, source, y);
        return y;
    }

    View unary(UnaryOp op, View x) {
        return unary(op, 0, 0, x);
    }

    /** {@code factor * x + term}. */
    View affine(double factor, View x, double term) {
        return unary(UnaryOp.AFFINE, (float) factor, (float) term, x);
    }

    View binary(BinaryOp op, View p, View q) {
        Shape shape = Shape.broadcast(op.toString(), p.shape(), q.shape());
        DType dtype = op.isTruth() ? DType.BOOL : p.dtype();
        View y = p.shape().equals(shape) && p.isDense()
                ? empty(dtype, shape, p.strides())
                : empty(dtype, shape, shape.contiguousStrides());
        backend.binary(op, expand(p, shape), expand(q, shape), y);
        return y;
    }

    View add(View p, View q) {
        return binary(BinaryOp.ADD, p, q);
    }

    View sub(View p, View q) {
        return binary(BinaryOp.SUB, p, q);
    }

    View mul(View p, View q) {
        return binary(BinaryOp.MUL, p, q);
    }

    View div(View p, View q) {
        return binary(BinaryOp.DIV, p, q);
    }

    View equal(View p, View q) {
        return binary(BinaryOp.EQUAL, p, q);
    }

    /** {@code condition ? p : q}. */
    View where(View condition, View p, View q) {
        Shape shape = Shape.broadcast("where", condition.shape(), Shape.broadcast("where", p.shape(), q.shape()));
        View y = empty(p.dtype(), shape, shape.contiguousStrides());
        backend.where(expand(condition, shape), expand(p, shape), expand(q, shape), y);
        return y;
    }

    /** Folds dimensions to size 1. */
    View reduce(Reduction op, View x, int... axes) {
        int[] dims = x.shape().toArray();
        for (int axis : axes) {
            dims[x.shape().axis(axis)] = 1;
        }
        View y = empty(x.dtype(), dims);
        backend.reduce(op, x, y);
        return y;
    }

    View sum(View x, int... axes) {
        return reduce(Reduction.SUM, x, axes);
    }

    View mean(View x, int... axes) {
        return reduce(Reduction.MEAN, x, axes);
    }

    /** {@code x} after the activation. */
    View activated(Activation activation, View x) {
        return switch (activation) {
            case NONE -> x;
            case RELU -> unary(UnaryOp.RELU, x);
            case RELU6 -> unary(UnaryOp.RELU6, x);
        };
    }

    /** {@code dy} before the activation, whose result was {@code y}. */
    View beforeActivation(Activation activation, View y, View dy) {
        if (activation == Activation.NONE) {
            return dy;
        }
        View result = dense(y);
        View gradient = empty(dy.dtype(), result.shape(), result.strides());
        backend.copy(dy, gradient);
        View dx = empty(dy.dtype(), result.shape(), result.strides());
        UnaryOp op = activation == Activation.RELU ? UnaryOp.RELU : UnaryOp.RELU6;
        backend.unaryBackward(op, 0, 0, result, result, gradient, dx);
        return dx;
    }

    /** {@code x} viewed as {@code shape}: sizes of 1 are repeated, and dimensions are added in front. */
    static View expand(View x, Shape shape) {
        long[] strides = new long[shape.rank()];
        int lead = shape.rank() - x.rank();
        for (int i = lead; i < strides.length; i++) {
            strides[i] = x.dim(i - lead) == 1 && shape.dim(i) != 1 ? 0 : x.strides()[i - lead];
        }
        return new View(x.storage(), x.offset(), shape, strides);
    }

    /** {@code [C]} as {@code [1, C, 1, 1]}, to broadcast with images. */
    static View channels(View x) {
        return new View(x.storage(), x.offset(), Shape.of(1, x.dim(0), 1, 1), new long[] {0, x.strides()[0], 0, 0});
    }

    /** {@code [R]} as {@code [R, 1]}, to broadcast with rows. */
    static View column(View x) {
        return new View(x.storage(), x.offset(), Shape.of(x.dim(0), 1), new long[] {x.strides()[0], 0});
    }

    /** Dimension {@code axis} moved before all others. */
    static View inFront(View x, int axis) {
        int[] order = new int[x.rank()];
        for (int i = 1; i < order.length; i++) {
            order[i] = i <= axis ? i - 1 : i;
        }
        order[0] = axis;
        return permute(x, order);
    }

    /** The first dimension moved to {@code axis}. */
    static View inPlace(View x, int axis) {
        int[] order = new int[x.rank()];
        for (int i = 0; i < order.length; i++) {
            order[i] = i < axis ? i + 1 : i == axis ? 0 : i;
        }
        return permute(x, order);
    }

    private static View permute(View x, int... order) {
        int[] dims = new int[order.length];
        long[] strides = new long[order.length];
        for (int i = 0; i < order.length; i++) {
            dims[i] = x.dim(order[i]);
            strides[i] = x.strides()[order[i]];
        }
        return new View(x.storage(), x.offset(), Shape.of(dims), strides);
    }

    /** The same elements in row-major order under another shape; {@code x} is contiguous. */
    static View reshape(View x, Shape shape) {
        return new View(x.storage(), x.offset(), shape, shape.contiguousStrides());
    }

    /** A view of {@code x}'s storage that begins {@code skip} elements later. */
    static View window(View x, long skip, int[] dims, long... strides) {
        return new View(x.storage(), x.offset() + skip, Shape.of(dims), strides);
    }
}
