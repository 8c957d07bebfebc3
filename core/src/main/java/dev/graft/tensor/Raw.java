package dev.graft.tensor;

import dev.graft.backend.Backend;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.Reduction;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Unrecorded building blocks for operators: allocation, layouts, and single kernel calls. */
final class Raw {
    /** Elements that no longer fit the caches near a core. */
    private static final int LARGE = 1 << 16;

    private Raw() {}

    static Tensor empty(Backend backend, DType dtype, Shape shape) {
        return new Tensor(backend.allocate(dtype, shape.numel()), 0, shape, shape.contiguousStrides());
    }

    static Tensor empty(Tensor like, Shape shape) {
        return empty(like.backend(), DType.F32, shape);
    }

    static Tensor empty(Tensor like, int... dims) {
        return empty(like, Shape.of(dims));
    }

    static Tensor zeros(Tensor like, Shape shape) {
        Tensor out = empty(like, shape);
        like.backend().fill(out.view(), 0);
        return out;
    }

    /** Uninitialised, with {@code strides}, which must be dense for the shape. */
    static Tensor emptyStrided(Tensor like, DType dtype, Shape shape, long[] strides) {
        return new Tensor(like.backend().allocate(dtype, shape.numel()), 0, shape, strides);
    }

    /** Uninitialised, with the memory layout of {@code like}, which must be dense. */
    static Tensor emptyLike(Tensor like, DType dtype) {
        return emptyStrided(like, dtype, like.shape(), like.strides());
    }

    static Tensor emptyLike(Tensor like) {
        return emptyLike(like, DType.F32);
    }

    /** Uninitialised, in the memory layout of {@code x} if that has no gaps, else row-major. */
    static Tensor emptyAs(Tensor x) {
        return emptyStrided(x, x.dtype(), x.shape(), denseStrides(x));
    }

    /**
     * The strides of {@code x} if its elements fill memory without gaps, else those of its shape in row-major order.
     */
    static long[] denseStrides(Tensor x) {
        return x.view().isDense() ? x.strides() : x.shape().contiguousStrides();
    }

    /** Uninitialised images {@code [N, C, H, W]}, in the backend's layout. */
    static Tensor emptyImages(Tensor like, DType dtype, Shape shape) {
        return emptyStrided(
                like, dtype, shape, like.backend().imageLayout(dtype).strides(shape));
    }

    static Tensor emptyImages(Tensor like, Shape shape) {
        return emptyImages(like, DType.F32, shape);
    }

    /** Whether {@code x} holds images in the backend's layout. */
    static boolean isImages(Tensor x) {
        return x.backend().imageLayout(x.dtype()).isOf(x.view());
    }

    /** {@code x} itself if it is contiguous, else a contiguous copy. */
    static Tensor contiguous(Tensor x) {
        return x.view().isContiguous() ? x : copyInto(x, empty(x.backend(), x.dtype(), x.shape()));
    }

    /** {@code x} itself if it has the backend's layout for images, else a copy that has. */
    static Tensor images(Tensor x) {
        return isImages(x) ? x : copyInto(x, emptyImages(x, x.dtype(), x.shape()));
    }

    /** {@code x} itself if its elements fill memory without gaps, else a contiguous copy. */
    static Tensor dense(Tensor x) {
        return x.view().isDense() ? x : contiguous(x);
    }

    /** {@code x} with the memory layout of {@code layout}, which must be dense and of the same shape. */
    static Tensor like(Tensor x, Tensor layout) {
        return x.view().sameLayout(layout.view()) ? x : copyInto(x, emptyLike(layout, x.dtype()));
    }

    static Tensor copyInto(Tensor x, Tensor y) {
        y.backend().copy(x.view(), y.view());
        return y;
    }

    /**
     * A view of {@code x}'s storage. One without elements begins where {@code x} does, since the memory may end before
     * {@code offset}.
     */
    static Tensor window(Tensor x, long offset, Shape shape, long[] strides) {
        x.storage().retain();
        return new Tensor(x.storage(), shape.numel() == 0 ? x.offset() : offset, shape, strides);
    }

    static Tensor reshape(Tensor x, Shape shape) {
        long[] strides = viewStrides(x, shape);
        if (strides != null) {
            return window(x, x.offset(), shape, strides);
        }
        Tensor copy = contiguous(x);
        return window(copy, copy.offset(), shape, shape.contiguousStrides());
    }

    /** Strides that make {@code shape} a view of {@code x}, or null if only a copy will do. */
    private static long @Nullable [] viewStrides(Tensor x, Shape shape) {
        if (x.numel() == 0) {
            return shape.contiguousStrides();
        }
        // Merge neighbouring dimensions that walk memory as one into blocks, last block first.
        long[] old = x.strides();
        int[] blockSize = new int[x.rank() + 1];
        long[] blockStride = new long[x.rank() + 1];
        int blocks = 0;
        for (int i = x.rank() - 1; i >= 0; i--) {
            if (x.dim(i) == 1) {
                continue;
            }
            if (blocks > 0 && old[i] == blockStride[blocks - 1] * blockSize[blocks - 1]) {
                blockSize[blocks - 1] *= x.dim(i);
            } else {
                blockSize[blocks] = x.dim(i);
                blockStride[blocks++] = old[i];
            }
        }
        // Split the blocks into the new dimensions; a new dimension must not span two blocks.
        long[] strides = new long[shape.rank()];
        int block = 0;
        int room = blocks == 0 ? 1 : blockSize[0];
        long step = blocks == 0 ? 1 : blockStride[0];
        for (int i = shape.rank() - 1; i >= 0; i--) {
            int size = shape.dim(i);
            if (size != 1 && room == 1) {
                block++;
                room = blockSize[block];
                step = blockStride[block];
            }
            if (room % size != 0) {
                return null;
            }
            strides[i] = step;
            step *= size;
            room /= size;
        }
        return strides;
    }

