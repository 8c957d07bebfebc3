package dev.graft.cpu.pool;

import dev.graft.backend.AxisTaps;
import dev.graft.backend.View;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import java.util.Arrays;
import java.util.Optional;

/**
 * Maps along the height and the width of channels-last images (see {@link AxisTaps}). If there are more result rows
 * than image rows, each image row is mapped along its width once, and results are sums of those; otherwise image rows
 * are added first, and the sum is mapped.
 */
public final class Resampling {
    /** The fewest floats that a task reads and writes. */
    private static final int TASK_FLOATS = 1 << 15;
    /** Mapped image rows that are kept, a power of two: as many as cubic interpolation adds. */
    private static final int KEPT = 4;
    /** The most floats that are added before their sum is moved to double. */
    private static final int FLOAT_ADDITIONS = 32;

    private final ExecutionContext context;
    private final ChannelsLast layout;
    private final TapLoops loops;

    public Resampling(ExecutionContext context, ChannelsLast layout, TapLoops loops) {
        this.context = context;
        this.layout = layout;
        this.loops = loops;
    }

    /** What is done to each row of results at {@code y[at..]}. */
    @FunctionalInterface
    interface Finish {
        void row(int row, float[] y, int at);
    }

    public void run(View x, AxisTaps rows, AxisTaps columns, View y) {
        run(x, rows, columns, y, Optional.empty());
    }

