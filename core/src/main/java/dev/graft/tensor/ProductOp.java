package dev.graft.tensor;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.Optional;

/** Operators built on matrix products. */
sealed interface ProductOp extends Op {

    /** {@code [..., m, k] x [..., k, n]}, leading dimensions broadcast. */
    record Matmul() implements ProductOp {
        @Override
        public String name() {
            return "matmul";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Tensor p = in[0];
            Tensor q = in[1];
            if (p.rank() < 2 || q.rank() < 2 || p.dim(-1) != q.dim(-2)) {
                throw new IllegalArgumentException("matmul: " + p.shape() + " and " + q.shape()
                        + " do not multiply. Hint: the last dimension of the first "
                        + "must equal the second last of the second; unsqueeze vectors.");
            }
            Op.requireFloat(name(), in);
            saved.putIf(saved.needs(1), 0, p);
            saved.putIf(saved.needs(0), 1, q);
            return product(p, q);
        }

        private static Tensor product(Tensor p, Tensor q) {
            Shape lead = Shape.broadcast("matmul", lead(p), lead(q));
            Tensor y = Raw.empty(p, shape(lead, p.dim(-2), q.dim(-1)));
            p.backend()
                    .matmul(
                            Raw.expand(p, shape(lead, p.dim(-2), p.dim(-1))).view(),
                            Raw.expand(q, shape(lead, q.dim(-2), q.dim(-1))).view(),
                            y.view());
            return y;
        }

        private static Shape lead(Tensor t) {
            return Shape.of(Arrays.copyOf(t.shape().toArray(), t.rank() - 2));
        }

        private static Shape shape(Shape lead, int rows, int columns) {
            int[] dims = Arrays.copyOf(lead.toArray(), lead.rank() + 2);
            dims[lead.rank()] = rows;
            dims[lead.rank() + 1] = columns;
            return Shape.of(dims);
        }

        private static Tensor transposed(Tensor t) {
            int[] order = new int[t.rank()];
            for (int i = 0; i < order.length; i++) {
                order[i] = i;
            }
            order[order.length - 2] = order.length - 1;
            order[order.length - 1] = order.length - 2;
            return Raw.permute(t, order);
        }

