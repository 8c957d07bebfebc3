package dev.graft.tensor;

import dev.graft.backend.AxisTaps;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;

/** Operators along the height and width of images {@code [N, C, H, W]}. */
sealed interface SpatialOp extends Op {

    /**
     * A linear map along the height and one along the width: interpolation, and padding by what is inside.
     *
     * @param name the function's
     */
    record Resample2d(String name, AxisTaps rows, AxisTaps columns) implements SpatialOp {
        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireFloat(name, in);
            Shape x = in[0].shape();
            return run(in[0], rows, columns, Shape.of(name, x.dim(0), x.dim(1), rows.count(), columns.count()));
        }

        private static Tensor run(Tensor x, AxisTaps rows, AxisTaps columns, Shape shape) {
            Tensor source = Raw.images(x);
            Tensor y = Raw.emptyImages(source, shape);
            x.backend().resample2d(source.view(), rows, columns, y.view());
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return new Tensor[] {run(dy, rows.transposed(), columns.transposed(), saved.shape(0))};
        }
    }

    /**
     * The input gradient of a convolution as a function: input {@code [N, I, H, W]}, weight {@code [I, O/groups, KH,
     * KW]}, and an optional bias {@code [O]} as third input.
     *
     * @param params the convolution that takes a result of {@code height x width} to the input's size
     */
    record ConvTranspose2d(Conv2dParams params, int height, int width) implements SpatialOp {
        @Override
        public String name() {
            return "convTranspose2d";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireFloat(name(), in);
            Tensor x = Raw.images(in[0]);
            int channels = in[1].dim(1) * params.groups();
            Tensor y = Raw.emptyImages(x, Shape.of(name(), x.dim(0), channels, height, width));
            if (isTiling(x, in[1])) {
                tile(x, in[1], y);
            } else {
                x.backend().conv2dBackwardInput(x.view(), in[1].view(), y.view(), params);
            }
            if (in.length > 2) {
                Tensor bias = Raw.expand(Raw.reshape(in[2], Shape.of(1, channels, 1, 1)), y.shape());
                x.backend().binary(BinaryOp.ADD, y.view(), bias.view(), y.view());
            }
            if (saved.needs(1)) {
                saved.put(0, x);
                saved.layout(Raw.denseStrides(in[1]));
            }
            saved.putIf(saved.needs(0), 1, in[1]);
            return y;
        }

        /** Whether results of neighbouring pixels neither meet nor leave gaps, as in the decoders of U-Nets. */
        private boolean isTiling(Tensor x, Tensor w) {
            return params.equals(new Conv2dParams(w.dim(2), w.dim(3), 0, 0, 0, 0, 1, 1, 1))
                    && height == (long) x.dim(2) * w.dim(2)
                    && width == (long) x.dim(3) * w.dim(3)
                    && x.numel() > 0
                    && w.numel() > 0;
        }

        /** One product of all pixels and the weight, whose results are then moved to their places. */
        private void tile(Tensor x, Tensor w, Tensor y) {
            int rows = x.dim(0) * x.dim(2) * x.dim(3);
            Tensor pixels = Raw.reshape(Raw.permute(x, 0, 2, 3, 1), Shape.of(rows, x.dim(1)));
            int parts = w.dim(1) * w.dim(2) * w.dim(3);
            Tensor kernel = Raw.reshape(Raw.permute(w, 0, 2, 3, 1), Shape.of(w.dim(0), parts));
            Tensor product = Raw.empty(x, Shape.of(name(), rows, parts));
            x.backend().matmul(pixels.view(), kernel.view(), product.view());
            long[] s = y.strides();
            View places = new View(
                    y.storage(),
                    y.offset(),
                    Shape.of(x.dim(0), x.dim(2), x.dim(3), w.dim(2), w.dim(3), w.dim(1)),
                    new long[] {s[0], s[2] * w.dim(2), s[3] * w.dim(3), s[2], s[3], s[1]});
            x.backend().copy(Raw.reshape(product, places.shape()).view(), places);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor d = Raw.images(dy);
            Tensor[] grads = new Tensor[needs.length];
            if (needs[0]) {
                grads[0] = Raw.emptyImages(d, saved.shape(0));
                d.backend().conv2d(d.view(), saved.get(1).view(), Epilogue.NONE, grads[0].view(), params);
            }
            if (needs[1]) {
                grads[1] = Raw.emptyStrided(d, DType.F32, saved.shape(1), saved.layout());
                d.backend().conv2dBackwardWeight(d.view(), saved.get(0).view(), grads[1].view(), params);
            }
            if (needs.length > 2 && needs[2]) {
                grads[2] = Raw.sumToChannels(d, saved.shape(2));
            }
            return grads;
        }
    }

    /** A kernel's windows over images: {@code [N, C, H, W]} to {@code [N, C * KH * KW, H' * W']}. */
    record Unfold2d(int kernelH, int kernelW, Conv2dParams params) implements SpatialOp {
        @Override
        public String name() {
            return "unfold2d";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Shape x = in[0].shape();
            if (x.rank() != 4) {
                throw new IllegalArgumentException("unfold2d: input must be [N, C, H, W], got " + x);
            }
            Shape windows = windows(name(), x, kernelH, kernelW, params);
            Op.requireFloat(name(), in);
            return windowsOf(in[0], windows, kernelH, kernelW, params);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return new Tensor[] {sumOf(dy, saved.shape(0), kernelH, kernelW, params)};
        }
    }

    /** The adjoint of {@link Unfold2d}: adds windows up to images of {@code height x width}. */
    record Fold2d(int height, int width, int kernelH, int kernelW, Conv2dParams params) implements SpatialOp {
        @Override
        public String name() {
            return "fold2d";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Shape x = in[0].shape();
            if (x.rank() != 3 || kernelH < 1 || kernelW < 1 || x.dim(1) % ((long) kernelH * kernelW) != 0) {
                throw new IllegalArgumentException("fold2d: input must be [N, C * KH * KW, L], got " + x + " (kernel "
                        + kernelH + "x" + kernelW + ")");
            }
            Shape image = Shape.of(name(), x.dim(0), x.dim(1) / (kernelH * kernelW), height, width);
            Shape windows = windows(name(), image, kernelH, kernelW, params);
            if (x.dim(2) != (long) windows.dim(2) * windows.dim(3)) {
                throw new IllegalArgumentException("fold2d: images of " + height + "x" + width + " have "
                        + (long) windows.dim(2) * windows.dim(3) + " windows, the input has " + x.dim(2) + " (input "
                        + x + ")");
            }
            Op.requireFloat(name(), in);
            return sumOf(in[0], image, kernelH, kernelW, params);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Shape windows = windows(name(), dy.shape(), kernelH, kernelW, params);
            return new Tensor[] {windowsOf(dy, windows, kernelH, kernelW, params)};
        }
    }

    /** {@code [N, C, H', W']} for windows over images {@code [N, C, H, W]}. */
    private static Shape windows(String name, Shape image, int kernelH, int kernelW, Conv2dParams params) {
        Shape kernel = kernelH < 1 || kernelW < 1 ? Shape.of(0) : Shape.of(image.dim(1), 1, kernelH, kernelW);
        if (kernel.rank() < 4
                || params.outputHeight(image.dim(2), kernelH) < 1
                || params.outputWidth(image.dim(3), kernelW) < 1) {
            throw new IllegalArgumentException(name + ": the kernel " + kernelH + "x" + kernelW
                    + " does not fit the padded images " + image + ". Hint: use a smaller kernel, or more padding.");
        }
        return params.outputShape(image, kernel);
    }

    /** What one position of the kernel sees, in padded images. */
    private static View seen(Tensor padded, Shape windows, int r, int s, Conv2dParams p) {
        long[] strides = padded.strides();
        long skip = (long) r * p.dilationH() * strides[2] + (long) s * p.dilationW() * strides[3];
        return new View(padded.storage(), padded.offset() + skip, windows, new long[] {
            strides[0], strides[1], strides[2] * p.strideH(), strides[3] * p.strideW()
        });
    }

    /** The same of {@code [N, C * KH * KW, H' * W']}, as {@code [N, C, H', W']}. */
    private static View part(Tensor columns, Shape windows, int kernelH, int kernelW, int r, int s) {
        long[] strides = columns.strides();
        return new View(
                columns.storage(), columns.offset() + ((long) r * kernelW + s) * strides[1], windows, new long[] {
                    strides[0], strides[1] * kernelH * kernelW, strides[2] * windows.dim(3), strides[2]
                });
    }

    private static Tensor windowsOf(Tensor x, Shape windows, int kernelH, int kernelW, Conv2dParams p) {
        Tensor padded = new ShapeOp.Pad2d(p.padTop(), p.padBottom(), p.padLeft(), p.padRight(), 0).around(x);
        Tensor y = Raw.empty(
                x,
                Shape.of(
                        "unfold2d",
                        x.dim(0),
                        (long) x.dim(1) * kernelH * kernelW,
                        (long) windows.dim(2) * windows.dim(3)));
        for (int r = 0; r < kernelH; r++) {
            for (int s = 0; s < kernelW; s++) {
                x.backend().copy(seen(padded, windows, r, s, p), part(y, windows, kernelH, kernelW, r, s));
            }
        }
        return y;
    }

    private static Tensor sumOf(Tensor dy, Shape image, int kernelH, int kernelW, Conv2dParams p) {
        Shape windows = windows("fold2d", image, kernelH, kernelW, p);
        Shape around = Shape.of(
                "fold2d",
                image.dim(0),
                image.dim(1),
                (long) image.dim(2) + p.padTop() + p.padBottom(),
                (long) image.dim(3) + p.padLeft() + p.padRight());
        Tensor sum = Raw.emptyImages(dy, around);
        dy.backend().fill(sum.view(), 0);
        for (int r = 0; r < kernelH; r++) {
            for (int s = 0; s < kernelW; s++) {
                dy.backend().addScaled(1, part(dy, windows, kernelH, kernelW, r, s), seen(sum, windows, r, s, p));
            }
        }
        return Raw.window(
                sum,
                sum.offset() + p.padTop() * sum.strides()[2] + p.padLeft() * sum.strides()[3],
                image,
                sum.strides());
    }
}