    void run(View x, AxisTaps rows, AxisTaps columns, View y, Optional<Finish> finish) {
        if (y.numel() == 0) {
            return;
        }
        context.awaitKernels();
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed out = layout.target(y)) {
            Pass pass = new Pass(in.view(), rows, columns, out.view(), finish);
            int grain = Math.max(1, TASK_FLOATS / (pass.inputRow * rows.most() + pass.outputRow + 1));
            // A task maps its first rows again, which its neighbour has mapped.
            context.forRange(x.dim(0) * rows.count(), pass.mapsFirst ? Math.max(grain, 2 * KEPT) : grain, pass::run);
        }
    }

    private final class Pass {
        private final float[] xs;
        private final int xAt;
        private final float[] ys;
        private final int yAt;
        private final AxisTaps rows;
        private final boolean sameColumns;
        private final ColumnTaps columns;
        private final int inputRow;
        private final int outputRow;
        private final boolean mapsFirst;
        private final Optional<Finish> finish;

        Pass(View x, AxisTaps rows, AxisTaps columns, View y, Optional<Finish> finish) {
            xs = CpuStorage.floats(x);
            xAt = CpuStorage.offset(x);
            ys = CpuStorage.floatsToWrite(y);
            yAt = CpuStorage.offset(y);
            this.rows = rows;
            this.finish = finish;
            sameColumns = columns.isIdentity();
            inputRow = x.dim(3) * x.dim(1);
            outputRow = y.dim(3) * x.dim(1);
            this.columns = new ColumnTaps(loops, columns, x.dim(1), y.dim(0) * y.dim(2));
            mapsFirst = !sameColumns && rows.count() > rows.size() && canKeep(rows);
        }

        void run(int from, int to) {
            float[] kept = mapsFirst ? context.workspace().floats(0, KEPT * outputRow) : new float[0];
            int[] rowOf = new int[KEPT];
            int image = -1;
            for (int line = from; line < to; line++) {
                int n = line / rows.count();
                int row = line % rows.count();
                int out = yAt + line * outputRow;
                int in = xAt + n * rows.size() * inputRow;
                if (image != n) {
                    Arrays.fill(rowOf, -1);
                    image = n;
                }
                if (sameColumns) {
                    sum(loops, rows, row, xs, in, -1, inputRow, ys, out);
                } else if (line > from && row > 0 && isSameCopy(row)) {
                    System.arraycopy(ys, out - outputRow, ys, out, outputRow);
                    continue;
                } else if (mapsFirst && !rows.isCopy(row)) {
                    map(row, in, kept, rowOf);
                    sum(loops, rows, row, kept, 0, KEPT - 1, outputRow, ys, out);
                } else if (rows.isCopy(row)) {
                    columns.map(xs, in + rows.position(rows.from(row)) * inputRow, ys, out);
                } else {
                    float[] sum = context.workspace().floats(1, inputRow);
                    sum(loops, rows, row, xs, in, -1, inputRow, sum, 0);
                    columns.map(sum, 0, ys, out);
                }
                if (finish.isPresent()) {
                    finish.get().row(row, ys, out);
                }
            }
        }

        /** Whether a row is the one before again. */
        private boolean isSameCopy(int row) {
            return finish.isEmpty()
                    && rows.isCopy(row)
                    && rows.isCopy(row - 1)
                    && rows.position(rows.from(row)) == rows.position(rows.from(row - 1));
        }

        private void map(int row, int in, float[] kept, int[] rowOf) {
            for (int k = rows.from(row); k < rows.to(row); k++) {
                int position = rows.position(k);
                int slot = position & (KEPT - 1);
                if (rowOf[slot] != position) {
                    columns.map(xs, in + position * inputRow, kept, slot * outputRow);
                    rowOf[slot] = position;
                }
            }
        }
    }

    /** Whether the rows that each result adds have places of their own among those that are kept. */
    private static boolean canKeep(AxisTaps rows) {
        for (int i = 0; i < rows.count(); i++) {
            int taken = 0;
            for (int k = rows.from(i); k < rows.to(i); k++) {
                int bit = 1 << (rows.position(k) & (KEPT - 1));
                if ((taken & bit) != 0) {
                    return false;
                }
                taken |= bit;
            }
        }
        return true;
    }

    /** Result {@code i} of {@code count} floats; position {@code p} is at {@code x[base + (p & mask) * count]}. */
    static void sum(
            TapLoops loops, AxisTaps taps, int i, float[] x, int base, int mask, int count, float[] y, int yAt) {
        int from = taps.from(i);
        int tapCount = taps.to(i) - from;
        if (tapCount > FLOAT_ADDITIONS) {
            longSum(loops, taps, i, x, base, mask, count, y, yAt);
        } else {
            sum(loops, taps, from, taps.to(i), x, base, mask, count, y, yAt);
        }
    }

    private static void sum(
            TapLoops loops,
            AxisTaps taps,
            int from,
            int to,
            float[] x,
            int base,
            int mask,
            int count,
            float[] y,
            int yAt) {
        int k = from;
        switch (to - from) {
            case 0 -> Arrays.fill(y, yAt, yAt + count, 0f);
            case 1 -> {
                if (taps.weight(k) == 1) {
                    System.arraycopy(x, at(taps, k, base, mask, count), y, yAt, count);
                } else {
                    loops.sum(x, at(taps, k, base, mask, count), taps.weight(k), y, yAt, count);
                }
                k++;
            }
            case 2, 3 -> {
                loops.sum(
                        x,
                        at(taps, k, base, mask, count),
                        taps.weight(k),
                        at(taps, k + 1, base, mask, count),
                        taps.weight(k + 1),
                        y,
                        yAt,
                        count);
                k += 2;
            }
            default -> {
                loops.sum(
                        x,
                        at(taps, k, base, mask, count),
                        taps.weight(k),
                        at(taps, k + 1, base, mask, count),
                        taps.weight(k + 1),
                        at(taps, k + 2, base, mask, count),
                        taps.weight(k + 2),
                        at(taps, k + 3, base, mask, count),
                        taps.weight(k + 3),
                        y,
                        yAt,
                        count);
                k += 4;
            }
        }
        for (; k < to; k++) {
            loops.add(x, at(taps, k, base, mask, count), taps.weight(k), y, yAt, count);
        }
    }

    private static int at(AxisTaps taps, int k, int base, int mask, int count) {
        return base + (taps.position(k) & mask) * count;
    }

    private static void longSum(
            TapLoops loops, AxisTaps taps, int i, float[] x, int base, int mask, int count, float[] y, int yAt) {
        double[] totals = new double[count];
        for (int k = taps.from(i); k < taps.to(i); k += FLOAT_ADDITIONS) {
            sum(loops, taps, k, Math.min(k + FLOAT_ADDITIONS, taps.to(i)), x, base, mask, count, y, yAt);
            for (int c = 0; c < count; c++) {
                totals[c] += y[yAt + c];
            }
        }
        for (int c = 0; c < count; c++) {
            y[yAt + c] = (float) totals[c];
        }
    }
}
