package dev.graft.cuda;

import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.List;

/** Reductions. */
final class FoldKernels {
    /** Up to so many elements, one thread folds a result by itself. */
    private static final int FEW = 32;
    /** Elements that one block folds; more are folded by several blocks, and their results once more. */
    private static final int CHUNK = 8192;
    /** Blocks of the sum of squares of one view. */
    private static final int MOST_PARTS = 256;

    private final CudaBackend backend;

    FoldKernels(CudaBackend backend) {
        this.backend = backend;
    }

    void reduce(Reduction op, View x, View y) {
        int rank = x.rank();
        int[] kept = x.shape().toArray();
        int[] folded = x.shape().toArray();
        long n = 1;
        for (int axis = 0; axis < rank; axis++) {
            if (y.dim(axis) == x.dim(axis)) {
                folded[axis] = 1;
            } else {
                kept[axis] = 1;
                n *= x.dim(axis);
            }
        }
        fold(op, x, y, Walk.of(kept, y.strides(), x.strides()), Walk.of(folded, x.strides()), y.numel(), n);
        if (op == Reduction.MEAN) {
            backend.launch("divide")
                    .view(y)
                    .walk(Walk.over(y))
                    .i64(y.numel())
                    .f32((float) n)
                    .each(y.numel());
        }
    }

    private void fold(Reduction op, View x, View y, Walk kept, Walk folded, int results, long n) {
        String type = x.dtype() == DType.I64 ? "i64" : "f32";
        if (n <= FEW) {
            backend.launch("reduce_few_" + type)
                    .view(y)
                    .view(x)
                    .walk(kept)
                    .i64(results)
                    .walk(folded)
                    .i64(n)
                    .i32(op.ordinal())
                    .each(results);
            return;
        }
        long chunk = Math.max(CHUNK, (n + Launch.MOST_BLOCKS - 1) / Launch.MOST_BLOCKS);
        int chunks = (int) ((n + chunk - 1) / chunk);
        if (chunks == 1) {
            launch("reduce_" + type, x, y, kept, folded, results, n, chunk, 1, op);
            return;
        }
        try (Scratch scratch = new Scratch(backend)) {
            View parts = scratch.of(x.dtype(), results, chunks);
            launch("reduce_" + type, x, parts, kept, folded, results, n, chunk, chunks, op);
            Walk lines = Walk.of(y.shape().toArray(), y.strides(), rows(y.shape(), chunks));
            fold(op, parts, y, lines, Walk.of(new int[] {chunks}, new long[] {1}), results, chunks);
        }
    }

    /** The steps over row-major results that each have a row of so many parts. */
    private static long[] rows(Shape results, int parts) {
        long[] steps = new long[results.rank()];
        long step = parts;
        for (int axis = steps.length - 1; axis >= 0; axis--) {
            steps[axis] = step;
            step *= results.dim(axis);
        }
        return steps;
    }

    private void launch(
            String kernel,
            View x,
            View y,
            Walk kept,
            Walk folded,
            int results,
            long n,
            long chunk,
            int chunks,
            Reduction op) {
        backend.launch(kernel)
                .view(y)
                .view(x)
                .walk(kept)
                .walk(folded)
                .i64(n)
                .i64(chunk)
                .i32(chunks)
                .i32(op.ordinal())
                .grid(results, chunks, 1, Launch.BLOCK, 1);
    }

    void argmax(View x, int axis, View y) {
        backend.launch("argmax")
                .view(y)
                .view(x)
                .walk(Walk.of(y.shape().toArray(), y.strides(), x.strides()))
                .i64(x.dim(axis))
                .i64(x.strides()[axis])
                .blocks(y.numel(), Launch.BLOCK);
    }

    void sumOfSquares(List<View> views, View sum) {
        int[] parts = views.stream()
                .mapToInt(v -> (int) Math.min(MOST_PARTS, (v.numel() + (long) CHUNK - 1) / CHUNK))
                .toArray();
        int all = 0;
        for (int p : parts) {
            all += p;
        }
        try (Scratch scratch = new Scratch(backend)) {
            View partial = scratch.of(DType.F64, all);
            int at = 0;
            for (int i = 0; i < parts.length; i++) {
                View here = new View(partial.storage(), at, Shape.of(parts[i]), new long[] {1});
                backend.launch("square_sums")
                        .view(here)
                        .view(views.get(i))
                        .i64(views.get(i).numel())
                        .blocks(parts[i], Launch.BLOCK);
                at += parts[i];
            }
            backend.launch("sum_doubles").view(sum).view(partial).i64(all).blocks(1, Launch.BLOCK);
        }
    }
}
