package dev.graft.cpu.pool;

import dev.graft.backend.PoolWindows;
import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.cpu.CpuBackend;
import dev.graft.cpu.layout.ChannelBlocks;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import dev.graft.tensor.DType;
import java.util.Arrays;
import java.util.Optional;

/** Pooling of channels-last images. */
public final class Pooling {
    private static final int PIECE = 1 << 13;
    /** Most floats that are added before their sum goes to double. */
    private static final int FLUSH = 32;

    private final CpuBackend backend;
    private final ExecutionContext context;
    private final ChannelsLast layout;

    public Pooling(CpuBackend backend, ExecutionContext context, ChannelsLast layout) {
        this.backend = backend;
        this.context = context;
        this.layout = layout;
    }

    public void maxPool(View x, PoolWindows windows, View y, Optional<View> index) {
        if (y.numel() == 0) {
            return;
        }
        if (context.kernels().usesVectors() && VectorMaxPool.fits(windows, x.dim(1))) {
            maxPoolOnVectors(x, windows, y, index);
        } else if (index.isPresent()) {
            maxPoolWithPlaces(x, windows, y, index.get());
        } else {
            Storage unused = backend.allocate(DType.I32, y.numel());
            maxPoolWithPlaces(x, windows, y, new View(unused, 0, y.shape(), y.strides()));
            unused.release();
        }
    }

