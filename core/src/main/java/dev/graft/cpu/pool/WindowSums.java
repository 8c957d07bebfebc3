package dev.graft.cpu.pool;

import dev.graft.cpu.run.ExecutionContext;
import java.util.Arrays;

/** Sums over {@link LongWindows} of {@code [lines][size][inner]} floats, added in double. */
final class WindowSums implements LongWindows.Worker {
    /** With fewer neighbours, a loop over them costs more to begin than to run. */
    private static final int FEW = 8;

    private final LongWindows windows;
    private final float[] x;
    private final int inner;
    private final float[] y;
    private final int[] origins;

    private int at;
    private int yAt;
    private int count;
    /** The block in which windows begin. */
    private Block early;
    /** The one after it. */
    private Block late;

    /** The sums of all beginnings and all ends of the positions {@code [start, end)}. */
    private static final class Block {
        private final double[] beginnings;
        private final double[] ends;
        private int start;
        private int end;

        Block(int size) {
            beginnings = new double[size];
            ends = new double[size];
        }
    }

    private WindowSums(LongWindows windows, int inner, float[] x, float[] y, int... origins) {
        this.windows = windows;
        this.inner = inner;
        this.x = x;
        this.y = y;
        this.origins = origins;
        this.early = new Block(windows.blockFloats(inner));
        this.late = new Block(windows.blockFloats(inner));
    }

    /** {@code y[lines][windows][inner]} become the sums. */
    static void run(
            ExecutionContext context,
            LongWindows windows,
            int lines,
            int inner,
            float[] x,
            int xAt,
            float[] y,
            int yAt) {
        windows.forEach(context, lines, inner, () -> new WindowSums(windows, inner, x, y, xAt, yAt));
    }

    @Override
    public void begin(int line, int first, int floats) {
        at = origins[0] + line * windows.size() * inner + first;
        yAt = origins[1] + line * windows.count() * inner + first;
        count = floats;
    }

    @Override
    public void block(int start, int end) {
        Block block = early;
        early = late;
        late = block;
        block.start = start;
        block.end = end;
        if (count < FEW) {
            for (int c = 0; c < count; c++) {
                ascending(x, at + start * inner + c, inner, end - start, block.beginnings, c, count);
                descending(x, at + (end - 1) * inner + c, inner, end - start, block.ends, c, count);
            }
            return;
        }
        for (int p = 0; p < end - start; p++) {
            addRow(block.beginnings, (p - 1) * count, x, at + (start + p) * inner, p * count, count);
        }
        for (int p = end - start - 1; p >= 0; p--) {
            int before = p == end - start - 1 ? -1 : (p + 1) * count;
            addRow(block.ends, before, x, at + (start + p) * inner, p * count, count);
        }
    }

    private static void ascending(float[] x, int at, int step, int n, double[] sums, int to, int toStep) {
        double sum = 0;
        for (int p = 0; p < n; p++) {
            sum += x[at + p * step];
            sums[to + p * toStep] = sum;
        }
    }

    private static void descending(float[] x, int at, int step, int n, double[] sums, int to, int toStep) {
        double sum = 0;
        for (int p = 0; p < n; p++) {
            sum += x[at - p * step];
            sums[to + (n - 1 - p) * toStep] = sum;
        }
    }

    private static void addRow(double[] sums, int before, float[] x, int at, int to, int count) {
        if (before < 0) {
            for (int c = 0; c < count; c++) {
                sums[to + c] = x[at + c];
            }
            return;
        }
        for (int c = 0; c < count; c++) {
            sums[to + c] = sums[before + c] + x[at + c];
        }
    }

    @Override
    public void window(int i) {
        int from = windows.from()[i];
        int last = windows.to()[i] - 1;
        int to = yAt + i * inner;
        if (last < from) {
            Arrays.fill(y, to, to + count, 0f);
        } else if (last >= early.end) {
            add(early.ends, (from - early.start) * count, late.beginnings, (last - late.start) * count, to);
        } else if (last + 1 == early.end) {
            store(early.ends, (from - early.start) * count, to);
        } else if (from == early.start) {
            store(early.beginnings, (last - early.start) * count, to);
        } else {
            addAll(from, last, to);
        }
    }

    private void add(double[] p, int pAt, double[] q, int qAt, int to) {
        for (int c = 0; c < count; c++) {
            y[to + c] = (float) (p[pAt + c] + q[qAt + c]);
        }
    }

    private void store(double[] sums, int from, int to) {
        for (int c = 0; c < count; c++) {
            y[to + c] = (float) sums[from + c];
        }
    }

    /** A window inside of a block, as there are few: most are as long as the longest, or end with the axis. */
    private void addAll(int from, int last, int to) {
        for (int c = 0; c < count; c++) {
            double sum = 0;
            for (int p = from; p <= last; p++) {
                sum += x[at + p * inner + c];
            }
            y[to + c] = (float) sum;
        }
    }
}
