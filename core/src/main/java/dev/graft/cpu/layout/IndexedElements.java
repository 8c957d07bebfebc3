package dev.graft.cpu.layout;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.type.DType;

/**
 * Elements that integer indices choose along one dimension. Both kernels walk whole runs of neighbours, for which one
 * index may stand: rows are then copied or added as rows.
 */
public final class IndexedElements {
    private static final int TASK = 1 << 15;
    /** The most floats that are added before their sum is moved to double. */
    private static final int FLOAT_ADDITIONS = 32;
    /** Sums that are kept in double at once. */
    private static final int SUMS = 1 << 16;

    private final ExecutionContext context;

    public IndexedElements(ExecutionContext context) {
        this.context = context;
    }

    /** {@code y[.., i, ..] = x[.., index[.., i, ..], ..]}. */
    public void gather(View x, int axis, View index, View y) {
        long[] strides = x.strides().clone();
        strides[axis] = 0;
        StridedWalk walk = StridedWalk.of(2, new View(x.storage(), x.offset(), y.shape(), strides), index, y);
        long[] is = CpuStorage.of(index).array(long[].class);
        int step = CpuStorage.stride(x, axis);
        if (y.dtype() == DType.F32) {
            float[] xs = CpuStorage.floats(x);
            float[] ys = CpuStorage.floatsToWrite(y);
            context.forRange(
                    walk.total(),
                    TASK,
                    (from, to) -> walk.runs(
                            2,
                            from,
                            to,
                            (at, position, count) -> gatherRun(
                                    xs,
                                    walk.at(0, position),
                                    walk.step(0),
                                    step,
                                    is,
                                    walk.at(1, position),
                                    walk.step(1),
                                    ys,
                                    at,
                                    walk.step(2),
                                    count)));
            return;
        }
        ElementAccess xs = ElementAccess.of(x);
        ElementAccess ys = ElementAccess.of(y);
        ys.changed();
        Object source = CpuStorage.of(x).array(Object.class);
        Object target = CpuStorage.of(y).array(Object.class);
        byte[] xBytes = x.dtype().bytes() == 1 ? CpuStorage.of(x).array(byte[].class) : null;
        byte[] yBytes = x.dtype().bytes() == 1 ? CpuStorage.of(y).array(byte[].class) : null;
        context.forRange(
                walk.total(),
                TASK,
                (from, to) -> walk.runs(2, from, to, (at, position, count) -> {
                    int xAt = walk.at(0, position);
                    int iAt = walk.at(1, position);
                    if (walk.step(0) == 1 && walk.step(1) == 0 && walk.step(2) == 1) {
                        System.arraycopy(source, xAt + (int) is[iAt] * step, target, at, count);
                        return;
                    }
                    if (xBytes != null && yBytes != null) {
                        int[] steps = {walk.step(0), walk.step(1), walk.step(2)};
                        gatherBytes(xBytes, xAt, is, iAt, yBytes, at, steps, step, count);
                        return;
                    }
                    for (int i = 0; i < count; i++) {
                        int chosen = (int) is[iAt + i * walk.step(1)] * step;
                        ys.setLong(at + i * walk.step(2), xs.getLong(xAt + i * walk.step(0) + chosen));
                    }
                }));
    }

