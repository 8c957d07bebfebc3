package dev.graft.cpu.pool;

import dev.graft.backend.PoolGeometry;
import dev.graft.backend.View;
import dev.graft.cpu.layout.ChannelBlocks;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/** Means over windows of channels-last images. */
public final class AvgPooling {
    /** The most floats that are added before their sum is moved to double. */
    private static final int FLOAT_ADDITIONS = 32;

    private final ExecutionContext context;
    private final ChannelsLast layout;

    public AvgPooling(ExecutionContext context, ChannelsLast layout) {
        this.context = context;
        this.layout = layout;
    }

    public void forward(View x, PoolGeometry geometry, View y) {
        if (y.numel() == 0) {
            return;
        }
        PoolWindows windows = PoolWindows.of(geometry, x.dim(2), x.dim(3));
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed out = layout.target(y)) {
            float[] xs = CpuStorage.floats(in.view());
            float[] ys = CpuStorage.floatsToWrite(out.view());
            int channels = x.dim(1);
            int width = x.dim(3);
            int imageSize = x.dim(2) * width * channels;
            int rows = windows.outputHeight();
            int columns = windows.outputWidth();
            int xAt = CpuStorage.offset(in.view());
            int yAt = CpuStorage.offset(out.view());
            context.forEach(x.dim(0) * rows, task -> {
                int row = task % rows;
                int image = xAt + task / rows * imageSize;
                Workspace workspace = context.workspace();
                float[] block = workspace.floats(0, channels);
                float[] sum = workspace.floats(1, channels);
                int height = windows.bottom()[row] - windows.top()[row];
                for (int column = 0; column < columns; column++) {
                    if ((long) height * (windows.right()[column] - windows.left()[column]) > FLOAT_ADDITIONS) {
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
                            context.elementLoops().addScaled(1f, block, sum, 0, channels);
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

    // Ranges of a window's rows are added lane by lane in floats, as many as allowed, and then in double.
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
                context.elementLoops().addScaled(1f, block, lanes, 0, count);
                if (++added % FLOAT_ADDITIONS == 0) {
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

    public void backward(View dy, PoolGeometry geometry, View dx) {
        if (dx.numel() == 0) {
            return;
        }
        PoolWindows windows = PoolWindows.of(geometry, dx.dim(2), dx.dim(3));
        try (ChannelsLast.Borrowed gradient = layout.source(dy);
                ChannelsLast.Borrowed out = layout.target(dx)) {
            float[] dys = CpuStorage.floats(gradient.view());
            float[] dxs = CpuStorage.floatsToWrite(out.view());
            int channels = dx.dim(1);
            int width = dx.dim(3);
            int inputSize = dx.dim(2) * width * channels;
            int rows = windows.outputHeight();
            int columns = windows.outputWidth();
            int dyAt = CpuStorage.offset(gradient.view());
            int dxAt = CpuStorage.offset(out.view());
            boolean overlaps = windows.mostOverlapping() > FLOAT_ADDITIONS;
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
