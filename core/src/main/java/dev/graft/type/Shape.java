package dev.graft.type;

import java.util.Arrays;

/**
 * The sizes of a tensor's dimensions, outermost first; immutable. {@code Shape.of()} is a scalar.
 *
 * <p>A tensor has fewer than 2^31 elements, though they may fill more bytes: its values must fit one Java array, and
 * the kernels of GPU libraries count in 32 bits as well. Larger shapes are refused here, whatever the device. Strides
 * are {@code long}, like the offsets that they are added to.
 */
public final class Shape {
    /** A little less than 2^31, so that loops which step past their end by a block of elements stay within an int. */
    public static final int MOST_ELEMENTS = Integer.MAX_VALUE - (1 << 16);

    private final int[] dims;
    private final int numel;

    private Shape(int[] dims, int numel) {
        this.dims = dims;
        this.numel = numel;
    }

    /**
     * The shape with these sizes, outermost first.
     *
     * @throws IllegalArgumentException for a negative size or more than 2<sup>31</sup> - 2<sup>16</sup> - 1 elements,
     *     sizes of 0 counted as 1
     */
    public static Shape of(int... dims) {
        return of("shape", Arrays.stream(dims).asLongStream().toArray());
    }

    /**
     * As {@link #of(int...)} for an operator, whose shape rule computes in {@code long} so that no sum or product
     * wraps.
     */
    public static Shape of(String op, long... sizes) {
        int[] dims = new int[sizes.length];
        long room = 1;
        boolean empty = false;
        for (int i = 0; i < sizes.length; i++) {
            if (sizes[i] < 0) {
                throw new IllegalArgumentException(op + ": negative size in " + Arrays.toString(sizes));
            }
            // Sizes of 0 do not hide the others: strides and counts of an empty tensor must fit too.
            room = sizes[i] > MOST_ELEMENTS ? MOST_ELEMENTS + 1L : room * Math.max(1, sizes[i]);
            if (room > MOST_ELEMENTS) {
                throw new IllegalArgumentException(
                        op + ": " + Arrays.toString(sizes) + " does not fit: a tensor holds at most " + MOST_ELEMENTS
                                + " elements (2^31 - 2^16 - 1). Hint: use smaller batches or split the tensor.");
            }
            empty |= sizes[i] == 0;
            dims[i] = (int) sizes[i];
        }
        return new Shape(dims, empty ? 0 : (int) room);
    }

    /** Number of dimensions. */
    public int rank() {
        return dims.length;
    }

    /** Size of dimension {@code axis}; negative axes count from the end. */
    public int dim(int axis) {
        return dims[axis(axis)];
    }

    /**
     * {@code axis} as a non-negative index.
     *
     * @throws IllegalArgumentException if out of range
     */
    public int axis(int axis) {
        return axis("shape", axis);
    }

    /** As {@link #axis(int)}, for an operator. */
    public int axis(String op, int axis) {
        int a = axis < 0 ? axis + dims.length : axis;
        if (a < 0 || a >= dims.length) {
            throw new IllegalArgumentException(op + ": dimension " + axis + " is out of range for shape " + this
                    + (dims.length == 0
                            ? ", which has none"
                            : ". Hint: dimensions count from 0 to " + (dims.length - 1) + ", or from -1 backwards."));
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
        return with("shape", axis(axis), size);
    }

    /** As {@link #with(int, int)}, for an operator; {@code axis} is not negative. */
    public Shape with(String op, int axis, long size) {
        long[] d = Arrays.stream(dims).asLongStream().toArray();
        d[axis] = size;
        return of(op, d);
    }

    /** Row-major strides, in elements. */
    public long[] contiguousStrides() {
        long[] s = new long[dims.length];
        long step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            s[i] = step;
            step *= Math.max(1, dims[i]);
        }
        return s;
    }

    /**
     * The common shape of two operands under NumPy's broadcasting rules.
     *
     * @throws IllegalArgumentException naming {@code op} and both shapes if they do not broadcast
     */
    public static Shape broadcast(String op, Shape a, Shape b) {
        int rank = Math.max(a.rank(), b.rank());
        long[] out = new long[rank];
        for (int i = 1; i <= rank; i++) {
            int x = i <= a.rank() ? a.dims[a.rank() - i] : 1;
            int y = i <= b.rank() ? b.dims[b.rank() - i] : 1;
            if (x != y && x != 1 && y != 1) {
                throw new IllegalArgumentException(op + ": shapes " + a + " and " + b + " do not broadcast (sizes " + x
                        + " and " + y + " at dimension -" + i
                        + "). Hint: sizes must match or be 1, counted from the last dimension.");
            }
            out[rank - i] = x == 1 ? y : x;
        }
        return of(op, out);
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
