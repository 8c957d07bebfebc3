package dev.graft.backend;

import dev.graft.type.DType;
import dev.graft.type.Shape;

/**
 * Convolution by matrix products, one for each position in the kernel. The pixels under one position are a strided
 * window of the padded images, {@code [G, N, H', W', C/G]}, and its weights are a matrix {@code [C/G, O/G]}. No patches
 * are gathered (no im2col).
 */
final class ComposedConvolution {
    private final Backend backend;
    private final Conv2dParams params;
    private final int groups;
    private final int images;
    private final int inputs;
    private final int outputs;
    private final int height;
    private final int width;

    /** For images {@code x}, weights {@code w} and results {@code y}, or views of their shapes. */
    ComposedConvolution(Backend backend, View x, View w, View y, Conv2dParams params) {
        this.backend = backend;
        this.params = params;
        groups = params.groups();
        images = x.dim(0);
        inputs = w.dim(1);
        outputs = w.dim(0) / groups;
        height = y.dim(2);
        width = y.dim(3);
    }

    private interface Place {
        /** @param first whether it is the first position in the kernel */
        void visit(int row, int column, boolean first);
    }

    private static void eachPlace(View w, Place place) {
        for (int row = 0; row < w.dim(2); row++) {
            for (int column = 0; column < w.dim(3); column++) {
                place.visit(row, column, row == 0 && column == 0);
            }
        }
    }

    void forward(View x, View w, View y) {
        try (Temporaries t = new Temporaries(backend)) {
            View padded = padded(t, x);
            View sum = t.zeros(DType.F32, groups, images, height, width, outputs);
            View product = t.empty(DType.F32, groups, images, height, width, outputs);
            eachPlace(w, (row, column, first) -> {
                backend.matmul(pixels(padded, row, column), weights(w, row, column), first ? sum : product);
                if (!first) {
                    backend.binary(BinaryOp.ADD, sum, product, sum);
                }
            });
            backend.copy(sum, grouped(y, outputs));
        }
    }

    void backwardInput(View dy, View w, View dx) {
        try (Temporaries t = new Temporaries(backend)) {
            View padded = emptyPadded(t, dx);
            backend.fill(padded, 0);
            View product = t.empty(DType.F32, groups, images, height, width, inputs);
            eachPlace(w, (row, column, first) -> {
                backend.matmul(grouped(dy, outputs), swapped(weights(w, row, column)), product);
                View under = pixels(padded, row, column);
                backend.binary(BinaryOp.ADD, under, product, under);
            });
            backend.copy(inner(padded, dx), dx);
        }
    }

    void backwardWeight(View x, View dy, View dw) {
        try (Temporaries t = new Temporaries(backend)) {
            View padded = padded(t, x);
            View product = t.empty(DType.F32, groups, images, height, inputs, outputs);
            eachPlace(dw, (row, column, first) -> {
                backend.matmul(swapped(pixels(padded, row, column)), grouped(dy, outputs), product);
                backend.copy(t.sum(product, 1, 2), oneImage(weights(dw, row, column)));
            });
        }
    }

    private View emptyPadded(Temporaries t, View x) {
        return t.empty(
                DType.F32,
                x.dim(0),
                x.dim(1),
                x.dim(2) + params.padTop() + params.padBottom(),
                x.dim(3) + params.padLeft() + params.padRight());
    }

    private View padded(Temporaries t, View x) {
        View padded = emptyPadded(t, x);
        backend.fill(padded, 0);
        backend.copy(x, inner(padded, x));
        return padded;
    }

    /** The images inside their padding. */
    private View inner(View padded, View x) {
        long[] s = padded.strides();
        return Temporaries.window(
                padded,
                params.padTop() * s[2] + params.padLeft() * s[3],
                x.shape().toArray(),
                s);
    }

    /** {@code [G, N, H', W', C/G]}: the pixels under one position of the kernel. */
    private View pixels(View padded, int row, int column) {
        long[] s = padded.strides();
        return Temporaries.window(
                padded,
                (long) row * params.dilationH() * s[2] + (long) column * params.dilationW() * s[3],
                new int[] {groups, images, height, width, inputs},
                inputs * s[1],
                s[0],
                params.strideH() * s[2],
                params.strideW() * s[3],
                s[1]);
    }

    /** {@code [G, N, H', C/G, O/G]}: the weights at one position of the kernel, the same for all images and rows. */
    private View weights(View w, int row, int column) {
        long[] s = w.strides();
        return Temporaries.window(
                w,
                row * s[2] + column * s[3],
                new int[] {groups, images, height, inputs, outputs},
                outputs * s[0],
                0,
                0,
                s[1],
                s[0]);
    }

    /** Weights once. */
    private View oneImage(View weights) {
        return Temporaries.window(weights, 0, new int[] {groups, 1, 1, inputs, outputs}, weights.strides());
    }

    /** {@code [N, C, H', W']} as {@code [G, N, H', W', C/G]}. */
    private View grouped(View y, int channels) {
        long[] s = y.strides();
        return Temporaries.window(
                y, 0, new int[] {groups, images, height, width, channels}, channels * s[1], s[0], s[2], s[3], s[1]);
    }

    private static View swapped(View matrices) {
        int[] dims = matrices.shape().toArray();
        long[] s = matrices.strides().clone();
        int last = dims.length - 1;
        int size = dims[last];
        dims[last] = dims[last - 1];
        dims[last - 1] = size;
        long stride = s[last];
        s[last] = s[last - 1];
        s[last - 1] = stride;
        return new View(matrices.storage(), matrices.offset(), Shape.of(dims), s);
    }
}
