package dev.graft.cuda;

import dev.graft.backend.View;
import dev.graft.type.DType;

/** Sorting and running sums along one dimension. */
final class OrderKernels {
    private final CudaBackend backend;

    OrderKernels(CudaBackend backend) {
        this.backend = backend;
    }

    private static int[] lines(View x, int axis) {
        return x.shape().with(axis, 1).toArray();
    }

    private static int count(int[] dims) {
        int count = 1;
        for (int d : dims) {
            count *= d;
        }
        return count;
    }

    /** A merge sort of indices: each pass doubles the length of the sorted runs, all of them at once. */
    void argsort(View x, int axis, boolean descending, View y) {
        int n = x.dim(axis);
        int lines = count(lines(x, axis));
        long all = (long) lines * n;
        if (all == 0 || y.numel() == 0) {
            return;
        }
        int kind = x.dtype() == DType.F32 ? 0 : x.dtype() == DType.I64 ? 1 : 2;
        try (Scratch scratch = new Scratch(backend)) {
            View order = scratch.of(DType.I32, lines, n);
            View merged = scratch.of(DType.I32, lines, n);
            backend.launch("sort_begin").view(order).i64(lines).i64(n).each(all);
            for (long length = 1; length < n; length *= 2) {
                backend.launch("sort_merge")
                        .view(merged)
                        .view(order)
                        .view(x)
                        .walk(Walk.of(lines(x, axis), x.strides()))
                        .i64(lines)
                        .i64(n)
                        .i64(length)
                        .i64(x.strides()[axis])
                        .i32(kind)
                        .i32(descending)
                        .i32(x.dtype().bytes())
                        .each(all);
                View swap = order;
                order = merged;
                merged = swap;
            }
            int taken = y.dim(axis);
            backend.launch("sort_end")
                    .view(y)
                    .view(order)
                    .walk(Walk.of(lines(x, axis), y.strides()))
                    .i64(lines)
                    .i64(n)
                    .i64(taken)
                    .i64(y.strides()[axis])
                    .each((long) lines * taken);
        }
    }

    void cumsum(View x, int axis, boolean reverse, View y) {
        int lines = x.numel() == 0 ? 0 : count(lines(x, axis));
        backend.launch(x.dtype() == DType.F32 ? "cumsum_f32" : "cumsum_i64")
                .view(y)
                .view(x)
                .walk(Walk.of(lines(x, axis), y.strides(), x.strides()))
                .i64(x.dim(axis))
                .i64(y.strides()[axis])
                .i64(x.strides()[axis])
                .i32(reverse)
                .blocks(lines, Launch.BLOCK);
    }
}
