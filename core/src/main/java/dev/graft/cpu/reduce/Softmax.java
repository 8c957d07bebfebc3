package dev.graft.cpu.reduce;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;

/** Softmax and log-softmax over contiguous rows, shifted by the row's maximum so that nothing overflows. */
public final class Softmax {
    private static final int GRAIN = 1 << 13;

    private final ExecutionContext context;

    public Softmax(ExecutionContext context) {
        this.context = context;
    }

    public static int rowGrain(int width) {
        return Math.max(1, GRAIN / Math.max(1, width));
    }

    public void softmax(boolean log, View x, View y) {
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floatsToWrite(y);
        int width = x.dim(-1);
        context.forRange(width == 0 ? 0 : x.numel() / width, rowGrain(width), (from, to) -> {
            for (int r = from; r < to; r++) {
                row(log, xs, CpuStorage.offset(x) + r * width, ys, CpuStorage.offset(y) + r * width, width);
            }
        });
    }

    static void row(boolean log, float[] x, int xAt, float[] y, int yAt, int width) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < width; i++) {
            largest = Math.max(largest, x[xAt + i]);
        }
        double sum = 0;
        for (int i = 0; i < width; i++) {
            double e = Math.exp(x[xAt + i] - largest);
            sum += e;
            if (!log) {
                y[yAt + i] = (float) e;
            }
        }
        if (log) {
            // Not added to the maximum, beside which a logarithm may vanish.
            double shift = Math.log(sum);
            for (int i = 0; i < width; i++) {
                y[yAt + i] = (float) ((double) x[xAt + i] - largest - shift);
            }
        } else {
            float scale = (float) (1 / sum);
            for (int i = 0; i < width; i++) {
                y[yAt + i] *= scale;
            }
        }
    }

    /** {@code dx = y * (dy - sum(y * dy))}, or {@code dy - exp(y) * sum(dy)} for log-softmax. */
    public void softmaxBackward(boolean log, View y, View dy, View dx) {
        float[] ys = CpuStorage.floats(y);
        float[] dys = CpuStorage.floats(dy);
        float[] dxs = CpuStorage.floatsToWrite(dx);
        int width = y.dim(-1);
        context.forRange(width == 0 ? 0 : y.numel() / width, rowGrain(width), (from, to) -> {
            for (int r = from; r < to; r++) {
                int yAt = CpuStorage.offset(y) + r * width;
                int dyAt = CpuStorage.offset(dy) + r * width;
                int dxAt = CpuStorage.offset(dx) + r * width;
                double sum = 0;
                for (int i = 0; i < width; i++) {
                    sum += log ? dys[dyAt + i] : (double) ys[yAt + i] * dys[dyAt + i];
                }
                for (int i = 0; i < width; i++) {
                    dxs[dxAt + i] = (float)
                            (log ? dys[dyAt + i] - Math.exp(ys[yAt + i]) * sum : ys[yAt + i] * (dys[dyAt + i] - sum));
                }
            }
        });
    }
}
