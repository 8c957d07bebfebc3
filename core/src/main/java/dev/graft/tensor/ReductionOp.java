package dev.graft.tensor;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.Reduction;
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
            Op.requireFloat(name(), "input", in[0]);
            boolean extreme = function == Reduction.MAX || function == Reduction.MIN;
            if (extreme && folded(in[0].shape()) == 0) {
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

        private int folded(Shape shape) {
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
                    case MEAN -> Raw.expand(Raw.scale(dy, 1f / folded(shape)), shape);
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
