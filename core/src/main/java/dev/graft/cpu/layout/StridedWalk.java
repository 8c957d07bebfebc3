package dev.graft.cpu.layout;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A walk through several views of one shape. Dimensions are ordered so that the leading view is visited in memory
 * order, and neighbouring dimensions are merged if all views allow it. Position {@code p} of the walk is the same
 * element in every view.
 */
public final class StridedWalk {

    /**
     * A run of equally spaced elements: {@code count} of them from {@code at} on, for the walk positions from
     * {@code position} on.
     */
    @FunctionalInterface
    public interface Run {
        void accept(int at, int position, int count);
    }

    /**
     * Runs of {@code count} elements each: {@code rows} of them, the first from {@code at} on, and each {@code step}
     * after the one before; the walk positions from {@code position} on.
     */
    @FunctionalInterface
    public interface Rows {
        void accept(int at, int position, int rows, int step, int count);
    }

    private final int[] sizes;
    private final int[][] strides;
    private final int[] offsets;
    private final int total;

    private StridedWalk(int[] sizes, int[][] strides, int[] offsets, int total) {
        this.sizes = sizes;
        this.strides = strides;
        this.offsets = offsets;
        this.total = total;
    }

    /** The elements at place 0 of an axis, of size 1 then: one for each line along it. */
    public static View first(View view, int axis) {
        return new View(view.storage(), view.offset(), view.shape().with(axis, 1), view.strides());
    }

    /** A walk in the memory order of {@code views[lead]}. */
    public static StridedWalk of(int lead, View... views) {
        Shape shape = views[lead].shape();
        List<Integer> order = new ArrayList<>();
        for (int axis = 0; axis < shape.rank(); axis++) {
            if (shape.dim(axis) != 1) {
                order.add(axis);
            }
        }
        // Stable: equal strides (zeros) keep their row-major order.
        order.sort((a, b) -> Long.compare(views[lead].strides()[b], views[lead].strides()[a]));
        int[] sizes = new int[Math.max(1, order.size())];
        int[][] strides = new int[views.length][sizes.length];
        int rank = 0;
        for (int axis : order) {
            if (rank > 0 && mergeable(views, strides, rank - 1, axis, shape.dim(axis))) {
                sizes[rank - 1] *= shape.dim(axis);
            } else {
                sizes[rank++] = shape.dim(axis);
            }
            for (int v = 0; v < views.length; v++) {
                strides[v][rank - 1] = CpuStorage.stride(views[v], axis);
            }
        }
        if (rank == 0) {
            sizes[0] = 1;
            rank = 1;
        }
        int[] offsets = new int[views.length];
        for (int v = 0; v < views.length; v++) {
            strides[v] = Arrays.copyOf(strides[v], rank);
            offsets[v] = CpuStorage.offset(views[v]);
        }
        return new StridedWalk(Arrays.copyOf(sizes, rank), strides, offsets, shape.numel());
    }

    private static boolean mergeable(View[] views, int[][] strides, int outer, int axis, int size) {
        for (int v = 0; v < views.length; v++) {
            if (strides[v][outer] != views[v].strides()[axis] * size) {
                return false;
            }
        }
        return true;
    }

    /** Number of elements. */
    public int total() {
        return total;
    }

    public int rank() {
        return sizes.length;
    }

    public int size(int dimension) {
        return sizes[dimension];
    }

    public int stride(int view, int dimension) {
        return strides[view][dimension];
    }

    public int offset(int view) {
        return offsets[view];
    }

    /** Spacing of the elements in a run of {@code view}. */
    public int step(int view) {
        return sizes[sizes.length - 1] == 1 ? 1 : strides[view][sizes.length - 1];
    }

    /** Whether every walk position of {@code view} is one element after the previous one. */
    public boolean isDense(int view) {
        return sizes.length == 1 && step(view) == 1;
    }

    /**
     * The walk over only those dimensions for which {@code view}'s stride is zero, or is not zero; the other dimensions
     * stay at 0.
     */
    public StridedWalk where(int view, boolean zero) {
        int[] kept = new int[sizes.length];
        int rank = 0;
        int count = 1;
        for (int d = 0; d < sizes.length; d++) {
            if (strides[view][d] == 0 == zero) {
                kept[rank++] = d;
                count *= sizes[d];
            }
        }
        if (rank == 0) {
            return new StridedWalk(new int[] {1}, new int[strides.length][1], offsets, Math.min(total, 1));
        }
        int[] subSizes = new int[rank];
        int[][] subStrides = new int[strides.length][rank];
        for (int d = 0; d < rank; d++) {
            subSizes[d] = sizes[kept[d]];
            for (int v = 0; v < strides.length; v++) {
                subStrides[v][d] = strides[v][kept[d]];
            }
        }
        return new StridedWalk(subSizes, subStrides, offsets, count);
    }

    /** The index of one walk position in a view's array. */
    public int at(int view, int position) {
        int at = offsets[view];
        int rest = position;
        for (int d = sizes.length - 1; d >= 0 && rest != 0; d--) {
            at += rest % sizes[d] * strides[view][d];
            rest /= sizes[d];
        }
        return at;
    }

    /** Calls {@code run} for each run of {@code view} within the walk positions {@code [from, to)}, in order. */
    public void runs(int view, int from, int to, Run run) {
        rows(view, from, to, (at, position, rows, step, count) -> {
            for (int r = 0; r < rows; r++) {
                run.accept(at + r * step, position + r * count, count);
            }
        });
    }

    /**
     * As {@link #runs}, with equally spaced runs of one length together: for short runs, a call for each would cost
     * more than the run itself.
     */
    public void rows(int view, int from, int to, Rows action) {
        if (from >= to) {
            return;
        }
        int last = sizes.length - 1;
        int inner = sizes[last];
        if (last == 0) {
            action.accept(offsets[view] + from * strides[view][0], from, 1, 0, to - from);
            return;
        }
        int[] steps = strides[view];
        int[] index = new int[last];
        int rest = from / inner;
        int at = offsets[view];
        for (int d = last - 1; d >= 0; d--) {
            index[d] = rest % sizes[d];
            rest /= sizes[d];
            at += index[d] * steps[d];
        }
        int position = from;
        int skipped = from % inner;
        while (position < to) {
            int rows = 1;
            int count = Math.min(inner - skipped, to - position);
            if (count == inner) {
                rows = Math.min(sizes[last - 1] - index[last - 1], (to - position) / inner);
            }
            action.accept(at + skipped * steps[last], position, rows, steps[last - 1], count);
            position += rows * count;
            skipped = 0;
            index[last - 1] += rows;
            at += rows * steps[last - 1];
            for (int d = last - 1; d > 0 && index[d] == sizes[d]; d--) {
                index[d] = 0;
                index[d - 1]++;
                at += steps[d - 1] - sizes[d] * steps[d];
            }
        }
    }
}
