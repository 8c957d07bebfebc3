package dev.graft.cpu.pool;

import dev.graft.backend.BinaryOp;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * Maxima of windows and their positions. Small windows are processed tap by tap over blocks of neighbouring output
 * pixels: first the maxima, then, from the last tap to the first, the taps that equal them.
 */
final class PlainMaxPool {
    // All taps of a block must stay in the first-level cache.
    private static final int MOST_TAPS = 16;
    private static final int BLOCK = 512;

    private final ExecutionContext context;
    private final PoolWindows windows;
    private final float[] x;
    private final int width;
    private final int channels;

    PlainMaxPool(ExecutionContext context, PoolWindows windows, float[] x, int width, int channels) {
        this.context = context;
        this.windows = windows;
        this.x = x;
        this.width = width;
        this.channels = channels;
    }

    /**
     * One output row: {@code image} is the start of its image in {@code x}; {@code yAt} and {@code indexAt} are the
     * starts of the row.
     */
    void row(int image, int row, float[] y, int yAt, int[] index, int indexAt) {
        int top = windows.top()[row];
        int height = windows.bottom()[row] - top;
        int columns = windows.outputWidth();
        int pixels = Math.max(1, BLOCK / channels);
        for (int first = 0; first < columns; first += pixels) {
            int last = Math.min(columns, first + pixels);
            int widest = 0;
            for (int c = first; c < last; c++) {
                widest = Math.max(widest, windows.right()[c] - windows.left()[c]);
            }
            if (height * widest <= MOST_TAPS) {
                block(image, top, height, widest, first, last, y, yAt, index, indexAt);
            } else {
                for (int c = first; c < last; c++) {
                    for (int k = 0; k < channels; k++) {
                        window(image, row, c, k, y, yAt + c * channels + k, index, indexAt + c * channels + k);
                    }
                }
            }
        }
    }

    private void block(
            int image,
            int top,
            int height,
            int widest,
            int first,
            int last,
            float[] y,
            int yAt,
            int[] index,
            int indexAt) {
        ElementLoops kernels = context.elementLoops();
        Workspace workspace = context.workspace();
        int count = (last - first) * channels;
        float[] best = workspace.floats(0, count);
        float[] chosen = workspace.floats(1, count);
        Arrays.fill(best, 0, count, Float.NEGATIVE_INFINITY);
        float[][] taps = workspace.rows(height * widest, count);
        for (int tap = 0; tap < height * widest; tap++) {
            load(image + (top + tap / widest) * width * channels, tap % widest, first, last, taps[tap]);
            kernels.binary(BinaryOp.MAXIMUM, taps[tap], best, best, 0, count);
        }
        Arrays.fill(chosen, 0, count, 0f);
        for (int tap = height * widest - 1; tap >= 0; tap--) {
            kernels.markEqual(best, taps[tap], tap, chosen, 0, count);
        }
        System.arraycopy(best, 0, y, yAt + first * channels, count);
        int[] places = new int[Math.max(1, height * widest)];
        for (int tap = 0; tap < height * widest; tap++) {
            places[tap] = tap / widest * width + tap % widest;
        }
        for (int column = first, i = 0; column < last; column++) {
            int corner = top * width + windows.left()[column];
            int at = indexAt + column * channels;
            for (int k = 0; k < channels; k++, i++) {
                index[at + k] = corner + places[(int) chosen[i]];
                if (Float.isNaN(chosen[i])) {
                    index[at + k] = place(image, top, top + height, column, k);
                }
            }
        }
    }

    // Columns beyond a window's edge are minus infinity, and never the maximum.
    private void load(int line, int tap, int first, int last, float[] block) {
        for (int column = first; column < last; column++) {
            int at = (column - first) * channels;
            int place = windows.left()[column] + tap;
            if (place < windows.right()[column]) {
                System.arraycopy(x, line + place * channels, block, at, channels);
            } else {
                Arrays.fill(block, at, at + channels, Float.NEGATIVE_INFINITY);
            }
        }
    }

    private void window(int image, int row, int column, int channel, float[] y, int yAt, int[] index, int indexAt) {
        int place = place(image, windows.top()[row], windows.bottom()[row], column, channel);
        y[yAt] = x[image + place * channels + channel];
        index[indexAt] = place;
    }

    /** The position of the first largest element; NaN counts as largest. */
    private int place(int image, int top, int bottom, int column, int channel) {
        int left = windows.left()[column];
        int right = windows.right()[column];
        int found = top * width + left;
        float best = x[image + found * channels + channel];
        for (int h = top; h < bottom; h++) {
            for (int w = left; w < right; w++) {
                float v = x[image + (h * width + w) * channels + channel];
                if (v > best || (Float.isNaN(v) && !Float.isNaN(best))) {
                    best = v;
                    found = h * width + w;
                }
            }
        }
        return found;
    }
}
