package dev.graft.tensor;

import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.OptionalLong;

/** Operators that choose elements along one dimension. The gradient of a choice adds up what is chosen repeatedly. */
sealed interface IndexOp extends Op {

    /** {@code index} as I64, contiguous and of its own shape, each checked against one dimension of {@code x}. */
    private static Tensor checked(String op, Tensor index, Tensor x, int axis) {
        return Raw.reshape(
                RowOp.indices(
                        op,
                        index,
                        x.dim(axis),
                        OptionalLong.empty(),
                        () -> "dimension " + axis + " of " + x.shape() + " has indices"),
                index.shape());
    }

    /** Refuses an index that is larger than {@code other} in a dimension other than {@code axis}. */
    private static void checkFits(String op, Tensor index, String what, Tensor other, int axis) {
        boolean fits = index.rank() == other.rank();
        for (int i = 0; fits && i < index.rank(); i++) {
            fits = i == axis || index.dim(i) <= other.dim(i);
        }
        if (!fits) {
            throw new IllegalArgumentException(op + ": the index must have as many dimensions as the " + what
                    + ", and not be larger" + (axis < 0 ? "" : " in any but dimension " + axis) + " (" + what + " "
                    + other.shape() + ", index " + index.shape()
                    + "). Hint: indexSelect takes a list of indices; expand an index to have it repeat.");
        }
    }

    /** The leading part of {@code x} that has the index's shape, but along {@code axis}. */
    private static Tensor part(Tensor x, Shape index, int axis) {
        return Raw.window(
                x, x.offset(), axis < 0 ? index : index.with(axis, x.shape().dim(axis)), x.strides());
    }

    private static void requireElements(String op, Tensor x) {
        switch (x.dtype()) {
            case F32, I64, I32, U8, BOOL -> {}
            default ->
                throw new IllegalArgumentException(op + ": input must be F32, I64, I32, U8 or BOOL, got " + x.dtype()
                        + " " + x.shape() + ". Hint: call to(DType.F32).");
        }
    }

    /** {@code y[.., i, ..] = x[.., index[.., i, ..], ..]}. Inputs: x, index. */
    record Gather(int axis) implements IndexOp {
        @Override
        public String name() {
            return "gather";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Tensor x = in[0];
            requireElements(name(), x);
            checkFits(name(), in[1], "input", x, axis);
            Tensor index = checked(name(), in[1], x, axis);
            saved.put(0, index);
            return gathered(x, axis, index);
        }

        static Tensor gathered(Tensor x, int axis, Tensor index) {
            Tensor y = Raw.empty(x.backend(), x.dtype(), index.shape());
            x.backend().gather(part(x, index.shape(), axis).view(), axis, index.view(), y.view());
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor index = saved.get(0);
            Tensor dx = Raw.zeros(dy, saved.shape(0));
            dy.backend()
                    .scatter(
                            dy.view(),
                            axis,
                            index.view(),
                            true,
                            part(dx, index.shape(), axis).view());
            return new Tensor[] {dx, dx};
        }
    }

    /** A copy of x in which elements {@code index} of source are set or added. Inputs: x, index, source. */
    record Scatter(int axis, boolean add) implements IndexOp {
        @Override
        public String name() {
            return add ? "scatterAdd" : "scatter";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Tensor x = in[0];
            requireElements(name(), x);
            if (x.dtype() != in[2].dtype() || (add && x.dtype().bytes() == 1)) {
                throw new IllegalArgumentException(name() + ": input and source must have one type"
                        + (add ? ", F32, I64 or I32" : "") + " (input " + x.dtype() + " " + x.shape() + ", source "
                        + in[2].dtype() + " " + in[2].shape() + "). Hint: convert one with to(DType).");
            }
            checkFits(name(), in[1], "input", x, axis);
            checkFits(name(), in[1], "source", in[2], -1);
            Tensor index = checked(name(), in[1], x, axis);
            Tensor y = Raw.copyInto(x, Raw.emptyAs(x));
            x.backend()
                    .scatter(
                            part(in[2], index.shape(), -1).view(),
                            axis,
                            index.view(),
                            add,
                            part(y, index.shape(), axis).view());
            saved.putIf(saved.needs(2) || (!add && saved.needs(0)), 0, index);
            return y;
        }

        /**
         * What is set loses its gradient; of several sources for one element, each gets the gradient, as in PyTorch.
         */
        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor[] out = {dy, dy, dy};
            if (add && !needs[2]) {
                return out;
            }
            Tensor index = saved.get(0);
            if (needs[0] && !add) {
                Tensor zeros = Raw.expand(Raw.zeros(dy, Shape.of()), index.shape());
                out[0] = Raw.copyInto(dy, Raw.empty(dy, dy.shape()));
                dy.backend()
                        .scatter(
                                zeros.view(),
                                axis,
                                index.view(),
                                false,
                                part(out[0], index.shape(), axis).view());
            }
            if (needs[2]) {
                Tensor chosen = Gather.gathered(dy, axis, index);
                out[2] = index.shape().equals(saved.shape(2)) ? chosen : Raw.zeros(dy, saved.shape(2));
                if (out[2] != chosen) {
                    Raw.copyInto(chosen, part(out[2], index.shape(), -1));
                }
            }
            return out;
        }
    }

    /** The parts at a list of indices. Inputs: x, index [K]. */
    record IndexSelect(int axis) implements IndexOp {
        @Override
        public String name() {
            return "indexSelect";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Tensor x = in[0];
            requireElements(name(), x);
            if (in[1].rank() != 1) {
                throw new IllegalArgumentException(name() + ": the index must be a list [K] (input " + x.shape()
                        + ", index " + in[1].shape() + "). Hint: flatten(0) it, or use gather.");
            }
            Tensor index = checked(name(), in[1], x, axis);
            saved.put(0, index);
            return selected(x, axis, index);
        }

        private static Tensor selected(Tensor x, int axis, Tensor index) {
            Shape shape = x.shape().with("indexSelect", axis, index.numel());
            return Gather.gathered(x, axis, along(index, axis, shape));
        }

        /** One index for all elements of a part. */
        private static Tensor along(Tensor index, int axis, Shape shape) {
            int[] dims = new int[shape.rank()];
            Arrays.fill(dims, 1);
            dims[axis] = index.numel();
            return Raw.expand(Raw.reshape(index, Shape.of(dims)), shape);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor dx = Raw.zeros(dy, saved.shape(0));
            dy.backend()
                    .scatter(
                            dy.view(),
                            axis,
                            along(saved.get(0), axis, dy.shape()).view(),
                            true,
                            dx.view());
            return new Tensor[] {dx, dx};
        }
    }

    /** Reverses dimensions. */
    record Flip(int... axes) implements IndexOp {
        @Override
        public String name() {
            return "flip";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            requireElements(name(), in[0]);
            return flipped(in[0]);
        }

        private Tensor flipped(Tensor x) {
            Tensor y = x;
            for (int axis : axes) {
                long[] reversed = new long[x.dim(axis)];
                Arrays.setAll(reversed, i -> reversed.length - 1L - i);
                y = IndexSelect.selected(y, axis, Making.of(x.device(), reversed, new int[] {reversed.length}));
            }
            return y == x ? Raw.reshape(x, x.shape()) : y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return new Tensor[] {flipped(dy)};
        }

        @Override
        public String toString() {
            return name() + Arrays.toString(axes);
        }
    }
}
