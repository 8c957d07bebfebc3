package dev.graft.cpu.layout;

import dev.graft.backend.IndexRefusal;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import java.util.Arrays;
import java.util.OptionalLong;

/** Rows of a table by index. */
public final class EmbeddingRows {
    private static final int GRAIN = 1 << 14;
    /** Floats of a task that adds rows. */
    private static final int ADDED = 1 << 13;
    /** The least width of a row that is added as vectors. */
    private static final int VECTOR = 16;
    /** The most floats that are added before their sum is moved to double. */
    private static final int FLOAT_ADDITIONS = 32;

    private final ExecutionContext context;

    public EmbeddingRows(ExecutionContext context) {
        this.context = context;
    }

    /** Throws for the first index that is neither from 0 to {@code size - 1} nor ignored. */
    public static void check(View indices, long size, OptionalLong ignored, IndexRefusal refusal) {
        long[] values = CpuStorage.of(indices).array(long[].class);
        int first = CpuStorage.offset(indices);
        int step = CpuStorage.stride(indices, 0);
        int count = indices.numel();
        for (int i = 0; i < count; i++) {
            long value = values[first + i * step];
            if ((value < 0 || value >= size) && !(ignored.isPresent() && value == ignored.getAsLong())) {
                throw refusal.of(i, value);
            }
        }
    }

    public void gather(View table, View rows, View y) {
        float[] source = CpuStorage.floats(table);
        long[] index = CpuStorage.of(rows).array(long[].class);
        float[] target = CpuStorage.floatsToWrite(y);
        int width = y.dim(1);
        int first = CpuStorage.offset(rows);
        int step = CpuStorage.stride(rows, 0);
        context.forRange(y.dim(0), Math.max(1, GRAIN / Math.max(1, width)), (from, to) -> {
            for (int i = from; i < to; i++) {
                System.arraycopy(
                        source,
                        CpuStorage.offset(table) + (int) index[first + i * step] * width,
                        target,
                        CpuStorage.offset(y) + i * width,
                        width);
            }
        });
    }

    /** Sums in order of {@code i}; long sums are moved to double from time to time. */
    public void gatherBackward(View dy, View rows, View dtable) {
        float[] gradient = CpuStorage.floats(dy);
        float[] target = CpuStorage.floatsToWrite(dtable);
        int width = dtable.dim(1);
        int height = dtable.dim(0);
        int[] ends = new int[height + 1];
        int[] order = byRow(rows, ends);
        int step = CpuStorage.stride(dy, 0);
        int columnStep = CpuStorage.stride(dy, 1);
        context.forRange(height, Math.max(1, ADDED / Math.max(1, width)), (from, to) -> {
            Arrays.fill(target, CpuStorage.offset(dtable) + from * width, CpuStorage.offset(dtable) + to * width, 0f);
            for (int row = from; row < to; row++) {
                int first = row == 0 ? 0 : ends[row - 1];
                add(
                        gradient,
                        CpuStorage.offset(dy),
                        step,
                        columnStep,
                        order,
                        first,
                        ends[row],
                        width,
                        target,
                        CpuStorage.offset(dtable) + row * width);
            }
        });
    }

    /** The positions of each row, one row after another, in order; the end of each row is in {@code ends}. */
    private static int[] byRow(View rows, int[] ends) {
        long[] index = CpuStorage.of(rows).array(long[].class);
        int at = CpuStorage.offset(rows);
        int step = CpuStorage.stride(rows, 0);
        int count = rows.numel();
        for (int i = 0; i < count; i++) {
            ends[(int) index[at + i * step] + 1]++;
        }
        for (int row = 1; row < ends.length; row++) {
            ends[row] += ends[row - 1];
        }
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            // The beginning of a row advances to its end.
            order[ends[(int) index[at + i * step]]++] = i;
        }
        return order;
    }

    private void add(
            float[] gradient,
            int at,
            int step,
            int columnStep,
            int[] order,
            int first,
            int end,
            int width,
            float[] target,
            int to) {
        if (end - first <= FLOAT_ADDITIONS) {
            for (int i = first; i < end; i++) {
                addRow(gradient, at + order[i] * step, columnStep, target, to, width);
            }
            return;
        }
        double[] totals = new double[width];
        float[] sums = context.workspace().floats(0, width);
        for (int start = first; start < end; start += FLOAT_ADDITIONS) {
            Arrays.fill(sums, 0, width, 0f);
            for (int i = start; i < Math.min(end, start + FLOAT_ADDITIONS); i++) {
                addRow(gradient, at + order[i] * step, columnStep, sums, 0, width);
            }
            for (int c = 0; c < width; c++) {
                totals[c] += sums[c];
            }
        }
        for (int c = 0; c < width; c++) {
            target[to + c] = (float) totals[c];
        }
    }

    private void addRow(float[] x, int xAt, int xStep, float[] y, int yAt, int width) {
        if (xStep == 1 && width >= VECTOR) {
            context.elementLoops().add(x, xAt, y, yAt, width);
            return;
        }
        for (int c = 0; c < width; c++) {
            y[yAt + c] += x[xAt + c * xStep];
        }
    }
}
