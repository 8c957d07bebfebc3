package dev.graft.cpu.pool;

import dev.graft.backend.AxisTaps;
import dev.graft.backend.PoolAxis;
import dev.graft.backend.PoolGeometry;
import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.cpu.reduce.Reductions;
import java.util.Optional;

/**
 * Means over windows of channels-last images: sums along the rows and the columns (see {@link Resampling}), divided by
 * the windows' sizes. The mean of whole images is a reduction.
 */
public final class AvgPooling {
    private final Reductions reductions;
    private final Resampling resampling;
    private final TapLoops loops;

    public AvgPooling(Reductions reductions, Resampling resampling, TapLoops loops) {
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
        float[] widths = new float[columns.count()];
        for (int j = 0; j < widths.length; j++) {
            widths[j] = columns.divisor(j);
        }
        int channels = x.dim(1);
        resampling.run(
                x,
                sums(rows),
                sums(columns),
                y,
                Optional.of((row, sums, at) -> divide(sums, at, rows.divisor(row), widths, channels)));
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
        if (dx.numel() > 0) {
            resampling.run(
                    dy,
                    shares(geometry.rows(dx.dim(2))).transposed(),
                    shares(geometry.columns(dx.dim(3))).transposed(),
                    dx);
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
