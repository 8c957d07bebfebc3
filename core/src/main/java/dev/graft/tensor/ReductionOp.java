package dev.graft.tensor;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.Reduction;
import dev.graft.backend.UnaryOp;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;

/** Operators that fold dimensions. */
sealed interface ReductionOp extends Op {

    /**
     * Sum, mean, maximum or minimum over {@code axes}, which stay as dimensions of size 1; the extremes share a
     * gradient among ties.
     */
    record Fold(Reduction function, boolean[] axes) implements ReductionOp {
        @Override
        public String name() {
            return name(function);
        }

        /** The name of the function of {@link Tensor}, which is PyTorch's. */
        static String name(Reduction function) {
            return switch (function) {
                case SUM -> "sum";
                case MEAN -> "mean";
                case MAX -> "amax";
                case MIN -> "amin";
            };
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            if (in[0].dtype() != DType.I64 || function == Reduction.MEAN) {
                Op.requireFloat(name(), "input", in[0]);
            }
            boolean extreme = function == Reduction.MAX || function == Reduction.MIN;
            if (extreme && folded(in[0].shape(), axes) == 0) {
                throw new IllegalArgumentException(
                        name() + ": no element to choose from along the folded dimensions of " + in[0].shape());
            }
            Tensor y = Raw.reduce(function, in[0], axes);
            if (extreme) {
                saved.put(0, in[0]);
                saved.put(1, y);
            }
            return y;
        }

        static int folded(Shape shape, boolean[] axes) {
            int n = 1;
            for (int i = 0; i < axes.length; i++) {
                n *= axes[i] ? shape.dim(i) : 1;
            }
            return n;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Shape shape = saved.shape(0);
            return new Tensor[] {
                switch (function) {
                    case SUM -> Raw.expand(dy, shape);
                    case MEAN -> Raw.expand(Raw.scale(dy, 1f / folded(shape, axes)), shape);
                    case MAX, MIN -> {
                        Tensor ties = Raw.binary(BinaryOp.EQUAL, saved.get(0), saved.get(1))
                                .to(DType.F32);
                        Tensor share = Raw.binary(BinaryOp.DIV, dy, Raw.reduce(Reduction.SUM, ties, axes));
                        yield Raw.mul(ties, share);
                    }
                }
            };
        }

        @Override
        public String toString() {
            return name() + Arrays.toString(axes);
        }
    }

    /** Sums of all elements up to each one along a dimension. */
    record CumSum(int axis) implements ReductionOp {
        @Override
        public String name() {
            return "cumsum";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            if (in[0].dtype() != DType.I64) {
                Op.requireFloat(name(), "input", in[0]);
            }
            return sums(in[0], false);
        }

        private Tensor sums(Tensor x, boolean reverse) {
            Tensor y = Raw.emptyAs(x);
            x.backend().cumsum(x.view(), axis, reverse, y.view());
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return new Tensor[] {sums(dy, true)};
        }
    }

    /** Variance or standard deviation over {@code axes}, which stay with size 1. */
    record Variance(boolean root, double correction, boolean[] axes) implements ReductionOp {
        @Override
        public String name() {
            return root ? "std" : "var";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireFloat(name(), "input", in[0]);
            Tensor x = in[0];
            Tensor centered = Raw.binary(BinaryOp.SUB, x, Raw.reduce(Reduction.MEAN, x, axes));
            Tensor squares = Raw.reduce(Reduction.SUM, Raw.unary(UnaryOp.SQUARE, 0, 0, centered), axes);
            // Divided, not multiplied by the inverse: 0 / 0 must be NaN where there are too few elements.
            Tensor y =
                    Raw.binary(BinaryOp.DIV, squares, Raw.empty(x, Shape.of()).fill(divisor(x.shape())));
            Tensor result = root ? Raw.unary(UnaryOp.SQRT, 0, 0, y) : y;
            saved.put(0, centered);
            saved.putIf(root, 1, result);
            return result;
        }

        private double divisor(Shape shape) {
            return Math.max(0, Fold.folded(shape, axes) - correction);
        }

        /** {@code dx = 2 (x - mean) / divisor dy}; without spread, the root has no gradient, as in PyTorch. */
        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor slope = Raw.binary(
                    BinaryOp.DIV,
                    Raw.scale(dy, root ? 1 : 2),
                    Raw.empty(dy, Shape.of()).fill(divisor(saved.shape(0))));
            if (root) {
                Tensor y = saved.get(1);
                Tensor zero = Raw.zeros(dy, Shape.of());
                slope = Tensor.where(Raw.binary(BinaryOp.EQUAL, y, zero), zero, Raw.binary(BinaryOp.DIV, slope, y));
            }
            return new Tensor[] {Raw.mul(saved.get(0), slope)};
        }

