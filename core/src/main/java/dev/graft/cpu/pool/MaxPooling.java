package dev.graft.cpu.pool;

import dev.graft.backend.PoolGeometry;
import dev.graft.backend.View;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.Optional;

/** Maxima over windows of channels-last images, and their positions. */
public class MaxPooling {
    /** The fewest floats of results in a task. */
    private static final int GRAIN = 1 << 13;
    /** Elements whose maxima take as long as a position of {@link WindowMaxima}, along rows and along columns. */
    private static final int ROWS = 16;

    private static final int COLUMNS = 4;
    /** The most windows that may share a pixel if their gradients are added in floats. */
    private static final int FLOAT_ADDITIONS = 32;

    final ExecutionContext context;
    final ChannelsLast layout;

    public MaxPooling(ExecutionContext context, ChannelsLast layout) {
        this.context = context;
        this.layout = layout;
    }

    public final void forward(View x, PoolGeometry geometry, View y, Optional<View> index) {
        if (y.numel() == 0) {
            return;
        }
        LongWindows rows = LongWindows.of(geometry.rows(x.dim(2)));
        LongWindows columns = LongWindows.of(geometry.columns(x.dim(3)));
        if (rows.overlap(ROWS) || columns.overlap(COLUMNS)) {
            forward(x, rows, columns, y, index);
        } else {
            forward(x, PoolWindows.of(geometry, x.dim(2), x.dim(3)), y, index);
        }
    }

    /** Maxima along the columns, then along the rows: the first of equals in a row, then the first row. */
    private void forward(View x, LongWindows rows, LongWindows columns, View y, Optional<View> index) {
        int images = x.dim(0);
        int channels = x.dim(1);
        Optional<ChannelsLast.Borrowed> places = index.map(layout::target);
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed out = layout.target(y)) {
            float[] xs = CpuStorage.floats(in.view());
            float[] ys = CpuStorage.floatsToWrite(out.view());
            int xAt = CpuStorage.offset(in.view());
            int yAt = CpuStorage.offset(out.view());
            Optional<int[]> found = places.map(p -> CpuStorage.intsToWrite(p.view()));
            int foundAt = places.map(p -> CpuStorage.offset(p.view())).orElse(0);
            int lines = images * rows.size();
            if (rows.isIdentity()) {
                WindowMaxima.run(
                        context, columns, lines, channels, xs, xAt, ys, yAt, places(columns, rows, found, foundAt));
                return;
            }
            try (ChannelsLast.Borrowed across =
                    layout.scratch(Shape.of(images, channels, rows.size(), columns.count()))) {
                float[] some = CpuStorage.floatsToWrite(across.view());
                int at = CpuStorage.offset(across.view());
                int rowFloats = columns.count() * channels;
                Optional<int[]> first = found.map(p -> new int[across.view().numel()]);
                Optional<WindowMaxima.Places> last = found.map(p -> new WindowMaxima.Places(first, 0, 1, p, foundAt));
                WindowMaxima.run(context, columns, lines, channels, xs, xAt, some, at, places(columns, rows, first, 0));
                WindowMaxima.run(context, rows, images, rowFloats, some, at, ys, yAt, last);
            }
        } finally {
            places.ifPresent(ChannelsLast.Borrowed::close);
        }
    }

    private static Optional<WindowMaxima.Places> places(
            LongWindows columns, LongWindows rows, Optional<int[]> found, int foundAt) {
        return found.map(p -> new WindowMaxima.Places(Optional.empty(), columns.size(), rows.size(), p, foundAt));
    }

    /** Results are not empty. */
    void forward(View x, PoolWindows windows, View y, Optional<View> index) {
        Optional<ChannelsLast.Borrowed> places = index.map(layout::target);
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed out = layout.target(y)) {
            ImageArray source = ImageArray.read(in.view());
            ImageArray maxima = ImageArray.written(out.view());
            Optional<int[]> found = places.map(p -> CpuStorage.intsToWrite(p.view()));
            int foundAt = places.map(p -> CpuStorage.offset(p.view())).orElse(0);
            int rows = maxima.height();
            int rowFloats = maxima.width() * maxima.channels();
            PlainMaxPool pool = new PlainMaxPool(context, windows, source.data(), source.width(), source.channels());
            int grain = Math.max(1, GRAIN / Math.max(1, rowFloats));
            context.forRange(x.dim(0) * rows, grain, (from, to) -> {
                for (int line = from; line < to; line++) {
                    int at = line * rowFloats;
                    int image = source.at() + source.place(line / rows, 0, 0);
                    pool.row(image, line % rows, maxima.data(), maxima.at() + at, found, foundAt + at);
                }
            });
        } finally {
            places.ifPresent(ChannelsLast.Borrowed::close);
        }
    }

    public final void backward(View dy, View index, PoolGeometry geometry, View dx) {
        if (dx.numel() > 0) {
            backward(dy, index, PoolWindows.of(geometry, dx.dim(2), dx.dim(3)), dx);
        }
    }

    // Windows may overlap, so an image is one piece and its output pixels are taken in order.
    void backward(View dy, View index, PoolWindows windows, View dx) {
        try (ChannelsLast.Borrowed gradient = layout.source(dy);
                ChannelsLast.Borrowed places = layout.source(index);
                ChannelsLast.Borrowed out = layout.target(dx)) {
            float[] dys = CpuStorage.floats(gradient.view());
            int[] is = CpuStorage.of(places.view()).array(int[].class);
            float[] dxs = CpuStorage.floatsToWrite(out.view());
            int channels = dx.dim(1);
            int inputSize = dx.dim(2) * dx.dim(3) * channels;
            int outputSize = windows.outputHeight() * windows.outputWidth() * channels;
            int dyAt = CpuStorage.offset(gradient.view());
            int iAt = CpuStorage.offset(places.view());
            int dxAt = CpuStorage.offset(out.view());
            int parts = channels >= 32 ? 4 : 1;
            boolean overlaps = windows.mostOverlapping() > FLOAT_ADDITIONS;
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

    // If very many windows share a pixel.
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
}
