package dev.graft.tensor;

import dev.graft.backend.View;
import dev.graft.type.Shape;
import java.util.Arrays;

/** Operators that move or repeat elements. Reshape, permute, expand and slice return views if strides allow it. */
sealed interface ShapeOp extends Op {

    record Reshape(Shape target) implements ShapeOp {
        @Override
        public String name() {
            return "reshape";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            if (in[0].numel() != target.numel()) {
                throw new IllegalArgumentException("reshape: " + in[0].shape() + " has " + in[0].numel() + " elements, "
                        + target + " has " + target.numel());
            }
            return Raw.reshape(in[0], target);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return new Tensor[] {Raw.reshape(dy, saved.shape(0))};
        }
    }

    /** A row-major copy. */
    record Contiguous() implements ShapeOp {
        @Override
        public String name() {
            return "contiguous";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            return Raw.copyInto(in[0], Raw.empty(in[0].backend(), in[0].dtype(), in[0].shape()));
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return new Tensor[] {dy};
        }
    }

    /** A copy in the same layout if that has no gaps, else row-major. */
    record Copy() implements ShapeOp {
        @Override
        public String name() {
            return "copy";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Tensor x = in[0];
            return Raw.copyInto(x, Raw.emptyAs(x));
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return new Tensor[] {dy};
        }
    }

    record Permute(int... order) implements ShapeOp {
        @Override
        public String name() {
            return "permute";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            int[] sorted = order.clone();
            Arrays.sort(sorted);
            boolean valid = order.length == in[0].rank();
            for (int i = 0; i < sorted.length; i++) {
                valid &= sorted[i] == i;
            }
            if (!valid) {
                throw new IllegalArgumentException(
                        "permute: " + Arrays.toString(order) + " is not an order of the dimensions of " + in[0].shape()
                                + ". Hint: name each dimension from 0 to " + (in[0].rank() - 1) + " once.");
            }
            return Raw.permute(in[0], order);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            int[] inverse = new int[order.length];
            for (int i = 0; i < order.length; i++) {
                inverse[order[i]] = i;
            }
            return new Tensor[] {Raw.permute(dy, inverse)};
        }
    }

    record Expand(Shape target) implements ShapeOp {
        @Override
        public String name() {
            return "expand";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            if (!Shape.broadcast("expand", in[0].shape(), target).equals(target)) {
                throw new IllegalArgumentException("expand: " + in[0].shape() + " does not expand to " + target
                        + ". Hint: only dimensions of size 1 can grow, and new dimensions go in front.");
            }
            return in[0].shape().equals(target) ? Raw.reshape(in[0], target) : Raw.expand(in[0], target);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return new Tensor[] {Raw.sumTo(dy, saved.shape(0))};
        }
    }

    /** The diagonal of two dimensions, as the last one: a view. */
    record Diagonal(int offset, int axis1, int axis2) implements ShapeOp {
        @Override
        public String name() {
            return "diagonal";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            if (axis1 == axis2) {
                throw new IllegalArgumentException("diagonal: needs two different dimensions, got " + axis1
                        + " twice (input " + in[0].shape() + ")");
            }
            return window(in[0]);
        }

        private Tensor window(Tensor x) {
            long[] old = x.strides();
            long rows = Math.max(0, x.dim(axis1) - Math.max(0, -(long) offset));
            long columns = Math.max(0, x.dim(axis2) - Math.max(0, offset));
            int length = (int) Math.min(rows, columns);
            int[] dims = new int[x.rank() - 1];
            long[] strides = new long[dims.length];
            int at = 0;
            for (int i = 0; i < x.rank(); i++) {
                if (i != axis1 && i != axis2) {
                    dims[at] = x.dim(i);
                    strides[at++] = old[i];
                }
            }
            dims[at] = length;
            strides[at] = old[axis1] + old[axis2];
            long first = offset < 0 ? -(long) offset * old[axis1] : offset * old[axis2];
            return Raw.window(x, x.offset() + first, Shape.of(dims), strides);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor dx = Raw.zeros(dy, saved.shape(0));
            Raw.copyInto(dy, window(dx));
            return new Tensor[] {dx};
        }
    }

    /** Elements {@code from}, {@code from + step}, ... below {@code to} of one dimension. */
    record Slice(int axis, int from, int to, int step) implements ShapeOp {
        @Override
        public String name() {
            return "slice";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            int size = in[0].dim(axis);
            if (from < 0 || to > size || from > to || step < 1) {
                throw new IllegalArgumentException(
                        "slice: [" + from + ", " + to + ") step " + step + " is outside dimension " + axis + " of "
                                + in[0].shape() + ". Hint: 0 <= from <= to <= " + size + " and step >= 1.");
            }
            return window(in[0]);
        }

        private Tensor window(Tensor x) {
            long[] strides = x.strides().clone();
            long offset = x.offset() + from * strides[axis];
            int size = (int) (((long) to - from + step - 1) / step);
            if (size > 1) {
                strides[axis] *= step;
            }
            return Raw.window(x, offset, x.shape().with(axis, size), strides);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor dx = Raw.zeros(dy, saved.shape(0));
            Raw.copyInto(dy, window(dx));
            return new Tensor[] {dx};
        }
    }