    static Tensor permute(Tensor x, int... order) {
        int[] dims = new int[order.length];
        long[] strides = new long[order.length];
        long[] old = x.strides();
        for (int i = 0; i < order.length; i++) {
            dims[i] = x.dim(order[i]);
            strides[i] = old[order[i]];
        }
        return window(x, x.offset(), Shape.of(dims), strides);
    }

    /** {@code x} viewed as {@code shape}, by repeating dimensions of size 1 and adding leading ones. */
    static Tensor expand(Tensor x, Shape shape) {
        if (x.shape().equals(shape)) {
            return x;
        }
        long[] old = x.strides();
        long[] strides = new long[shape.rank()];
        int lead = shape.rank() - x.rank();
        for (int i = lead; i < shape.rank(); i++) {
            strides[i] = x.dim(i - lead) == 1 && shape.dim(i) != 1 ? 0 : old[i - lead];
        }
        return window(x, x.offset(), shape, strides);
    }

    static Tensor unary(UnaryOp op, float a, float b, Tensor x) {
        Tensor source = dense(x);
        Tensor y = emptyLike(source);
        x.backend().unary(op, a, b, source.view(), y.view());
        return y;
    }

    /** {@code dx} for {@code dy}, from the function's argument or its result, whichever gives its slope. */
    static Tensor unaryBackward(UnaryOp op, float a, float b, Tensor argumentOrResult, Tensor dy) {
        Tensor dx = emptyLike(argumentOrResult);
        View known = argumentOrResult.view();
        dy.backend()
                .unaryBackward(
                        op, a, b, known, known, like(dy, argumentOrResult).view(), dx.view());
        return dx;
    }

    static Tensor scale(Tensor x, float factor) {
        return unary(UnaryOp.AFFINE, factor, 0, x);
    }

    static Tensor binary(BinaryOp op, Tensor p, Tensor q) {
        Shape shape = Shape.broadcast(op.name().toLowerCase(Locale.ROOT), p.shape(), q.shape());
        DType dtype = op.isTruth() ? DType.BOOL : p.dtype();
        Tensor y;
        if (p.shape().equals(shape) && p.view().isDense()) {
            y = emptyLike(p, dtype);
        } else if (q.shape().equals(shape) && q.view().isDense()) {
            y = emptyLike(q, dtype);
        } else {
            y = empty(p.backend(), dtype, shape);
        }
        p.backend()
                .binary(
                        op,
                        ordered(expand(p, shape), y).view(),
                        ordered(expand(q, shape), y).view(),
                        y.view());
        return y;
    }

    /**
     * An operand as a kernel walks it beside {@code y}: a large one that lies in another order of memory is copied
     * first. Copies go by square tiles; a walk in one order strides through the other, a cache line for each element.
     */
    private static Tensor ordered(Tensor x, Tensor y) {
        boolean copied = x.numel() >= LARGE && x.view().isDense() && !x.view().sameLayout(y.view());
        return copied ? copyInto(x, emptyLike(y, x.dtype())) : x;
    }

    static Tensor add(Tensor p, Tensor q) {
        return binary(BinaryOp.ADD, p, q);
    }

    static Tensor mul(Tensor p, Tensor q) {
        return binary(BinaryOp.MUL, p, q);
    }

    /** Folds the given dimensions to size 1. */
    static Tensor reduce(Reduction op, Tensor x, boolean[] folded) {
        int[] dims = x.shape().toArray();
        for (int i = 0; i < dims.length; i++) {
            if (folded[i]) {
                dims[i] = 1;
            }
        }
        Tensor y = empty(x.backend(), x.dtype(), Shape.of(dims));
        x.backend().reduce(op, x.view(), y.view());
        return y;
    }

    /** Sums a gradient over the dimensions along which an operand of {@code shape} was broadcast. */
    static Tensor sumTo(Tensor gradient, Shape shape) {
        if (gradient.shape().equals(shape)) {
            return gradient;
        }
        int lead = gradient.rank() - shape.rank();
        boolean[] folded = new boolean[gradient.rank()];
        boolean any = false;
        for (int i = 0; i < folded.length; i++) {
            folded[i] = i < lead || (shape.dim(i - lead) == 1 && gradient.dim(i) != 1);
            any |= folded[i];
        }
        return reshape(any ? reduce(Reduction.SUM, gradient, folded) : gradient, shape);
    }

    /**
     * Sums a gradient {@code [N, C, H, W]} over all but the channels, for an operand of {@code shape} with C elements.
     */
    static Tensor sumToChannels(Tensor gradient, Shape shape) {
        return reshape(reduce(Reduction.SUM, gradient, new boolean[] {true, false, true, true}), shape);
    }

    static List<View> views(List<Tensor> tensors) {
        List<View> views = new ArrayList<>(tensors.size());
        for (Tensor tensor : tensors) {
            views.add(tensor.view());
        }
        return views;
    }
}
