package dev.graft.cpu.pool;

import dev.graft.backend.AxisTaps;
import dev.graft.backend.PoolAxis;
import dev.graft.backend.PoolGeometry;
import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.reduce.Reductions;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.type.Shape;
import java.util.Optional;

/**
 * Means over windows of channels-last images: sums along the rows and the columns (see {@link Resampling}), divided by
 * the windows' sizes. The mean of whole images is a reduction, and windows that overlap much are {@link WindowSums}.
 */
public final class AvgPooling {
    /** Taps that are added in the time in which {@link WindowSums} take a position, one by one and on vectors. */
    private static final int FEW_TAPS = 4;

    private static final int TAPS = 16;
    /** The fewest floats of a task of divisions. */
    private static final int GRAIN = 1 << 14;
    /** With fewer channels, taps are added one by one. */
    private static final int FEW_CHANNELS = 16;

    private final ExecutionContext context;
    private final ChannelsLast layout;
    private final Reductions reductions;
    private final Resampling resampling;
    private final TapLoops loops;

    public AvgPooling(
            ExecutionContext context,
            ChannelsLast layout,
            Reductions reductions,
            Resampling resampling,
            TapLoops loops) {
        this.context = context;
        this.layout = layout;
        this.reductions = reductions;
        this.resampling = resampling;
        this.loops = loops;
    }

    public void forward(View x, PoolGeometry geometry, View y) {
        if (y.numel() == 0) {
            return;
        }
        PoolAxis rows = geometry.rows(x.dim(2));
        PoolAxis columns = geometry.columns(x.dim(3));
        if (isWhole(rows) && isWhole(columns)) {
            reductions.reduce(Reduction.MEAN, x, y);
            return;
        }
        float[] widths = divisors(columns);
        int channels = x.dim(1);
        LongWindows down = LongWindows.of(rows);
        LongWindows across = LongWindows.of(columns);
        if (isLong(down, across, channels)) {
            try (ChannelsLast.Borrowed in = layout.source(x);
                    ChannelsLast.Borrowed out = layout.target(y)) {
                sums(in.view(), down, across, out.view());
                divide(out.view(), rows, widths);
            }
            return;
        }
        resampling.run(
                x,
                sums(rows),
                sums(columns),
                y,
                Optional.of((row, sums, at) -> divide(sums, at, rows.divisor(row), widths, channels)));
    }

    private static float[] divisors(PoolAxis axis) {
        float[] divisors = new float[axis.count()];
        for (int i = 0; i < divisors.length; i++) {
            divisors[i] = axis.divisor(i);
        }
        return divisors;
    }

    /** Whether windows, or for a gradient the windows of a position, overlap so much that their sums are shared. */
    private static boolean isLong(LongWindows rows, LongWindows columns, int channels) {
        return rows.overlap(TAPS) || columns.overlap(channels < FEW_CHANNELS ? FEW_TAPS : TAPS);
    }

    /** Sums along the rows, then along the columns, of channels-last images. */
    private void sums(View x, LongWindows rows, LongWindows columns, View y) {
        int images = x.dim(0);
        int channels = x.dim(1);
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floatsToWrite(y);
        int xAt = CpuStorage.offset(x);
        int yAt = CpuStorage.offset(y);
        int rowFloats = columns.size() * channels;
        if (columns.isIdentity()) {
            WindowSums.run(context, rows, images, rowFloats, xs, xAt, ys, yAt);
        } else if (rows.isIdentity()) {
            WindowSums.run(context, columns, images * rows.size(), channels, xs, xAt, ys, yAt);
        } else {
            try (ChannelsLast.Borrowed down =
                    layout.scratch(Shape.of(images, channels, rows.count(), columns.size()))) {
                float[] some = CpuStorage.floatsToWrite(down.view());
                int at = CpuStorage.offset(down.view());
                WindowSums.run(context, rows, images, rowFloats, xs, xAt, some, at);
                WindowSums.run(context, columns, images * rows.count(), channels, some, at, ys, yAt);
            }
        }
    }

    /** All rows of channels-last images. */
    private void divide(View y, PoolAxis rows, float[] widths) {
        float[] ys = CpuStorage.floatsToWrite(y);
        int rowFloats = widths.length * y.dim(1);
        int grain = Math.max(1, GRAIN / Math.max(1, rowFloats));
        context.forRange(y.dim(0) * rows.count(), grain, (from, to) -> {
            for (int line = from; line < to; line++) {
                int at = CpuStorage.offset(y) + line * rowFloats;
                divide(ys, at, rows.divisor(line % rows.count()), widths, y.dim(1));
            }
        });
    }

    private static boolean isWhole(PoolAxis axis) {
        return axis.count() == 1 && axis.from(0) == 0 && axis.to(0) == axis.size() && axis.divisor(0) == axis.size();
    }

    private static AxisTaps sums(PoolAxis axis) {
        return AxisTaps.of(axis.size(), axis.count(), (i, taps) -> {
            for (int p = axis.from(i); p < axis.to(i); p++) {
                taps.add(p, 1);
            }
        });
    }

    /** Neighbours of one width are divided at once. */
    private void divide(float[] y, int at, float height, float[] widths, int channels) {
        for (int j = 0; j < widths.length; ) {
            int from = j;
            while (j < widths.length && widths[j] == widths[from]) {
                j++;
            }
            int first = at + from * channels;
            loops.sum(y, first, 1f / (height * widths[from]), y, first, (j - from) * channels);
        }
    }

    /** The adjoint, with each window's share as a weight of its row times one of its column. */
    public void backward(View dy, PoolGeometry geometry, View dx) {
        if (dx.numel() == 0) {
            return;
        }
        PoolAxis rows = geometry.rows(dx.dim(2));
        PoolAxis columns = geometry.columns(dx.dim(3));
        LongWindows down = LongWindows.of(rows).transposed();
        LongWindows across = LongWindows.of(columns).transposed();
        if (!isLong(down, across, dx.dim(1))) {
            resampling.run(dy, shares(rows).transposed(), shares(columns).transposed(), dx);
            return;
        }
        try (ChannelsLast.Borrowed shares = layout.scratch(dy.shape());
                ChannelsLast.Borrowed out = layout.target(dx)) {
            layout.copy(dy, shares.view());
            divide(shares.view(), rows, divisors(columns));
            sums(shares.view(), down, across, out.view());
        }
    }

    private static AxisTaps shares(PoolAxis axis) {
        return AxisTaps.of(axis.size(), axis.count(), (i, taps) -> {
            for (int p = axis.from(i); p < axis.to(i); p++) {
                taps.add(p, 1.0 / axis.divisor(i));
            }
        });
    }
}
