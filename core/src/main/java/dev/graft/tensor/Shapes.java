package dev.graft.tensor;

import dev.graft.type.Shape;
import java.util.Arrays;

/** Shape arithmetic for the shape operators. */
final class Shapes {
    private Shapes() {}

    /** Replaces one -1 by the size that keeps the number of elements. */
    static Shape infer(String op, Shape from, int[] dims) {
        int unknown = -1;
        long known = 1;
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] == -1 && unknown < 0) {
                unknown = i;
            } else if (dims[i] < 0) {
                throw new IllegalArgumentException(op + ": " + Arrays.toString(dims)
                        + " may hold one -1 and no other negative size (input " + from + ")");
            } else {
                // Beyond any tensor it only has to stay there: 0 must still make it 0.
                known = Math.min(known, Integer.MAX_VALUE) * dims[i];
            }
        }
        int[] out = dims.clone();
        if (unknown >= 0) {
            if (known == 0 || from.numel() % known != 0) {
                throw new IllegalArgumentException(op + ": no size fits -1 in " + Arrays.toString(dims) + " for input "
                        + from + " (" + from.numel() + " elements)");
            }
            out[unknown] = (int) (from.numel() / known);
        }
        return Shape.of(op, Arrays.stream(out).asLongStream().toArray());
    }

    /** Replaces -1 by the size that is there. */
    static Shape expanded(Shape from, int[] dims) {
        int[] out = dims.clone();
        int lead = dims.length - from.rank();
        for (int i = Math.max(0, lead); i < dims.length; i++) {
            out[i] = dims[i] == -1 ? from.dim(i - lead) : dims[i];
        }
        return Making.shape("expand", out);
    }

    static Shape flatten(Shape shape, int startAxis) {
        if (shape.rank() == 0) {
            return Shape.of(1);
        }
        int start = shape.axis("flatten", startAxis);
        int[] dims = Arrays.copyOf(shape.toArray(), start + 1);
        dims[start] = 1;
        for (int i = start; i < shape.rank(); i++) {
            dims[start] *= shape.dim(i);
        }
        return Shape.of(dims);
    }

    /** Negative dimensions counted from the end; what is no dimension stays as it is. */
    static int[] order(Shape shape, int[] order) {
        return Arrays.stream(order)
                .map(axis -> axis < 0 && axis >= -shape.rank() ? axis + shape.rank() : axis)
                .toArray();
    }

    static int[] swap(Shape shape, int axis1, int axis2) {
        int[] order = new int[shape.rank()];
        Arrays.setAll(order, i -> i);
        int first = shape.axis("transpose", axis1);
        int second = shape.axis("transpose", axis2);
        order[first] = second;
        order[second] = first;
        return order;
    }

    static Shape insert(String op, Shape shape, int axis) {
        int at = axis < 0 ? axis + shape.rank() + 1 : axis;
        if (at < 0 || at > shape.rank()) {
            throw new IllegalArgumentException(op + ": dimension " + axis + " is out of range for shape " + shape
                    + ". Hint: the new dimension counts " + "from 0 to " + shape.rank() + ", or from -1 backwards.");
        }
        int[] dims = new int[shape.rank() + 1];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = i == at ? 1 : shape.dim(i < at ? i : i - 1);
        }
        return Shape.of(dims);
    }

    static Shape remove(String op, Shape shape, int axis, boolean mustBeOne) {
        int at = shape.axis(op, axis);
        if (mustBeOne && shape.dim(at) != 1) {
            throw new IllegalArgumentException(
                    op + ": dimension " + axis + " of " + shape + " has size " + shape.dim(at) + ", not 1");
        }
        int[] dims = new int[shape.rank() - 1];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = shape.dim(i < at ? i : i + 1);
        }
        return Shape.of(dims);
    }
}