    /**
     * Windows of {@code size} elements, {@code step} apart, along one dimension: a view with the window as last one.
     */
    record Windows(int axis, int size, int step) implements ShapeOp {
        @Override
        public String name() {
            return "unfold";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            if (size < 1 || step < 1 || size > in[0].dim(axis)) {
                throw new IllegalArgumentException("unfold: windows of " + size + ", " + step
                        + " apart, do not fit dimension " + axis + " of " + in[0].shape()
                        + ". Hint: 1 <= size <= " + in[0].dim(axis) + " and step >= 1.");
            }
            return window(in[0]);
        }

        private Tensor window(Tensor x) {
            int rank = x.rank();
            int[] dims = Arrays.copyOf(x.shape().toArray(), rank + 1);
            long[] strides = Arrays.copyOf(x.strides(), rank + 1);
            dims[rank] = size;
            strides[rank] = strides[axis];
            dims[axis] = (dims[axis] - size) / step + 1;
            strides[axis] *= step;
            return Raw.window(
                    x,
                    x.offset(),
                    Shape.of(name(), Arrays.stream(dims).asLongStream().toArray()),
                    strides);
        }

        /** One place of all windows after the other, since windows may overlap. */
        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor dx = Raw.zeros(dy, saved.shape(0));
            View windows = window(dx).view();
            int last = windows.rank() - 1;
            for (int i = 0; i < size; i++) {
                dy.backend().addScaled(1, place(dy.view(), last, i), place(windows, last, i));
            }
            return new Tensor[] {dx};
        }

        private static View place(View windows, int last, int i) {
            return new View(
                    windows.storage(),
                    windows.offset() + i * windows.strides()[last],
                    windows.shape().with(last, 1),
                    windows.strides());
        }
    }

    /** Joins along {@code axis}; if all images have the backend's layout, so has the result. */
    record Concat(int axis) implements ShapeOp {
        @Override
        public String name() {
            return "concat";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            long size = 0;
            boolean images = in[0].rank() == 4;
            for (Tensor t : in) {
                if (t.rank() != in[0].rank()
                        || t.dtype() != in[0].dtype()
                        || !t.shape().with(axis, 0).equals(in[0].shape().with(axis, 0))) {
                    throw new IllegalArgumentException(
                            "concat: operands must agree in dtype and in every dimension but " + axis + " ("
                                    + Arrays.stream(in)
                                            .map(x -> x.dtype() + " " + x.shape())
                                            .toList() + ")");
                }
                size += t.dim(axis);
                images &= Raw.isImages(t);
            }
            Shape shape = in[0].shape().with(name(), axis, size);
            Tensor y = images
                    ? Raw.emptyImages(in[0], in[0].dtype(), shape)
                    : Raw.empty(in[0].backend(), in[0].dtype(), shape);
            int at = 0;
            for (Tensor t : in) {
                y.backend().copy(t.view(), part(y, at, t.dim(axis)));
                at += t.dim(axis);
            }
            return y;
        }

        private View part(Tensor y, int from, int size) {
            return new View(
                    y.storage(),
                    y.offset() + from * y.strides()[axis],
                    y.shape().with(axis, size),
                    y.strides());
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor[] grads = new Tensor[needs.length];
            int at = 0;
            for (int i = 0; i < grads.length; i++) {
                View part = part(dy, at, saved.shape(i).dim(axis));
                grads[i] = Raw.window(dy, part.offset(), part.shape(), part.strides());
                at += part.dim(axis);
            }
            return grads;
        }
    }

    /** One value around the last two dimensions of {@code [N, C, H, W]}. */
    record Pad2d(int top, int bottom, int left, int right, float value) implements ShapeOp {
        public Pad2d {
            if (top < 0 || bottom < 0 || left < 0 || right < 0) {
                throw new IllegalArgumentException("pad2d: padding must not be negative (top " + top + ", bottom "
                        + bottom + ", left " + left + ", right " + right + "). Hint: use slice to crop.");
            }
        }

        @Override
        public String name() {
            return "pad2d";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Tensor x = in[0];
            if (x.rank() != 4) {
                throw new IllegalArgumentException("pad2d: input must be [N, C, H, W], got " + x.shape());
            }
            Numbers.checkFits(name(), x, value);
            Tensor y = Raw.emptyImages(
                    x,
                    x.dtype(),
                    Shape.of(
                            name(),
                            x.dim(0),
                            x.dim(1),
                            (long) x.dim(2) + top + bottom,
                            (long) x.dim(3) + left + right));
            y.backend().fill(y.view(), value);
            y.backend().copy(x.view(), inner(y, x.shape()).view());
            return y;
        }

        /** {@code x} itself if there is nothing to add. */
        Tensor around(Tensor x) {
            return top + bottom + left + right == 0
                    ? x
                    : forward(new Saved(false, new boolean[1], new Shape[1]), new Tensor[] {x});
        }

        private Tensor inner(Tensor y, Shape shape) {
            long[] s = y.strides();
            return Raw.window(y, y.offset() + top * s[2] + left * s[3], shape, s);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return new Tensor[] {inner(dy, saved.shape(0))};
        }
    }
}
