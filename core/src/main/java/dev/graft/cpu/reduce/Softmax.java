package dev.graft.cpu.reduce;

import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.RowLoops;
import dev.graft.cpu.run.Workspace;

/** Softmax and log-softmax over contiguous rows, shifted by the row's maximum so that nothing overflows. */
public final class Softmax {
    private static final int GRAIN = 1 << 13;

    private final ExecutionContext context;
    private final ShortRows shortRows;

    public Softmax(ExecutionContext context) {
        this.context = context;
        this.shortRows = new ShortRows(context);
    }

    public static int rowGrain(int width) {
        return Math.max(1, GRAIN / Math.max(1, width));
    }

    public void softmax(boolean log, View x, View y) {
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floatsToWrite(y);
        int width = x.dim(-1);
        int xAt = CpuStorage.offset(x);
        int yAt = CpuStorage.offset(y);
        context.forRange(
                width == 0 ? 0 : x.numel() / width,
                rowGrain(width),
                (from, to) -> rows(log, xs, xAt + from * width, ys, yAt + from * width, to - from, width));
    }

    /** Of {@code count} rows, one after another in memory. */
    void rows(boolean log, float[] x, int xAt, float[] y, int yAt, int count, int width) {
        if (width <= ShortRows.WIDEST) {
            shortRows.softmax(log, x, xAt, y, yAt, count, width);
            return;
        }
        for (int r = 0; r < count; r++) {
            row(log, x, xAt + r * width, y, yAt + r * width, width);
        }
    }

    private void row(boolean log, float[] x, int xAt, float[] y, int yAt, int width) {
        RowLoops loops = context.elementLoops().rows();
        float largest = loops.largest(x, xAt, width);
        if (log) {
            // Not added to the maximum, beside which a logarithm may vanish.
            float shift = (float) Math.log(sumOfExponentials(loops, x, xAt, largest, width));
            for (int i = 0; i < width; i++) {
                y[yAt + i] = x[xAt + i] - largest - shift;
            }
        } else {
            loops.exponentials(x, xAt, largest, y, yAt, width);
            float scale = (float) (1 / loops.sum(y, yAt, width));
            for (int i = 0; i < width; i++) {
                y[yAt + i] *= scale;
            }
        }
    }

    private double sumOfExponentials(RowLoops loops, float[] x, int at, float largest, int count) {
        float[] block = context.workspace().floats(0, Workspace.BLOCK);
        double sum = 0;
        for (int start = 0; start < count; start += Workspace.BLOCK) {
            int size = Math.min(Workspace.BLOCK, count - start);
            loops.exponentials(x, at + start, largest, block, 0, size);
            sum += loops.sum(block, 0, size);
        }
        return sum;
    }

    void exp(float[] x, float[] y, int from, int to) {
        context.elementLoops().unary(UnaryOp.EXP, 0f, 0f, x, y, from, to);
    }

    /** {@code dx = y * (dy - sum(y * dy))}, or {@code dy - exp(y) * sum(dy)} for log-softmax. */
    public void softmaxBackward(boolean log, View y, View dy, View dx) {
        float[] ys = CpuStorage.floats(y);
        float[] dys = CpuStorage.floats(dy);
        float[] dxs = CpuStorage.floatsToWrite(dx);
        int width = y.dim(-1);
        context.forRange(width == 0 ? 0 : y.numel() / width, rowGrain(width), (from, to) -> {
            int yAt = CpuStorage.offset(y) + from * width;
            int dyAt = CpuStorage.offset(dy) + from * width;
            int dxAt = CpuStorage.offset(dx) + from * width;
            int end = dxAt + (to - from) * width;
            if (log) {
                System.arraycopy(ys, yAt, dxs, dxAt, end - dxAt);
                exp(dxs, dxs, dxAt, end);
            }
            for (; dxAt < end; yAt += width, dyAt += width, dxAt += width) {
                if (log) {
                    float sum = (float) sum(dys, dyAt, width);
                    for (int i = 0; i < width; i++) {
                        dxs[dxAt + i] = dys[dyAt + i] - dxs[dxAt + i] * sum;
                    }
                } else {
                    float sum = (float) products(ys, yAt, dys, dyAt, width);
                    for (int i = 0; i < width; i++) {
                        dxs[dxAt + i] = ys[yAt + i] * (dys[dyAt + i] - sum);
                    }
                }
            }
        });
    }

    private double sum(float[] x, int at, int width) {
        if (width >= RowLoops.CHAINS) {
            return context.elementLoops().rows().sum(x, at, width);
        }
        double sum = 0;
        for (int i = 0; i < width; i++) {
            sum += x[at + i];
        }
        return sum;
    }

    private double products(float[] x, int xAt, float[] y, int yAt, int width) {
        if (width >= RowLoops.CHAINS) {
            return context.elementLoops().rows().products(x, xAt, y, yAt, width);
        }
        double sum = 0;
        for (int i = 0; i < width; i++) {
            sum += x[xAt + i] * y[yAt + i];
        }
        return sum;
    }
}
