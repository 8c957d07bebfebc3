package dev.graft.cpu.conv.depthwise;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.ConvolutionAlgorithm;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.conv.parts.PlainEpilogue;
import dev.graft.cpu.conv.parts.TapMatrices;
import dev.graft.cpu.layout.ChannelBlocks;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.Optional;

/**
 * Convolution of each channel with its own kernel, which has too little arithmetic per float for a matrix product.
 * Plain loops process blocks of neighbouring pixels that move down the image.
 */
public class DepthwiseConvolution implements ConvolutionAlgorithm {
    /** The number of separate sums into which a gradient is divided. */
    static final int PARTIAL_SUMS = 16;

    private static final int SHORTEST_STRIP = 8;
    /** The most products that are added before their sum is moved to double. */
    private static final int FLOAT_ADDITIONS = 32;
    /** Larger kernels are not worth it: they would need more copies of pixels and longer sums in floats. */
    private static final int MOST_TAPS = 1024;

    final ExecutionContext context;

    public DepthwiseConvolution(ExecutionContext context) {
        this.context = context;
    }

    public static boolean fits(View x, View w, Conv2dParams params) {
        return params.groups() == x.dim(1)
                && w.dim(0) == x.dim(1)
                && x.dim(1) > 1
                && (long) w.dim(2) * w.dim(3) <= MOST_TAPS;
    }

    /** The result grid, divided into blocks of columns and strips of rows. */
    private record Cut(int images, PixelMap map, ChannelBlocks pixels, int blocks, int strips) {
        private static Cut of(int images, PixelMap map, int channels) {
            ChannelBlocks pixels = ChannelBlocks.of(map.columns(), channels);
            int blocks = (map.columns() + pixels.blockRows() - 1) / pixels.blockRows();
            int wanted = (PARTIAL_SUMS + images * blocks - 1) / Math.max(1, images * blocks);
            return new Cut(images, map, pixels, blocks, Math.max(1, Math.min(wanted, map.rows() / SHORTEST_STRIP)));
        }

        private int count() {
            return images * blocks * strips;
        }

        private int image(int task) {
            return task / blocks / strips;
        }

        private int firstColumn(int task) {
            return task % blocks * pixels.blockRows();
        }

        private int columns(int task) {
            return Math.min(pixels.blockRows(), map.columns() - firstColumn(task));
        }

        private int firstRow(int task) {
            return (int) ((long) map.rows() * (task / blocks % strips) / strips);
        }

        private int lastRow(int task) {
            return (int) ((long) map.rows() * (task / blocks % strips + 1) / strips);
        }
    }

