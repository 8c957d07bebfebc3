package dev.graft.cuda;

import dev.graft.backend.View;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A run over elements in row-major order, and how far each of up to four operands moves along each dimension: struct
 * Walk of {@code prelude.cuh}. Dimensions of size 1 are left out, and neighbours are merged where all operands allow
 * it, so that dense operands are walked in one dimension.
 */
final class Walk {
    static final int MOST_DIMS = 12;
    static final int MOST_OPERANDS = 4;

    private final int[] sizes;
    private final long[][] steps;

    private Walk(int[] sizes, long[][] steps) {
        this.sizes = sizes;
        this.steps = steps;
    }

    /** Over all elements of views of one shape. */
    static Walk over(View... views) {
        long[][] steps = new long[views.length][];
        for (int k = 0; k < views.length; k++) {
            steps[k] = views[k].strides();
        }
        return of(views[0].shape().toArray(), steps);
    }

    /**
     * Over dimensions, each operand by its own steps.
     *
     * @throws IllegalArgumentException if more than twelve dimensions remain
     */
    static Walk of(int[] dims, long[]... steps) {
        List<Integer> sizes = new ArrayList<>();
        List<long[]> moves = new ArrayList<>();
        for (int d = 0; d < dims.length; d++) {
            if (dims[d] == 1) {
                continue;
            }
            long[] move = new long[steps.length];
            for (int k = 0; k < steps.length; k++) {
                move[k] = steps[k][d];
            }
            int last = sizes.size() - 1;
            if (last >= 0 && isOne(moves.get(last), move, dims[d])) {
                sizes.set(last, Math.multiplyExact(sizes.get(last), dims[d]));
                moves.set(last, move);
            } else {
                sizes.add(dims[d]);
                moves.add(move);
            }
        }
        if (sizes.size() > MOST_DIMS) {
            throw new IllegalArgumentException("cuda: a tensor of " + dims.length
                    + " dimensions with this layout has no kernel (at most " + MOST_DIMS
                    + " that cannot be merged). Hint: make it contiguous first, or merge dimensions with reshape.");
        }
        long[][] byOperand = new long[steps.length][sizes.size()];
        for (int d = 0; d < sizes.size(); d++) {
            for (int k = 0; k < steps.length; k++) {
                byOperand[k][d] = moves.get(d)[k];
            }
        }
        return new Walk(sizes.stream().mapToInt(Integer::intValue).toArray(), byOperand);
    }

    /** Whether a dimension goes on where the steps of the next, of a size, end. */
    private static boolean isOne(long[] outer, long[] inner, int size) {
        for (int k = 0; k < outer.length; k++) {
            if (outer[k] != inner[k] * size) {
                return false;
            }
        }
        return true;
    }

    void put(ByteBuffer target) {
        int from = target.position();
        target.putInt(sizes.length).putInt(0);
        for (int d = 0; d < MOST_DIMS; d++) {
            target.putInt(d < sizes.length ? sizes[d] : 1);
        }
        for (int k = 0; k < MOST_OPERANDS; k++) {
            for (int d = 0; d < MOST_DIMS; d++) {
                target.putLong(k < steps.length && d < sizes.length ? steps[k][d] : 0);
            }
        }
        assert target.position() - from == 8 + 4 * MOST_DIMS + 8 * MOST_OPERANDS * MOST_DIMS;
    }
}
