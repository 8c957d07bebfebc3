package dev.graft.cpu.conv;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.conv.depthwise.DepthwiseConvolution;
import dev.graft.cpu.conv.parts.ConvolutionAlgorithm;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.Optional;

/**
 * Grouped convolution without vectors: matrix products for large groups, else channel by channel. For the latter, each
 * image is copied with each input of a group repeated for every output of it; the inputs of a group become further rows
 * of the image and of the kernel.
 */
public final class PlainGroupedConvolution implements ConvolutionAlgorithm {
    /** Products of an input and an output of a group, up to which copies of the channels cost less than of the taps. */
    private static final int SMALL = 64;
    /** The same for the gradient of weights, whose matrix products are longer. */
    private static final int SMALL_GRADIENT = 32;
    /** Kernels of more taps need sums that are too long for floats. */
    private static final int MOST_TAPS = 1024;
    /** The most floats of a repeated image. */
    private static final long MOST_FLOATS = 1 << 26;

    private final ExecutionContext context;
    private final ChannelsLast layout;
    private final DepthwiseConvolution channels;
    private final ConvolutionAlgorithm products;

    public PlainGroupedConvolution(ExecutionContext context, ChannelsLast layout) {
        this.context = context;
        this.layout = layout;
        this.channels = new DepthwiseConvolution(context);
        this.products = new BlasConvolution(context);
    }

    /** A pass over groups of {@code inputs} that are read and {@code outputs} that are written. */
    private record Pass(int inputs, int outputs, int groups) {
        int results() {
            return outputs * groups;
        }

        /** The map of results on repeated images. */
        PixelMap repeated(PixelMap map) {
            int[] rows = new int[map.rowOffsets().length * inputs];
            int[] kernelRows = new int[rows.length];
            Arrays.setAll(rows, k -> map.rowOffsets()[k / inputs] * inputs + k % inputs);
            Arrays.setAll(kernelRows, k -> map.kernelRows()[k / inputs] * inputs + k % inputs);
            return new PixelMap(
                    map.rows(),
                    map.columns(),
                    map.stepH() * inputs,
                    map.stepW(),
                    rows,
                    map.columnOffsets(),
                    kernelRows,
                    map.kernelColumns(),
                    map.placeH(),
                    map.placeW(),
                    map.firstRow(),
                    map.firstColumn());
        }

        /** The shape of a kernel for every result. */
        Shape kernels(View w) {
            return Shape.of(results(), 1, w.dim(2) * inputs, w.dim(3));
        }
    }

    private static boolean repeats(View x, View w, Conv2dParams params, int most) {
        long products = (long) w.dim(1) * (w.dim(0) / params.groups());
        long inputs = Math.max(w.dim(1), w.dim(0) / params.groups());
        return products <= most
                && inputs * w.dim(2) * w.dim(3) <= MOST_TAPS
                && products * params.groups() * x.dim(2) * x.dim(3) <= MOST_FLOATS;
    }