        @Override
        public String toString() {
            return name() + Arrays.toString(axes);
        }
    }

    /** {@code (sum |x|^p)^(1/p)} over {@code axes}, which stay with size 1; of infinity, the largest {@code |x|}. */
    record Norm(double p, boolean[] axes) implements ReductionOp {
        public Norm {
            if (!(p > 0)) {
                throw new IllegalArgumentException(
                        "norm: p must be greater than 0, such as 1, 2 or infinity, got " + p);
            }
        }

        @Override
        public String name() {
            return "norm";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireFloat(name(), "input", in[0]);
            Tensor x = in[0];
            if (Double.isInfinite(p) && Fold.folded(x.shape(), axes) == 0) {
                throw new IllegalArgumentException(
                        name() + ": no element to choose from along the folded dimensions of " + x.shape());
            }
            Tensor y = of(x);
            saved.put(0, x);
            saved.putIf(p != 1, 1, y);
            return y;
        }

        private Tensor of(Tensor x) {
            if (p == 2) {
                Tensor squares = Raw.reduce(Reduction.SUM, Raw.unary(UnaryOp.SQUARE, 0, 0, x), axes);
                return Raw.unary(UnaryOp.SQRT, 0, 0, squares);
            }
            Tensor size = Raw.unary(UnaryOp.ABS, 0, 0, x);
            if (Double.isInfinite(p)) {
                return Raw.reduce(Reduction.MAX, size, axes);
            }
            if (p == 1) {
                return Raw.reduce(Reduction.SUM, size, axes);
            }
            Tensor powers = Raw.reduce(Reduction.SUM, Raw.unary(UnaryOp.POW, (float) p, 0, size), axes);
            return Raw.unary(UnaryOp.POW, (float) (1 / p), 0, powers);
        }

        /** {@code sign(x) (|x| / y)^(p - 1) dy}, and 0 where the norm is 0; the largest ones share their gradient. */
        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor x = saved.get(0);
            if (p == 1) {
                Tensor like = Raw.dense(x);
                return new Tensor[] {Raw.unaryBackward(UnaryOp.ABS, 0, 0, like, Raw.expand(dy, x.shape()))};
            }
            Tensor y = saved.get(1);
            Tensor zero = Raw.zeros(dy, Shape.of());
            // 0 times dy, which may be infinite
            Tensor nothing = Raw.scale(dy, 0);
            if (p == 2) {
                Tensor slope = Raw.binary(BinaryOp.DIV, dy, y);
                return new Tensor[] {Raw.mul(x, Tensor.where(Raw.binary(BinaryOp.EQUAL, y, zero), nothing, slope))};
            }
            Tensor size = Raw.unary(UnaryOp.ABS, 0, 0, x);
            Tensor sign = sign(x, dy);
            if (Double.isInfinite(p)) {
                Tensor ties = Raw.binary(BinaryOp.EQUAL, size, y);
                Tensor share = Raw.binary(BinaryOp.DIV, dy, Raw.reduce(Reduction.SUM, ties.to(DType.F32), axes));
                Tensor slope = Tensor.where(Raw.binary(BinaryOp.EQUAL, y, y), share, nothing);
                return new Tensor[] {Raw.mul(Tensor.where(ties, sign, zero), slope)};
            }
            Tensor ratio = Raw.binary(BinaryOp.DIV, size, y);
            Tensor slope = Raw.mul(Raw.unary(UnaryOp.POW, (float) (p - 1), 0, ratio), dy);
            Tensor none = Raw.binary(p < 1 ? BinaryOp.EQUAL : BinaryOp.LESS_EQUAL, p < 1 ? size : y, zero);
            return new Tensor[] {Raw.mul(sign, Tensor.where(none, nothing, slope))};
        }

        private static Tensor sign(Tensor x, Tensor like) {
            Tensor one = Raw.empty(like, Shape.of()).fill(1);
            return Raw.unaryBackward(UnaryOp.ABS, 0, 0, Raw.dense(x), Raw.expand(one, x.shape()));
        }

        @Override
        public String toString() {
            return name() + p + Arrays.toString(axes);
        }
    }

    /** Softmax or its logarithm over the last dimension. */
    record Softmax(boolean log) implements ReductionOp {
        @Override
        public String name() {
            return log ? "logSoftmax" : "softmax";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireFloat(name(), in);
            Tensor x = Raw.contiguous(in[0]);
            Tensor y = Raw.emptyLike(x);
            x.backend().softmax(log, x.view(), y.view());
            saved.put(0, y);
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor y = saved.get(0);
            Tensor dx = Raw.emptyLike(y);
            y.backend().softmaxBackward(log, y.view(), Raw.contiguous(dy).view(), dx.view());
            return new Tensor[] {dx};
        }
    }
}