        /** {@code dP = dY Q^T, dQ = P^T dY}. */
        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return new Tensor[] {
                needs[0] ? Raw.sumTo(product(dy, transposed(saved.get(1))), saved.shape(0)) : dy,
                needs[1] ? Raw.sumTo(product(transposed(saved.get(0)), dy), saved.shape(1)) : dy
            };
        }
    }

    /** {@code x [..., in] * weight [out, in]^T + bias [out]}; the bias is an optional third input. */
    record Linear() implements ProductOp {
        @Override
        public String name() {
            return "linear";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Tensor x = in[0];
            Tensor w = in[1];
            if (w.rank() != 2 || x.rank() < 1 || x.dim(-1) != w.dim(1)) {
                throw new IllegalArgumentException("linear: input " + x.shape() + " does not fit weight " + w.shape()
                        + " [out, in]. Hint: the input's last dimension must be "
                        + (w.rank() == 2 ? w.dim(1) : "the weight's second") + ".");
            }
            if (in.length > 2 && !in[2].shape().equals(Shape.of(w.dim(0)))) {
                throw new IllegalArgumentException(
                        "linear: bias " + in[2].shape() + " does not fit weight " + w.shape() + " [out, in]");
            }
            Op.requireFloat(name(), in);
            Tensor rows = rows(x);
            Tensor y = Raw.empty(x, rows.dim(0), w.dim(0));
            Optional<View> bias =
                    in.length > 2 ? Optional.of(Raw.contiguous(in[2]).view()) : Optional.empty();
            x.backend().linear(rows.view(), w.view(), bias, y.view());
            saved.putIf(saved.needs(1), 0, rows);
            saved.putIf(saved.needs(0), 1, w);
            return Raw.reshape(y, x.shape().with(-1, w.dim(0)));
        }

        /** {@code [..., D]} as {@code [R, D]}; counted by the leading sizes, because D may be 0. */
        private static Tensor rows(Tensor x) {
            int rows = x.shape().with(-1, 1).numel();
            return Raw.reshape(x, Shape.of(rows, x.dim(-1)));
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor rows = rows(dy);
            Tensor[] grads = new Tensor[needs.length];
            if (needs[0]) {
                Tensor w = saved.get(1);
                Tensor dx = Raw.empty(dy, rows.dim(0), w.dim(1));
                dy.backend().matmul(rows.view(), w.view(), dx.view());
                grads[0] = Raw.reshape(dx, saved.shape(0));
            }
            if (needs[1]) {
                grads[1] = Raw.empty(dy, saved.shape(1));
                dy.backend().matmul(Raw.permute(rows, 1, 0).view(), saved.get(0).view(), grads[1].view());
            }
            if (needs.length > 2 && needs[2]) {
                grads[2] = Raw.sumTo(rows, saved.shape(2));
            }
            return grads;
        }
    }

    /**
     * {@code [N, C, H, W]} with weight {@code [O, C/groups, KH, KW]} and an optional bias {@code [O]} as third input.
     */
    record Conv2d(Conv2dParams params) implements ProductOp {
        @Override
        public String name() {
            return "conv2d";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            check(in);
            Tensor x = Raw.images(in[0]);
            Tensor y = run(
                    x,
                    in[1],
                    in.length > 2 ? Epilogue.bias(Raw.contiguous(in[2]).view()) : Epilogue.NONE);
            if (saved.needs(1)) {
                saved.put(0, x);
                saved.layout(Raw.denseStrides(in[1]));
            }
            saved.putIf(saved.needs(0), 1, in[1]);
            return y;
        }

        /** The convolution and what follows it in one unrecorded kernel call; the operands have been checked. */
        Tensor run(Tensor x, Tensor w, Epilogue epilogue) {
            Tensor source = Raw.images(x);
            Shape result = params.outputShape(x.shape(), w.shape());
            Tensor y = Raw.emptyImages(
                    source,
                    epilogue.maxPool()
                            .map(geometry -> geometry.outputShape("maxPool2d", result))
                            .orElse(result));
            x.backend().conv2d(source.view(), w.view(), epilogue, y.view(), params);
            return y;
        }

        void check(Tensor... in) {
            check(name(), params, in);
        }

        /**
         * The shape rule for images or, for {@code conv1d}, for sequences, which have one spatial dimension less and
         * {@code params} of one row.
         */
        static void check(String op, Conv2dParams params, Tensor... in) {
            boolean images = op.equals("conv2d");
            int rank = images ? 4 : 3;
            Shape x = in[0].shape();
            Shape w = in[1].shape();
            int groups = params.groups();
            String shapes = " (input " + x + ", weight " + w + (in.length > 2 ? ", bias " + in[2].shape() : "")
                    + (groups > 1 ? ", groups " + groups : "") + dilation(params, images) + ")";
            if (x.rank() != rank || w.rank() != rank) {
                throw new IllegalArgumentException(op + ": input must be "
                        + (images
                                ? "[N, C, H, W] and weight [O, C/groups, KH, KW]"
                                : "[N, C, L] and weight [O, C/groups, K]")
                        + shapes + ". Hint: unsqueeze(0) makes a batch of one "
                        + (images ? "image." : "sequence."));
            }
            if (x.dim(1) != (long) w.dim(1) * groups) {
                throw new IllegalArgumentException(op + ": input has " + x.dim(1) + " channels, weight expects "
                        + (long) w.dim(1) * groups + shapes
                        + (images && groups == 1 && x.dim(1) == 4 && w.dim(1) == 3
                                ? ". Hint: convert RGBA to RGB."
                                : images && groups == 1 && x.dim(1) == 1 && w.dim(1) == 3
                                        ? ". Hint: repeat the grey channel three times."
                                        : ". Hint: the layer before must produce as many channels as this one takes."));
            }
            if (w.dim(0) % groups != 0) {
                throw new IllegalArgumentException(op + ": output channels must be divisible by groups" + shapes);
            }
            if (in.length > 2 && !in[2].shape().equals(Shape.of(w.dim(0)))) {
                throw new IllegalArgumentException(
                        op + ": bias must be [" + w.dim(0) + "], one value an output channel" + shapes);
            }
            checkPadded(op, params, images, x);
            if (w.dim(-1) < 1
                    || params.outputWidth(x.dim(-1), w.dim(-1)) < 1
                    || (images && (w.dim(2) < 1 || params.outputHeight(x.dim(2), w.dim(2)) < 1))) {
                throw new IllegalArgumentException(op + ": the kernel does not fit the padded input" + shapes
                        + ". Hint: use "
                        + (images ? "a larger image, or more padding." : "a longer sequence, or more padding."));
            }
            Op.requireFloat(op, in);
        }

        /** Kernels gather rows of the padded input and count its positions, so it must be a possible tensor itself. */
        private static void checkPadded(String op, Conv2dParams p, boolean images, Shape x) {
            long width = (long) x.dim(-1) + p.padLeft() + p.padRight();
            long height = images ? (long) x.dim(2) + p.padTop() + p.padBottom() : 1;
            try {
                Shape.of(op, x.dim(1), height, width);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(op + ": the padded input [" + x.dim(0) + ", " + x.dim(1) + ", "
                        + (images ? height + ", " : "") + width
                        + "] does not fit: one image of it has more elements than a tensor holds (input " + x
                        + "). Hint: use less padding.");
            }
        }

        private static String dilation(Conv2dParams p, boolean images) {
            boolean dilated = p.dilationH() > 1 || p.dilationW() > 1;
            return !dilated ? "" : ", dilation " + (images ? p.dilationH() + "x" : "") + p.dilationW();
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor d = Raw.images(dy);
            Tensor[] grads = new Tensor[needs.length];
            if (needs[0]) {
                grads[0] = Raw.emptyImages(d, saved.shape(0));
                d.backend().conv2dBackwardInput(d.view(), saved.get(1).view(), grads[0].view(), params);
            }
            if (needs[1]) {
                grads[1] = Raw.emptyStrided(d, DType.F32, saved.shape(1), saved.layout());
                d.backend().conv2dBackwardWeight(saved.get(0).view(), d.view(), grads[1].view(), params);
            }
            if (needs.length > 2 && needs[2]) {
                grads[2] = Raw.sumToChannels(d, saved.shape(2));
            }
            return grads;
        }
    }
}
