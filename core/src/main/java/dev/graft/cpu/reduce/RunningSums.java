package dev.graft.cpu.reduce;

import dev.graft.backend.View;
import dev.graft.cpu.layout.StridedWalk;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import dev.graft.type.DType;
import java.util.Arrays;

/** Sums of all elements up to each one along a dimension, in double precision. */
public final class RunningSums {
    private static final int TASK = 1 << 14;

    private final ExecutionContext context;

    public RunningSums(ExecutionContext context) {
        this.context = context;
    }

    /**
     * The sums of all elements up to each one along an axis.
     *
     * @param reverse whether the sums begin at the end
     */
    public void cumsum(View x, int axis, boolean reverse, View y) {
        StridedWalk walk = StridedWalk.of(1, StridedWalk.first(x, axis), StridedWalk.first(y, axis));
        int n = x.dim(axis);
        int last = reverse ? n - 1 : 0;
        int xStep = reverse ? -CpuStorage.stride(x, axis) : CpuStorage.stride(x, axis);
        int yStep = reverse ? -CpuStorage.stride(y, axis) : CpuStorage.stride(y, axis);
        int grain = Math.max(1, TASK / Math.max(1, n));
        if (n == 0) {
            return;
        }
        int xStart = last * CpuStorage.stride(x, axis);
        int yStart = last * CpuStorage.stride(y, axis);
        if (y.dtype() == DType.F32) {
            float[] xs = CpuStorage.floats(x);
            float[] ys = CpuStorage.floatsToWrite(y);
            context.forRange(walk.total(), grain, (from, to) -> {
                double[] sums = new double[Math.min(to - from, Workspace.BLOCK)];
                for (int start = from; start < to; start += Workspace.BLOCK) {
                    int end = Math.min(to, start + Workspace.BLOCK);
                    walk.runs(
                            1,
                            start,
                            end,
                            (at, position, count) -> run(
                                    xs,
                                    walk.at(0, position) + xStart,
                                    walk.step(0),
                                    xStep,
                                    ys,
                                    at + yStart,
                                    walk.step(1),
                                    yStep,
                                    n,
                                    count,
                                    sums));
                }
            });
            return;
        }
        long[] xs = CpuStorage.of(x).array(long[].class);
        CpuStorage target = CpuStorage.of(y);
        target.changed();
        long[] ys = target.array(long[].class);
        context.forRange(walk.total(), grain, (from, to) -> {
            long[] sums = new long[Math.min(to - from, Workspace.BLOCK)];
            for (int start = from; start < to; start += Workspace.BLOCK) {
                walk.runs(
                        1,
                        start,
                        Math.min(to, start + Workspace.BLOCK),
                        (at, position, count) -> run(
                                xs,
                                walk.at(0, position) + xStart,
                                walk.step(0),
                                xStep,
                                ys,
                                at + yStart,
                                walk.step(1),
                                yStep,
                                n,
                                count,
                                sums));
            }
        });
    }

    private static void run(
            long[] x,
            int xAt,
            int xLine,
            int xStep,
            long[] y,
            int yAt,
            int yLine,
            int yStep,
            int n,
            int count,
            long[] sums) {
        if (count == 1 || Math.abs(xStep) == 1) {
            for (int c = 0; c < count; c++) {
                long sum = 0;
                for (int k = 0; k < n; k++) {
                    sum += x[xAt + c * xLine + k * xStep];
                    y[yAt + c * yLine + k * yStep] = sum;
                }
            }
            return;
        }
        Arrays.fill(sums, 0, count, 0);
        for (int k = 0; k < n; k++) {
            int xRow = xAt + k * xStep;
            int yRow = yAt + k * yStep;
            for (int c = 0; c < count; c++) {
                sums[c] += x[xRow + c * xLine];
                y[yRow + c * yLine] = sums[c];
            }
        }
    }

    private static void run(
            float[] x,
            int xAt,
            int xLine,
            int xStep,
            float[] y,
            int yAt,
            int yLine,
            int yStep,
            int n,
            int count,
            double[] sums) {
        if (count == 1) {
            double sum = 0;
            for (int k = 0; k < n; k++) {
                sum += x[xAt + k * xStep];
                y[yAt + k * yStep] = (float) sum;
            }
            return;
        }
        Arrays.fill(sums, 0, count, 0);
        for (int k = 0; k < n; k++) {
            int xRow = xAt + k * xStep;
            int yRow = yAt + k * yStep;
            for (int c = 0; c < count; c++) {
                sums[c] += x[xRow + c * xLine];
                y[yRow + c * yLine] = (float) sums[c];
            }
        }
    }
}
