package dev.graft.cuda;

import dev.graft.backend.IndexRefusal;
import dev.graft.backend.View;
import dev.graft.type.DType;
import java.util.OptionalLong;

/** Choice by index. */
final class IndexKernels {
    private final CudaBackend backend;

    IndexKernels(CudaBackend backend) {
        this.backend = backend;
    }

    void check(View indices, long size, OptionalLong ignored, IndexRefusal refusal) {
        int n = indices.numel();
        if (n == 0) {
            return;
        }
        Walk walk = Walk.over(indices);
        try (PendingChecks.Cell cell = backend.checks().cell(-1)) {
            backend.launch("check_indices")
                    .address(cell.address())
                    .view(indices)
                    .walk(walk)
                    .i64(n)
                    .i64(size)
                    .i32(ignored.isPresent())
                    .i64(ignored.orElse(0))
                    .each(n);
            backend.launch("check_value")
                    .address(cell.address())
                    .view(indices)
                    .walk(walk)
                    .i64(n)
                    .blocks(1, 1);
            backend.checks().add(cell, found -> found[0] == -1 ? null : refusal.of(found[0], found[1]));
        }
    }

    private static long[] without(View view, int axis) {
        long[] steps = view.strides().clone();
        steps[axis] = 0;
        return steps;
    }

    void gather(View x, int axis, View index, View y) {
        backend.launch("gather_" + y.dtype().bytes())
                .view(y)
                .view(index)
                .view(x)
                .walk(Walk.of(y.shape().toArray(), y.strides(), index.strides(), without(x, axis)))
                .i64(y.numel())
                .i64(x.dim(axis))
                .i64(x.strides()[axis])
                .each(y.numel());
    }

    void scatter(View x, int axis, View index, boolean add, View y) {
        int[] dims = x.shape().toArray();
        int n = x.numel();
        if (n == 0) {
            return;
        }
        Walk walk = Walk.of(dims, without(y, axis), index.strides(), x.strides());
        if (add) {
            String type = x.dtype() == DType.F32 ? "f32" : x.dtype() == DType.I64 ? "i64" : "i32";
            backend.launch("scatter_add_" + type)
                    .view(y)
                    .view(index)
                    .view(x)
                    .walk(walk)
                    .i64(n)
                    .i64(y.dim(axis))
                    .i64(y.strides()[axis])
                    .each(n);
            return;
        }
        try (Scratch scratch = new Scratch(backend)) {
            View winner = scratch.of(DType.I32, y.shape().toArray());
            backend.fill(winner, -1);
            long[] places = new long[dims.length];
            places[axis] = 1;
            Walk winners = Walk.of(dims, without(winner, axis), index.strides(), places);
            backend.launch("scatter_winners")
                    .view(winner)
                    .view(index)
                    .walk(winners)
                    .i64(n)
                    .i64(y.dim(axis))
                    .i64(winner.strides()[axis])
                    .each(n);
            backend.launch("scatter_" + x.dtype().bytes())
                    .view(y)
                    .view(index)
                    .view(x)
                    .view(winner)
                    .walk(walk)
                    .walk(winners)
                    .i64(n)
                    .i64(y.dim(axis))
                    .i64(y.strides()[axis])
                    .i64(winner.strides()[axis])
                    .each(n);
        }
    }

    void gatherRows(View table, View rows, View y) {
        backend.launch("gather_rows")
                .view(y)
                .view(table)
                .view(rows)
                .i64(y.numel())
                .i64(table.dim(1))
                .i64(table.dim(0))
                .i64(rows.strides()[0])
                .each(y.numel());
    }

    void gatherRowsBackward(View dy, View rows, View dtable) {
        backend.fill(dtable, 0);
        backend.launch("add_rows")
                .view(dtable)
                .view(dy)
                .view(rows)
                .i64(dy.numel())
                .i64(dtable.dim(1))
                .i64(dtable.dim(0))
                .i64(rows.strides()[0])
                .i64(dy.strides()[0])
                .i64(dy.strides()[1])
                .each(dy.numel());
    }
}