    private static void gatherBytes(
            byte[] x, int xAt, long[] index, int iAt, byte[] y, int yAt, int[] steps, int axisStep, int count) {
        int xStep = steps[0];
        int iStep = steps[1];
        int yStep = steps[2];
        if (iStep == 1 && xStep == 0 && yStep == 1 && axisStep == 1) {
            for (int i = 0; i < count; i++) {
                y[yAt + i] = x[xAt + (int) index[iAt + i]];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[yAt + i * yStep] = x[xAt + i * xStep + (int) index[iAt + i * iStep] * axisStep];
        }
    }

    private static void gatherRun(
            float[] x,
            int xAt,
            int xStep,
            int axisStep,
            long[] index,
            int iAt,
            int iStep,
            float[] y,
            int yAt,
            int yStep,
            int count) {
        if (iStep == 0 && xStep == 1 && yStep == 1) {
            System.arraycopy(x, xAt + (int) index[iAt] * axisStep, y, yAt, count);
            return;
        }
        if (iStep == 1 && xStep == 0 && yStep == 1 && axisStep == 1) {
            for (int i = 0; i < count; i++) {
                y[yAt + i] = x[xAt + (int) index[iAt + i]];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[yAt + i * yStep] = x[xAt + i * xStep + (int) index[iAt + i * iStep] * axisStep];
        }
    }

    /** {@code y[.., index[.., i, ..], ..]} becomes {@code x[.., i, ..]} or grows by it, in order of {@code i}. */
    public void scatter(View x, int axis, View index, boolean add, View y) {
        Lines lines = new Lines(x, axis, index, y);
        int n = x.dim(axis);
        int grain = Math.max(1, TASK / Math.max(1, n));
        if (y.dtype() != DType.F32) {
            scatterIntegers(lines, ElementAccess.of(x), ElementAccess.of(y), add, grain);
            return;
        }
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floatsToWrite(y);
        int depth = y.dim(axis);
        boolean inDouble = add && n > FLOAT_ADDITIONS;
        int together = inDouble ? Math.max(1, SUMS / depth) : Integer.MAX_VALUE;
        context.forRange(lines.walk.total(), grain, (from, to) -> {
            double[] sums = new double[inDouble ? Math.min(together, to - from) * depth : 0];
            lines.walk.runs(2, from, to, (at, position, count) -> {
                int first = 0;
                while (first < count) {
                    int lineCount = Math.min(together, count - first);
                    if (inDouble) {
                        lines.addInDouble(xs, ys, position + first, lineCount, depth, sums);
                    } else {
                        lines.scatter(xs, ys, position + first, lineCount, add);
                    }
                    first += lineCount;
                }
            });
        });
    }

    private void scatterIntegers(Lines lines, ElementAccess xs, ElementAccess ys, boolean add, int grain) {
        ys.changed();
        context.forRange(lines.walk.total(), grain, (from, to) -> {
            for (int line = from; line < to; line++) {
                int xAt = lines.walk.at(0, line);
                int iAt = lines.walk.at(1, line);
                int yAt = lines.walk.at(2, line);
                for (int k = 0; k < lines.n; k++) {
                    int target = yAt + (int) lines.index[iAt + k * lines.iAxis] * lines.yAxis;
                    long value = xs.getLong(xAt + k * lines.xAxis);
                    ys.setLong(target, add ? ys.getLong(target) + value : value);
                }
            }
        });
    }

    /** The lines along one dimension of three views, and the walk over where they begin. */
    private static final class Lines {
        final StridedWalk walk;
        final int n;
        final long[] index;
        final int xAxis;
        final int iAxis;
        final int yAxis;

        Lines(View x, int axis, View index, View y) {
            walk = StridedWalk.of(
                    2, StridedWalk.first(x, axis), StridedWalk.first(index, axis), StridedWalk.first(y, axis));
            n = x.dim(axis);
            this.index = CpuStorage.of(index).array(long[].class);
            xAxis = CpuStorage.stride(x, axis);
            iAxis = CpuStorage.stride(index, axis);
            yAxis = CpuStorage.stride(y, axis);
        }

        void scatter(float[] x, float[] y, int line, int count, boolean add) {
            int xAt = walk.at(0, line);
            int iAt = walk.at(1, line);
            int yAt = walk.at(2, line);
            int xStep = walk.step(0);
            int iStep = walk.step(1);
            int yStep = walk.step(2);
            for (int k = 0; k < n; k++, xAt += xAxis, iAt += iAxis) {
                if (iStep == 0) {
                    row(x, xAt, xStep, y, yAt + (int) index[iAt] * yAxis, yStep, count, add);
                    continue;
                }
                for (int c = 0; c < count; c++) {
                    int to = yAt + c * yStep + (int) index[iAt + c * iStep] * yAxis;
                    y[to] = add ? y[to] + x[xAt + c * xStep] : x[xAt + c * xStep];
                }
            }
        }

        private static void row(float[] x, int xAt, int xStep, float[] y, int yAt, int yStep, int count, boolean add) {
            if (add) {
                for (int c = 0; c < count; c++) {
                    y[yAt + c * yStep] += x[xAt + c * xStep];
                }
            } else {
                for (int c = 0; c < count; c++) {
                    y[yAt + c * yStep] = x[xAt + c * xStep];
                }
            }
        }

        /** The same sums, in double from the first to the last. */
        void addInDouble(float[] x, float[] y, int line, int count, int depth, double[] sums) {
            int xAt = walk.at(0, line);
            int iAt = walk.at(1, line);
            int yAt = walk.at(2, line);
            int xStep = walk.step(0);
            int iStep = walk.step(1);
            int yStep = walk.step(2);
            if (count == 1) {
                addLineInDouble(x, xAt, y, yAt, iAt, depth, sums);
                return;
            }
            for (int d = 0; d < depth; d++) {
                for (int c = 0; c < count; c++) {
                    sums[d * count + c] = y[yAt + d * yAxis + c * yStep];
                }
            }
            for (int k = 0; k < n; k++, xAt += xAxis, iAt += iAxis) {
                if (iStep == 0) {
                    int to = (int) index[iAt] * count;
                    for (int c = 0; c < count; c++) {
                        sums[to + c] += x[xAt + c * xStep];
                    }
                    continue;
                }
                for (int c = 0; c < count; c++) {
                    sums[(int) index[iAt + c * iStep] * count + c] += x[xAt + c * xStep];
                }
            }
            for (int d = 0; d < depth; d++) {
                for (int c = 0; c < count; c++) {
                    y[yAt + d * yAxis + c * yStep] = (float) sums[d * count + c];
                }
            }
        }

        private void addLineInDouble(float[] x, int xAt, float[] y, int yAt, int iAt, int depth, double[] sums) {
            for (int d = 0; d < depth; d++) {
                sums[d] = y[yAt + d * yAxis];
            }
            for (int k = 0; k < n; k++) {
                sums[(int) index[iAt + k * iAxis]] += x[xAt + k * xAxis];
            }
            for (int d = 0; d < depth; d++) {
                y[yAt + d * yAxis] = (float) sums[d];
            }
        }
    }
}
