package dev.graft.tensor;

import java.util.Arrays;

/** The sizes of a tensor's dimensions, outermost first; immutable. {@code Shape.of()} is a scalar. */
public final class Shape {
    private final int[] dims;
    private final int numel;

    private Shape(int[] dims) {
        long n = 1;
        for (int d : dims) {
            if (d < 0) {
                throw new IllegalArgumentException("shape: negative size in " + Arrays.toString(dims));
            }
            n = Math.multiplyExact(n, d);
            if (n > Integer.MAX_VALUE - 16) {
                throw new IllegalArgumentException("shape: " + Arrays.toString(dims)
                        + " has more than 2^31 elements, the most one array can hold. Hint: use smaller batches or split the tensor.");
            }
        }
        this.dims = dims;
        this.numel = (int) n;
    }

    /** @throws IllegalArgumentException for a negative size or more than 2<sup>31</sup> elements */
    public static Shape of(int... dims) {
        return new Shape(dims.clone());
    }

    /** Number of dimensions. */
    public int rank() {
        return dims.length;
    }

    /** Size of dimension {@code axis}; negative axes count from the end. */
    public int dim(int axis) {
        return dims[axis(axis)];
    }

    /** {@code axis} as a non-negative index. @throws IllegalArgumentException if out of range */
    public int axis(int axis) {
        int a = axis < 0 ? axis + dims.length : axis;
        if (a < 0 || a >= dims.length) {
            throw new IllegalArgumentException("dimension " + axis + " is out of range for shape " + this);
        }
        return a;
    }

    /** Number of elements; 1 for a scalar. */
    public int numel() {
        return numel;
    }

    public int[] toArray() {
        return dims.clone();
    }

    /** This shape with dimension {@code axis} set to {@code size}. */
    public Shape with(int axis, int size) {
        int[] d = dims.clone();
        d[axis(axis)] = size;
        return new Shape(d);
    }

    /** Row-major strides, in elements. */
    public int[] contiguousStrides() {
        int[] s = new int[dims.length];
        int step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            s[i] = step;
            step *= Math.max(1, dims[i]);
        }
        return s;
    }

    /**
     * The common shape of two operands under NumPy's broadcasting rules.
     *
     * @throws IllegalArgumentException naming {@code op} and both shapes where they do not broadcast
     */
    public static Shape broadcast(String op, Shape a, Shape b) {
        int rank = Math.max(a.rank(), b.rank());
        int[] out = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int x = i <= a.rank() ? a.dims[a.rank() - i] : 1;
            int y = i <= b.rank() ? b.dims[b.rank() - i] : 1;
            if (x != y && x != 1 && y != 1) {
                throw new IllegalArgumentException(op + ": shapes " + a + " and " + b + " do not broadcast (sizes " + x + " and " + y
                        + " at dimension -" + i + "). Hint: sizes must match or be 1, counted from the last dimension.");
            }
            out[rank - i] = x == 1 ? y : x;
        }
        return new Shape(out);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Shape s && Arrays.equals(dims, s.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
