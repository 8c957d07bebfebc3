package dev.graft.cpu;

import dev.graft.backend.View;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Convolution weights as matrices {@code [depth][columns]}, one for each tap of the kernel: forward, depth is the input channel and a
 * column an output channel; for the input's gradient it is the other way about.
 *
 * @param taps    where each tap lies, relative to the first
 * @param regular whether they are 3x3 taps at even distances
 */
record TapWeights(View view, int depth, int columns, int depthStride, int columnStride, int[] taps, boolean regular) {

    private static final int PIECE = 32;

    private TapWeights(View view, int depth, int columns, int depthStride, int columnStride, int[] taps) {
        this(view, depth, columns, depthStride, columnStride, taps, isRegular(taps));
    }

    private static boolean isRegular(int[] taps) {
        if (taps.length != 9) {
            return false;
        }
        int step = taps[1] - taps[0];
        int row = taps[3] - taps[0];
        for (int t = 0; t < 9; t++) {
            if (taps[t] != taps[0] + t / 3 * row + t % 3 * step) {
                return false;
            }
        }
        return true;
    }

    /** All taps in order, for the convolution. */
    static TapWeights forward(View w) {
        int[] taps = new int[w.dim(2) * w.dim(3)];
        for (int t = 0; t < taps.length; t++) {
            taps[t] = offset(w, t / w.dim(3), t % w.dim(3));
        }
        return new TapWeights(w, w.dim(1), w.dim(0), w.strides()[1], w.strides()[0], taps);
    }

    /** All taps turned by 180 degrees, for the input's gradient with stride 1. */
    static TapWeights turned(View w) {
        int[] taps = forward(w).taps;
        int[] reversed = new int[taps.length];
        for (int t = 0; t < taps.length; t++) {
            reversed[t] = taps[taps.length - 1 - t];
        }
        return new TapWeights(w, w.dim(0), w.dim(1), w.strides()[0], w.strides()[1], reversed);
    }

    /** The taps of one map to the input's gradient. */
    static TapWeights backward(View w, PixelMap map) {
        return new TapWeights(w, w.dim(0), w.dim(1), w.strides()[0], w.strides()[1], taps(w, map));
    }

    /** The taps of one map of a depthwise convolution: matrices of one row. */
    static TapWeights depthwise(View w, PixelMap map) {
        return new TapWeights(w, 1, w.dim(0), w.strides()[1], w.strides()[0], taps(w, map));
    }

    private static int[] taps(View w, PixelMap map) {
        int[] taps = new int[map.taps()];
        int t = 0;
        for (int row : map.kernelRows()) {
            for (int column : map.kernelColumns()) {
                taps[t++] = offset(w, row, column);
            }
        }
        return taps;
    }

    /** The taps of {@code rows} kernel rows, column by column. */
    TapWeights byColumns(int rows) {
        int columns = taps.length / rows;
        int[] turned = new int[taps.length];
        for (int t = 0; t < taps.length; t++) {
            turned[t] = taps[t % rows * columns + t / rows];
        }
        return new TapWeights(view, depth, this.columns, depthStride, columnStride, turned);
    }

    private static int offset(View w, int row, int column) {
        return row * w.strides()[2] + column * w.strides()[3];
    }

    /**
     * Copies depths {@code [from, to)} of the {@code lanes} columns from {@code column} on to {@code block} at {@code at}: element
     * (depth, tap, lane) at {@code depth * depthStep + tap * tapStep + lane}.
     */
    void gather(int column, int lanes, int from, int to, float[] block, int at, int depthStep, int tapStep) {
        float[] data = CpuStorage.floats(view);
        int start = view.offset() + from * depthStride + column * columnStride;
        // In the order in which the weights lie in memory, by pieces of which what is written stays in the first-level cache.
        if (columnStride > depthStride) {
            for (int first = 0; first < to - from; first += PIECE) {
                int last = Math.min(to - from, first + PIECE);
                for (int j = 0; j < lanes; j++) {
                    for (int k = first; k < last; k++) {
                        copyTaps(data, start + j * columnStride + k * depthStride, block, at + k * depthStep + j, tapStep);
                    }
                }
            }
        } else {
            for (int k = 0; k < to - from; k++) {
                for (int j = 0; j < lanes; j++) {
                    copyTaps(data, start + j * columnStride + k * depthStride, block, at + k * depthStep + j, tapStep);
                }
            }
        }
    }

    private void copyTaps(float[] data, int from, float[] block, int to, int step) {
        if (regular) {
            copy9(data, from, block, to, step);
            return;
        }
        for (int t = 0; t < taps.length; t++) {
            block[to + t * step] = data[from + taps[t]];
        }
    }

    // All weights pass here at every step of a training: written out, this takes half the time of the loop.
    private void copy9(float[] data, int from, float[] block, int to, int step) {
        int up = taps[1] - taps[0];
        int row = taps[3] - taps[0];
        int first = from + taps[0];
        int second = first + row;
        int third = second + row;
        block[to] = data[first];
        block[to + step] = data[first + up];
        block[to + 2 * step] = data[first + 2 * up];
        block[to + 3 * step] = data[second];
        block[to + 4 * step] = data[second + up];
        block[to + 5 * step] = data[second + 2 * up];
        block[to + 6 * step] = data[third];
        block[to + 7 * step] = data[third + up];
        block[to + 8 * step] = data[third + 2 * up];
    }

    /** A rearranged copy of {@code size} floats, kept with the weights while they do not change; see {@link PackedWeights}. */
    float[] packed(Engine engine, String layout, int size, Consumer<float[]> pack) {
        CpuStorage storage = CpuStorage.of(view);
        PackedWeights.Key key = PackedWeights.Key.of(view, layout + " " + depthStride + " " + Arrays.toString(taps));
        Panel panel = storage.packed().get(key, storage.content(), () -> new ArrayPanel(new float[size]),
                () -> new ArrayPanel(engine.workspace().array(Workspace.Slot.SHARED_RIGHT, size)),
                p -> pack.accept(((ArrayPanel) p).data()));
        return ((ArrayPanel) panel).data();
    }
}