    @Override
    public void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        if (!repeats(x, w, params, SMALL)) {
            products.forward(x, w, epilogue, residual, y, params);
            return;
        }
        Pass pass = new Pass(w.dim(1), w.dim(0) / params.groups(), params.groups());
        PixelMap map = pass.repeated(PixelMap.forward(params, w.dim(2), w.dim(3), y.dim(2), y.dim(3)));
        try (ChannelsLast.Borrowed kernels = layout.scratch(pass.kernels(w))) {
            copyKernels(w, pass, kernels.view(), true, true);
            for (int n = 0; n < x.dim(0); n++) {
                int image = n;
                try (ChannelsLast.Borrowed copy = repeated(image(x, n), pass)) {
                    channels.run(
                            1,
                            ImageArray.read(copy.view()),
                            kernels.view(),
                            map,
                            ImageArray.written(image(y, n)),
                            epilogue,
                            residual.map(r -> image(r, image)));
                }
            }
        }
    }

    @Override
    public void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        if (!repeats(dy, w, params, SMALL)) {
            products.backwardInput(dy, w, dx, params);
            return;
        }
        Pass pass = new Pass(w.dim(0) / params.groups(), w.dim(1), params.groups());
        try (ChannelsLast.Borrowed kernels = layout.scratch(pass.kernels(w))) {
            copyKernels(w, pass, kernels.view(), false, true);
            for (int n = 0; n < dx.dim(0); n++) {
                try (ChannelsLast.Borrowed copy = repeated(image(dy, n), pass)) {
                    ImageArray target = ImageArray.written(image(dx, n));
                    for (PixelMap map : PixelMap.backward(params, w.dim(2), w.dim(3), dx.dim(2), dx.dim(3))) {
                        channels.run(
                                1,
                                ImageArray.read(copy.view()),
                                kernels.view(),
                                pass.repeated(map),
                                target,
                                Epilogue.NONE,
                                Optional.empty());
                    }
                }
            }
        }
    }

    @Override
    public boolean backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        if (!repeats(x, dw, params, SMALL_GRADIENT)) {
            return products.backwardWeight(x, dy, dw, params);
        }
        Pass pass = new Pass(dw.dim(1), dw.dim(0) / params.groups(), params.groups());
        PixelMap map = pass.repeated(PixelMap.forward(params, dw.dim(2), dw.dim(3), dy.dim(2), dy.dim(3)));
        try (ChannelsLast.Borrowed kernels = layout.scratch(pass.kernels(dw))) {
            float[] sums = CpuStorage.floatsToWrite(kernels.view());
            int size = kernels.view().numel();
            double[] totals = new double[size];
            for (int n = 0; n < x.dim(0); n++) {
                try (ChannelsLast.Borrowed copy = repeated(image(x, n), pass)) {
                    channels.gradient(
                            1, ImageArray.read(copy.view()), ImageArray.read(image(dy, n)), map, kernels.view());
                }
                for (int i = 0; i < size; i++) {
                    totals[i] += sums[CpuStorage.offset(kernels.view()) + i];
                }
            }
            for (int i = 0; i < size; i++) {
                sums[CpuStorage.offset(kernels.view()) + i] = (float) totals[i];
            }
            copyKernels(dw, pass, kernels.view(), true, false);
            return context.elementLoops()
                    .isFinite(sums, CpuStorage.offset(kernels.view()), CpuStorage.offset(kernels.view()) + size);
        }
    }

    private static View image(View images, int n) {
        return new View(
                images.storage(),
                images.offset() + n * images.strides()[0],
                images.shape().with(0, 1),
                images.strides());
    }

    /** An image {@code [1, C, H, W]} as {@code [1, results, H * inputs, W]}. */
    private ChannelsLast.Borrowed repeated(View image, Pass pass) {
        int height = image.dim(2);
        int width = image.dim(3);
        int results = pass.results();
        ChannelsLast.Borrowed copy = layout.scratch(Shape.of(1, results, height * pass.inputs, width));
        ImageArray from = ImageArray.read(image);
        ImageArray to = ImageArray.written(copy.view());
        context.forEach(height * pass.inputs, row -> {
            for (int column = 0; column < width; column++) {
                int x = from.at() + from.place(0, row / pass.inputs, column) + row % pass.inputs;
                int y = to.at() + to.place(0, row, column);
                for (int g = 0; g < pass.groups; g++) {
                    Arrays.fill(
                            to.data(),
                            y + g * pass.outputs,
                            y + (g + 1) * pass.outputs,
                            from.data()[x + g * pass.inputs]);
                }
            }
        });
        return copy;
    }

    /** Between weights and kernels of one channel for every result, in either direction. */
    private static void copyKernels(View w, Pass pass, View kernels, boolean forward, boolean toKernels) {
        float[] weights = toKernels ? CpuStorage.floats(w) : CpuStorage.floatsToWrite(w);
        float[] copies = toKernels ? CpuStorage.floatsToWrite(kernels) : CpuStorage.floats(kernels);
        int[] strides = CpuStorage.strides(w);
        int[] copyStrides = CpuStorage.strides(kernels);
        for (int c = 0; c < pass.results(); c++) {
            for (int i = 0; i < pass.inputs; i++) {
                int first = forward ? c : c / pass.outputs * pass.inputs + i;
                int second = forward ? i : c % pass.outputs;
                for (int row = 0; row < w.dim(2); row++) {
                    for (int column = 0; column < w.dim(3); column++) {
                        int at = CpuStorage.offset(w)
                                + first * strides[0]
                                + second * strides[1]
                                + row * strides[2]
                                + column * strides[3];
                        int copy = CpuStorage.offset(kernels)
                                + c * copyStrides[0]
                                + (row * pass.inputs + i) * copyStrides[2]
                                + column * copyStrides[3];
                        if (toKernels) {
                            copies[copy] = weights[at];
                        } else {
                            weights[at] = copies[copy];
                        }
                    }
                }
            }
        }
    }
}
