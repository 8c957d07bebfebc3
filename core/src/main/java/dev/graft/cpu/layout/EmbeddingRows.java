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
        int count = indices.numel();
        for (int i = 0; i < count; i++) {
            long value = values[first + i];
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
        context.forRange(y.dim(0), Math.max(1, GRAIN / Math.max(1, width)), (from, to) -> {
            for (int i = from; i < to; i++) {
                System.arraycopy(
                        source,
                        CpuStorage.offset(table) + (int) index[CpuStorage.offset(rows) + i] * width,
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
        int[] order = byRow(CpuStorage.of(rows).array(long[].class), CpuStorage.offset(rows), rows.numel(), ends);
        context.forRange(height, Math.max(1, GRAIN / Math.max(1, width)), (from, to) -> {
            Arrays.fill(target, CpuStorage.offset(dtable) + from * width, CpuStorage.offset(dtable) + to * width, 0f);
            for (int row = from; row < to; row++) {
                int first = row == 0 ? 0 : ends[row - 1];
                add(
                        gradient,
                        CpuStorage.offset(dy),
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
    private static int[] byRow(long[] index, int at, int count, int[] ends) {
        for (int i = 0; i < count; i++) {
            ends[(int) index[at + i] + 1]++;
        }
        for (int row = 1; row < ends.length; row++) {
            ends[row] += ends[row - 1];
        }
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            // The beginning of a row advances to its end.
            order[ends[(int) index[at + i]]++] = i;
        }
        return order;
    }

    private void add(float[] gradient, int at, int[] order, int first, int end, int width, float[] target, int to) {
        if (end - first <= FLOAT_ADDITIONS) {
            for (int i = first; i < end; i++) {
                addRow(gradient, at + order[i] * width, target, to, width);
            }
            return;
        }
        double[] totals = new double[width];
        float[] sums = context.workspace().floats(0, width);
        for (int start = first; start < end; start += FLOAT_ADDITIONS) {
            Arrays.fill(sums, 0, width, 0f);
            for (int i = start; i < Math.min(end, start + FLOAT_ADDITIONS); i++) {
                addRow(gradient, at + order[i] * width, sums, 0, width);
            }
            for (int c = 0; c < width; c++) {
                totals[c] += sums[c];
            }
        }
        for (int c = 0; c < width; c++) {
            target[to + c] = (float) totals[c];
        }
    }

    private static void addRow(float[] x, int xAt, float[] y, int yAt, int width) {
        for (int c = 0; c < width; c++) {
            y[yAt + c] += x[xAt + c];
        }
    }
}
