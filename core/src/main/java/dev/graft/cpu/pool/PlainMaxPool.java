package dev.graft.cpu.pool;

import dev.graft.backend.BinaryOp;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.Optional;

/**
 * Maxima of windows and their positions, for any windows: first the maxima down the columns of a row of windows, and
 * the first image row that has each, over contiguous memory; then across the columns of each window. The work grows
 * with the side of a window, not with its area.
 */
final class PlainMaxPool {
    /** The floats of an image row that are taken at once, few enough for the first-level cache. */
    private static final int BLOCK = Workspace.BLOCK;
    /** With fewer channels, a loop over them costs more to begin than to run. */
    private static final int FEW = 16;

    private final ExecutionContext context;
    private final PoolWindows windows;
    private final float[] x;
    private final int rowFloats;
    private final int width;
    private final int channels;

    PlainMaxPool(ExecutionContext context, PoolWindows windows, float[] x, int width, int channels) {
        this.context = context;
        this.windows = windows;
        this.x = x;
        this.rowFloats = width * channels;
        this.width = width;
        this.channels = channels;
    }

    /**
     * One output row: {@code image} is the start of its image in {@code x}; {@code yAt} and {@code indexAt} are the
     * starts of the row.
     */
    void row(int image, int row, float[] y, int yAt, Optional<int[]> index, int indexAt) {
        int top = windows.top()[row];
        int bottom = windows.bottom()[row];
        Workspace workspace = context.workspace();
        float[] largest = workspace.floats(0, rowFloats);
        if (index.isEmpty()) {
            for (int from = 0; from < rowFloats; from += BLOCK) {
                largestDown(image, top, bottom, from, Math.min(rowFloats, from + BLOCK), largest, workspace);
            }
            across(largest, y, yAt);
            return;
        }
        float[] rows = workspace.floats(1, rowFloats);
        for (int from = 0; from < rowFloats; from += BLOCK) {
            int to = Math.min(rowFloats, from + BLOCK);
            largestDown(image, top, bottom, from, to, largest, workspace);
            rowsDown(image, top, bottom, from, to, largest, rows, workspace);
        }
        across(largest, rows, top, y, yAt, index.get(), indexAt);
    }

    private void largestDown(int image, int top, int bottom, int from, int to, float[] largest, Workspace workspace) {
        ElementLoops kernels = context.elementLoops();
        float[] line = workspace.floats(2, rowFloats);
        System.arraycopy(x, image + top * rowFloats + from, largest, from, to - from);
        for (int h = top + 1; h < bottom; h++) {
            System.arraycopy(x, image + h * rowFloats + from, line, from, to - from);
            kernels.binary(BinaryOp.MAXIMUM, line, largest, largest, from, to);
        }
    }

    /** The rows, from {@code top} on, that have the maxima first. */
    private void rowsDown(
            int image, int top, int bottom, int from, int to, float[] largest, float[] rows, Workspace workspace) {
        ElementLoops kernels = context.elementLoops();
        float[] line = workspace.floats(2, rowFloats);
        Arrays.fill(rows, from, to, 0f);
        for (int h = bottom - 1; h >= top && bottom - top > 1; h--) {
            System.arraycopy(x, image + h * rowFloats + from, line, from, to - from);
            kernels.markEqual(largest, line, h - top, rows, from, to);
        }
        for (int i = from; i < to; i++) {
            if (Float.isNaN(rows[i])) {
                rows[i] = firstDown(image + i, top, bottom) - top;
            }
        }
    }

    /** The row of the first largest element; NaN counts as largest. */
    private int firstDown(int at, int top, int bottom) {
        int found = top;
        float best = x[at + top * rowFloats];
        for (int h = top + 1; h < bottom; h++) {
            float v = x[at + h * rowFloats];
            if (v > best || (Float.isNaN(v) && !Float.isNaN(best))) {
                best = v;
                found = h;
            }
        }
        return found;
    }

    private void across(float[] largest, float[] y, int yAt) {
        for (int column = 0; column < windows.outputWidth(); column++) {
            int left = windows.left()[column] * channels;
            int right = windows.right()[column] * channels;
            int at = yAt + column * channels;
            if (channels < FEW) {
                for (int c = 0; c < channels; c++) {
                    float best = largest[left + c];
                    for (int place = left + channels + c; place < right; place += channels) {
                        best = Math.max(best, largest[place]);
                    }
                    y[at + c] = best;
                }
                continue;
            }
            System.arraycopy(largest, left, y, at, channels);
            for (int place = left + channels; place < right; place += channels) {
                for (int c = 0; c < channels; c++) {
                    y[at + c] = Math.max(y[at + c], largest[place + c]);
                }
            }
        }
    }

    private void across(float[] largest, float[] rows, int top, float[] y, int yAt, int[] index, int indexAt) {
        for (int column = 0; column < windows.outputWidth(); column++) {
            int left = windows.left()[column];
            int right = windows.right()[column] * channels;
            for (int c = 0; c < channels; c++) {
                int found = left * channels + c;
                float best = largest[found];
                float row = rows[found];
                for (int place = found + channels; place < right; place += channels) {
                    float v = largest[place];
                    boolean same = v == best || (Float.isNaN(v) && Float.isNaN(best));
                    if (v > best || (same ? rows[place] < row : Float.isNaN(v))) {
                        best = v;
                        row = rows[place];
                        found = place;
                    }
                }
                int at = column * channels + c;
                y[yAt + at] = best;
                index[indexAt + at] = (top + (int) row) * width + found / channels;
            }
        }
    }
}
