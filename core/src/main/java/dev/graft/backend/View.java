package dev.graft.backend;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;

/**
 * A strided view of a storage: what kernels read and write. Element {@code (i0, i1, ...)} is at {@code offset + i0 *
 * strides[0] + i1 * strides[1] + ...}; a stride of 0 repeats one element along its dimension.
 *
 * <p>A view does not keep its storage alive; the tensor that made it does.
 */
public record View(Storage storage, long offset, Shape shape, long[] strides) {

    /** As the canonical constructor, with strides that are ints. */
    public View(Storage storage, long offset, Shape shape, int[] strides) {
        this(storage, offset, shape, Arrays.stream(strides).asLongStream().toArray());
    }

    public DType dtype() {
        return storage.dtype();
    }

    public int rank() {
        return strides.length;
    }

    public int dim(int axis) {
        return shape.dim(axis);
    }

    public int numel() {
        return shape.numel();
    }

    /** Whether the elements are in row-major order without gaps. */
    public boolean isContiguous() {
        long step = 1;
        for (int i = strides.length - 1; i >= 0; i--) {
            int size = shape.dim(i);
            if (size != 1 && strides[i] != step) {
                return shape.numel() == 0;
            }
            step *= size;
        }
        return true;
    }

    /** Whether a rank-4 view {@code [N, C, H, W]} is in memory as N, H, W, C without gaps. */
    public boolean isChannelsLast() {
        if (rank() != 4) {
            return false;
        }
        int[] order = {1, 3, 2, 0};
        long step = 1;
        for (int axis : order) {
            int size = shape.dim(axis);
            if (size != 1 && strides[axis] != step) {
                return shape.numel() == 0;
            }
            step *= size;
        }
        return true;
    }

    /** Whether the elements fill {@code numel()} consecutive positions, in some order of the dimensions. */
    public boolean isDense() {
        int n = shape.numel();
        if (n <= 1) {
            return true;
        }
        // In order of increasing stride, the dimensions must tile memory exactly.
        boolean[] seen = new boolean[strides.length];
        long step = 1;
        for (int found = 0; found < strides.length; found++) {
            int next = -1;
            for (int i = 0; i < strides.length; i++) {
                if (!seen[i] && (shape.dim(i) == 1 || strides[i] == step)) {
                    next = i;
                    if (shape.dim(i) == 1) {
                        break;
                    }
                }
            }
            if (next < 0) {
                return false;
            }
            seen[next] = true;
            step *= shape.dim(next);
        }
        return step == n;
    }

    /** Whether both views have the same shape and walk memory in the same order. */
    public boolean sameLayout(View other) {
        if (!shape.equals(other.shape)) {
            return false;
        }
        for (int i = 0; i < strides.length; i++) {
            if (shape.dim(i) != 1 && strides[i] != other.strides[i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether two indices may refer to the same memory, so that elements cannot be written one by one. */
    public boolean repeatsElements() {
        if (shape.numel() <= 1) {
            return false;
        }
        // In order of increasing stride, each dimension must step over everything that the smaller ones reach.
        boolean[] seen = new boolean[strides.length];
        long reach = 0;
        while (true) {
            int next = -1;
            for (int i = 0; i < strides.length; i++) {
                if (!seen[i] && shape.dim(i) > 1 && (next < 0 || strides[i] < strides[next])) {
                    next = i;
                }
            }
            if (next < 0) {
                return false;
            }
            if (strides[next] <= reach) {
                return true;
            }
            seen[next] = true;
            reach += (shape.dim(next) - 1L) * strides[next];
        }
    }

    /**
     * Whether the ranges of memory from first to last element overlap; the elements themselves may still be distinct.
     */
    public boolean overlaps(View other) {
        return storage == other.storage
                && shape.numel() > 0
                && other.shape.numel() > 0
                && offset <= other.last()
                && other.offset <= last();
    }

    /** Whether every index refers to the same memory in both views. */
    public boolean sameElements(View other) {
        return storage == other.storage && offset == other.offset && sameLayout(other);
    }

    private long last() {
        long last = offset;
        for (int i = 0; i < strides.length; i++) {
            last += (shape.dim(i) - 1L) * strides[i];
        }
        return last;
    }
}