    private void maxPoolOnVectors(View x, PoolWindows windows, View y, Optional<View> index) {
        Optional<ChannelsLast.Borrowed> places = index.map(layout::target);
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed out = layout.target(y)) {
            ImageArray source = ImageArray.read(in.view());
            ImageArray maxima = ImageArray.written(out.view());
            Optional<int[]> found = places.map(p -> CpuStorage.intsToWrite(p.view()));
            int foundAt = places.map(p -> p.view().offset()).orElse(0);
            VectorMaxPool pool = new VectorMaxPool(windows, source.width(), source.channels());
            context.forEach(x.dim(0) * maxima.height(), line -> {
                int image = source.at() + source.place(line / maxima.height(), 0, 0);
                int at = line * maxima.width() * maxima.channels();
                pool.row(
                        source.data(),
                        image,
                        line % maxima.height(),
                        maxima.data(),
                        maxima.at() + at,
                        found,
                        foundAt + at);
            });
        } finally {
            places.ifPresent(ChannelsLast.Borrowed::close);
        }
    }

    private void maxPoolWithPlaces(View x, PoolWindows windows, View y, View index) {
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed out = layout.target(y);
                ChannelsLast.Borrowed places = layout.target(index)) {
            float[] xs = CpuStorage.floats(in.view());
            float[] ys = CpuStorage.floatsToWrite(out.view());
            int[] is = CpuStorage.intsToWrite(places.view());
            int channels = x.dim(1);
            int height = x.dim(2);
            int width = x.dim(3);
            int rows = windows.outputHeight();
            int columns = windows.outputWidth();
            int xAt = in.view().offset();
            int yAt = out.view().offset();
            int iAt = places.view().offset();
            PlainMaxPool pool = new PlainMaxPool(context, windows, xs, width, channels);
            int grain = Math.max(1, PIECE / Math.max(1, columns * channels));
            context.forRange(x.dim(0) * rows, grain, (from, to) -> {
                for (int line = from; line < to; line++) {
                    int at = line * columns * channels;
                    pool.row(xAt + line / rows * height * width * channels, line % rows, ys, yAt + at, is, iAt + at);
                }
            });
        }
    }

    // Windows may overlap, so an image is one piece and its output pixels are taken in order.
    public void maxPoolBackward(View dy, View index, PoolWindows windows, View dx) {
        if (dx.numel() == 0) {
            return;
        }
        try (ChannelsLast.Borrowed gradient = layout.source(dy);
                ChannelsLast.Borrowed places = layout.source(index);
                ChannelsLast.Borrowed out = layout.target(dx)) {
            float[] dys = CpuStorage.floats(gradient.view());
            int[] is = CpuStorage.of(places.view()).array(int[].class);
            float[] dxs = CpuStorage.floatsToWrite(out.view());
            int channels = dx.dim(1);
            int inputSize = dx.dim(2) * dx.dim(3) * channels;
            int outputSize = windows.outputHeight() * windows.outputWidth() * channels;
            int dyAt = gradient.view().offset();
            int iAt = places.view().offset();
            int dxAt = out.view().offset();
            if (context.kernels().usesVectors() && VectorMaxPool.fits(windows, channels)) {
                VectorMaxPool pool = new VectorMaxPool(windows, dx.dim(3), channels);
                context.forEach(dx.dim(0) * dx.dim(2), line -> {
                    int image = line / dx.dim(2) * outputSize;
                    pool.rowBackward(
                            dys,
                            dyAt + image,
                            is,
                            iAt + image,
                            line % dx.dim(2),
                            dxs,
                            dxAt + line * dx.dim(3) * channels);
                });
                return;
            }
            int parts = channels >= 32 ? 4 : 1;
            boolean overlaps = windows.mostOverlapping() > FLUSH;
            context.forEach(dx.dim(0) * parts, task -> {
                int n = task / parts;
                int firstChannel = channels * (task % parts) / parts;
                int lastChannel = channels * (task % parts + 1) / parts;
                int image = dxAt + n * inputSize;
                if (overlaps) {
                    scatterInDouble(
                            dys,
                            dyAt + n * outputSize,
                            is,
                            iAt + n * outputSize,
                            outputSize,
                            firstChannel,
                            lastChannel,
                            channels,
                            dxs,
                            image,
                            inputSize);
                    return;
                }
                for (int at = image; at < image + inputSize; at += channels) {
                    Arrays.fill(dxs, at + firstChannel, at + lastChannel, 0f);
                }
                for (int at = n * outputSize; at < (n + 1) * outputSize; at += channels) {
                    for (int c = firstChannel; c < lastChannel; c++) {
                        dxs[image + is[iAt + at + c] * channels + c] += dys[dyAt + at + c];
                    }
                }
            });
        }
    }

    // Where very many windows share a pixel.
    private static void scatterInDouble(
            float[] dy,
            int dyAt,
            int[] index,
            int indexAt,
            int outputSize,
            int firstChannel,
            int lastChannel,
            int channels,
            float[] dx,
            int dxAt,
            int inputSize) {
        int width = lastChannel - firstChannel;
        double[] sums = new double[inputSize / channels * width];
        for (int at = 0; at < outputSize; at += channels) {
            for (int c = firstChannel; c < lastChannel; c++) {
                sums[index[indexAt + at + c] * width + c - firstChannel] += dy[dyAt + at + c];
            }
        }
        for (int i = 0; i < sums.length; i++) {
            dx[dxAt + i / width * channels + firstChannel + i % width] = (float) sums[i];
        }
    }

    public void avgPool(View x, PoolWindows windows, View y) {
        if (y.numel() == 0) {
            return;
        }
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed out = layout.target(y)) {
            float[] xs = CpuStorage.floats(in.view());
            float[] ys = CpuStorage.floatsToWrite(out.view());
            int channels = x.dim(1);
            int width = x.dim(3);
            int imageSize = x.dim(2) * width * channels;
            int rows = windows.outputHeight();
            int columns = windows.outputWidth();
            int xAt = in.view().offset();
            int yAt = out.view().offset();
            context.forEach(x.dim(0) * rows, task -> {
                int row = task % rows;
                int image = xAt + task / rows * imageSize;
                Workspace workspace = context.workspace();
                float[] block = workspace.floats(0, channels);
                float[] sum = workspace.floats(1, channels);
                int height = windows.bottom()[row] - windows.top()[row];
                for (int column = 0; column < columns; column++) {
                    if ((long) height * (windows.right()[column] - windows.left()[column]) > FLUSH) {
                        largeMean(
                                xs,
                                image,
                                width,
                                channels,
                                windows,
                                row,
                                column,
                                ys,
                                yAt + (task * columns + column) * channels);
                        continue;
                    }
                    Arrays.fill(sum, 0, channels, 0f);
                    for (int h = windows.top()[row]; h < windows.bottom()[row]; h++) {
                        for (int w = windows.left()[column]; w < windows.right()[column]; w++) {
                            System.arraycopy(xs, image + (h * width + w) * channels, block, 0, channels);
                            context.kernels().addScaled(1f, block, sum, 0, channels);
                        }
                    }
                    float scale = 1f / ((float) windows.rowDivisor()[row] * windows.columnDivisor()[column]);
                    int at = yAt + (task * columns + column) * channels;
                    for (int c = 0; c < channels; c++) {
                        ys[at + c] = sum[c] * scale;
                    }
                }
            });
        }
    }

    // Stretches of a window's rows are added lane by lane, as many as may be added in floats, and then in double.
    private void largeMean(
            float[] x,
            int image,
            int width,
            int channels,
            PoolWindows windows,
            int row,
            int column,
            float[] y,
            int yAt) {
        int left = windows.left()[column];
        ChannelBlocks pixels = ChannelBlocks.of(windows.right()[column] - left, channels);
        Workspace workspace = context.workspace();
        float[] block = workspace.floats(0, pixels.width());
        float[] lanes = workspace.floats(1, pixels.width());
        double[] totals = new double[channels];
        Arrays.fill(lanes, 0, pixels.width(), 0f);
        int added = 0;
        for (int h = windows.top()[row]; h < windows.bottom()[row]; h++) {
            int line = image + (h * width + left) * channels;
            for (int pixel = 0; pixel < pixels.rows(); pixel += pixels.blockRows()) {
                int count = Math.min(pixels.blockRows(), pixels.rows() - pixel) * channels;
                System.arraycopy(x, line + pixel * channels, block, 0, count);
                context.kernels().addScaled(1f, block, lanes, 0, count);
                if (++added % FLUSH == 0) {
                    pixels.flush(lanes, totals, 0);
                }
            }
        }
        pixels.flush(lanes, totals, 0);
        double divisor = (double) windows.rowDivisor()[row] * windows.columnDivisor()[column];
        for (int c = 0; c < channels; c++) {
            y[yAt + c] = (float) (totals[c] / divisor);
        }
    }

    public void avgPoolBackward(View dy, PoolWindows windows, View dx) {
        if (dx.numel() == 0) {
            return;
        }
        try (ChannelsLast.Borrowed gradient = layout.source(dy);
                ChannelsLast.Borrowed out = layout.target(dx)) {
            float[] dys = CpuStorage.floats(gradient.view());
            float[] dxs = CpuStorage.floatsToWrite(out.view());
            int channels = dx.dim(1);
            int width = dx.dim(3);
            int inputSize = dx.dim(2) * width * channels;
            int rows = windows.outputHeight();
            int columns = windows.outputWidth();
            int dyAt = gradient.view().offset();
            int dxAt = out.view().offset();
            boolean overlaps = windows.mostOverlapping() > FLUSH;
            context.forEach(dx.dim(0), n -> {
                int image = dxAt + n * inputSize;
                double[] sums = new double[overlaps ? inputSize : 0];
                Arrays.fill(dxs, image, image + inputSize, 0f);
                for (int row = 0; row < rows; row++) {
                    for (int column = 0; column < columns; column++) {
                        float scale = 1f / ((float) windows.rowDivisor()[row] * windows.columnDivisor()[column]);
                        int at = dyAt + ((n * rows + row) * columns + column) * channels;
                        for (int h = windows.top()[row]; h < windows.bottom()[row]; h++) {
                            for (int w = windows.left()[column]; w < windows.right()[column]; w++) {
                                int to = (h * width + w) * channels;
                                if (overlaps) {
                                    for (int c = 0; c < channels; c++) {
                                        sums[to + c] += dys[at + c] * scale;
                                    }
                                    continue;
                                }
                                for (int c = 0; c < channels; c++) {
                                    dxs[image + to + c] += dys[at + c] * scale;
                                }
                            }
                        }
                    }
                }
                for (int i = 0; i < sums.length; i++) {
                    dxs[image + i] = (float) sums[i];
                }
            });
        }
    }
}