    @Override
    public final void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        PixelMap map = PixelMap.forward(params, w.dim(2), w.dim(3), y.dim(2), y.dim(3));
        run(x.dim(0), ImageArray.read(x), w, map, ImageArray.written(y), epilogue, residual);
    }

    /** Weights as {@code [tap, channel]}. */
    final float[] packed(View w, PixelMap map) {
        TapMatrices weights = TapMatrices.depthwise(w, map);
        int channels = weights.columns();
        return weights.packed(
                context,
                "depthwise",
                map.taps() * channels,
                block -> weights.gather(0, channels, 0, 1, block, 0, 0, channels));
    }

    @Override
    public final void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        ImageArray source = ImageArray.read(dy);
        ImageArray target = ImageArray.written(dx);
        for (PixelMap map : PixelMap.backward(params, w.dim(2), w.dim(3), dx.dim(2), dx.dim(3))) {
            run(dx.dim(0), source, w, map, target, Epilogue.NONE, Optional.empty());
        }
    }

    /** The results of one map, from {@code source} to {@code target}. */
    public void run(
            int images,
            ImageArray source,
            View w,
            PixelMap map,
            ImageArray target,
            Epilogue end,
            Optional<View> residual) {
        PlainEpilogue epilogue = new PlainEpilogue(context.elementLoops(), end, residual);
        Cut cut = Cut.of(images, map, target.channels());
        float[][] weights = weights(w, map, cut.pixels);
        PlainEpilogue.Channels finish = epilogue.channels(cut.pixels, 0);
        context.forEach(cut.count(), task -> {
            Workspace workspace = context.workspace();
            ShiftedRows staged = new ShiftedRows(source, map, cut.pixels.width(), workspace);
            float[] sum = workspace.floats(0, cut.pixels.width());
            float[] residuals = workspace.floats(1, cut.pixels.width());
            int columns = map.columnOffsets().length;
            int count = cut.columns(task) * target.channels();
            staged.moveTo(cut.image(task), cut.firstColumn(task), cut.columns(task));
            for (int q = cut.firstRow(task); q < cut.lastRow(task); q++) {
                Arrays.fill(sum, 0, count, 0f);
                for (int i = 0; i < map.rowOffsets().length; i++) {
                    int at = staged.find(q * map.stepH() + map.rowOffsets()[i]);
                    if (at >= 0) {
                        context.elementLoops()
                                .multiplyAddAll(staged.copies(), at, weights, i * columns, columns, sum, 0, count);
                    }
                }
                store(
                        sum,
                        cut.image(task),
                        q,
                        cut.firstColumn(task),
                        cut.columns(task),
                        map,
                        target,
                        finish,
                        residuals);
            }
        });
    }

    /** Weights of each tap, repeated for the pixels of a block. */
    private float[][] weights(View w, PixelMap map, ChannelBlocks pixels) {
        float[] packed = packed(w, map);
        float[][] weights = new float[map.taps()][];
        Arrays.setAll(weights, tap -> pixels.spread(packed, tap * pixels.channels()));
        return weights;
    }

    private static void store(
            float[] sum,
            int image,
            int q,
            int r,
            int pixels,
            PixelMap map,
            ImageArray target,
            PlainEpilogue.Channels finish,
            float[] residuals) {
        int channels = target.channels();
        int count = pixels * channels;
        int place = target.place(image, map.firstRow() + q * map.placeH(), map.firstColumn() + r * map.placeW());
        if (map.placeW() == 1) {
            finish.scaleShift(sum, count);
            finish.loadResidual(place, residuals, 0, count);
            finish.addResidual(residuals, sum, count);
            finish.activate(sum, count);
            System.arraycopy(sum, 0, target.data(), target.at() + place, count);
            return;
        }
        // Strided positions occur only in gradients, which have no epilogue.
        for (int i = 0; i < pixels; i++) {
            System.arraycopy(
                    sum, i * channels, target.data(), target.at() + place + i * map.placeW() * channels, channels);
        }
    }

    @Override
    public final boolean backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        ImageArray source = ImageArray.read(x);
        ImageArray gradient = ImageArray.read(dy);
        PixelMap map = PixelMap.forward(params, dw.dim(2), dw.dim(3), dy.dim(2), dy.dim(3));
        return gradient(dy.dim(0), source, gradient, map, dw);
    }

    /** Writes {@code dw} and returns whether all of it is finite. */
    public boolean gradient(int images, ImageArray source, ImageArray gradient, PixelMap map, View dw) {
        Cut cut = Cut.of(images, map, source.channels());
        int channels = source.channels();
        int size = map.taps() * channels;
        int pieceTasks = (cut.count() + PARTIAL_SUMS - 1) / PARTIAL_SUMS;
        double[] sums = new double[PARTIAL_SUMS * size];
        context.forRange(
                cut.count(),
                Math.max(1, pieceTasks),
                (from, to) -> gradientSums(source, gradient, cut, from, to, sums, from / pieceTasks * size));
        float[] data = CpuStorage.floatsToWrite(dw);
        int[] strides = CpuStorage.strides(dw);
        int columns = map.columnOffsets().length;
        boolean finite = true;
        for (int tap = 0; tap < map.taps(); tap++) {
            for (int c = 0; c < channels; c++) {
                double total = 0;
                for (int piece = 0; piece < PARTIAL_SUMS; piece++) {
                    total += sums[piece * size + tap * channels + c];
                }
                data[CpuStorage.offset(dw) + c * strides[0] + tap / columns * strides[2] + tap % columns * strides[3]] =
                        (float) total;
                finite &= Double.isFinite(total);
            }
        }
        return finite;
    }

    private void gradientSums(
            ImageArray source, ImageArray gradient, Cut cut, int from, int to, double[] sums, int at) {
        PixelMap map = cut.map;
        int columns = map.columnOffsets().length;
        float[][] lanes = new float[map.taps()][];
        Arrays.setAll(lanes, tap -> Workspace.block(cut.pixels.width()));
        Workspace workspace = context.workspace();
        float[] dy = workspace.floats(0, cut.pixels.width());
        ShiftedRows staged = new ShiftedRows(source, map, cut.pixels.width(), workspace);
        int lines = 0;
        for (int task = from; task < to; task++) {
            int count = cut.columns(task) * source.channels();
            staged.moveTo(cut.image(task), cut.firstColumn(task), cut.columns(task));
            for (int q = cut.firstRow(task); q < cut.lastRow(task); q++) {
                System.arraycopy(
                        gradient.data(),
                        gradient.at() + gradient.place(cut.image(task), q, cut.firstColumn(task)),
                        dy,
                        0,
                        count);
                for (int tap = 0; tap < lanes.length; tap++) {
                    int found = staged.find(q * map.stepH() + map.rowOffsets()[tap / columns]);
                    if (found >= 0) {
                        context.elementLoops()
                                .multiplyAdd(staged.copies()[found + tap % columns], dy, lanes[tap], 0, count);
                    }
                }
                if (++lines % FLOAT_ADDITIONS == 0) {
                    flush(lanes, cut.pixels, sums, at);
                }
            }
        }
        flush(lanes, cut.pixels, sums, at);
    }

    private static void flush(float[][] lanes, ChannelBlocks pixels, double[] sums, int at) {
        for (int tap = 0; tap < lanes.length; tap++) {
            pixels.flush(lanes[tap], sums, at + tap * pixels.channels());
        }
    }
}
