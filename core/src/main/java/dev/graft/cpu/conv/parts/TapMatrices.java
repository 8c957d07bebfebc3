package dev.graft.cpu.conv.parts;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.HeapMatrixBuffer;
import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.memory.PackedWeightCache;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Convolution weights as matrices {@code [depth][columns]}, one for each tap of the kernel: forward, depth is the input
 * channel and a column an output channel; for the input's gradient it is the reverse.
 *
 * @param taps where each tap lies, relative to the first
 */
public record TapMatrices(View view, int depth, int columns, int depthStride, int columnStride, int[] taps) {
    /** The number of columns that {@link #transpose} processes at a time. */
    private static final int COLUMNS = 8;

    /** All taps in order, for the convolution. */
    public static TapMatrices forward(View w) {
        int[] taps = new int[w.dim(2) * w.dim(3)];
        for (int t = 0; t < taps.length; t++) {
            taps[t] = offset(w, t / w.dim(3), t % w.dim(3));
        }
        return new TapMatrices(w, w.dim(1), w.dim(0), CpuStorage.stride(w, 1), CpuStorage.stride(w, 0), taps);
    }

    /** All taps rotated by 180 degrees, for the input's gradient with stride 1. */
    public static TapMatrices turned(View w) {
        int[] taps = forward(w).taps;
        int[] reversed = new int[taps.length];
        for (int t = 0; t < taps.length; t++) {
            reversed[t] = taps[taps.length - 1 - t];
        }
        return new TapMatrices(w, w.dim(0), w.dim(1), CpuStorage.stride(w, 0), CpuStorage.stride(w, 1), reversed);
    }

    /** The taps of one map for the input's gradient. */
    public static TapMatrices backward(View w, PixelMap map) {
        return new TapMatrices(w, w.dim(0), w.dim(1), CpuStorage.stride(w, 0), CpuStorage.stride(w, 1), taps(w, map));
    }

    /** The taps of one map of a depthwise convolution: matrices of one row. */
    public static TapMatrices depthwise(View w, PixelMap map) {
        return new TapMatrices(w, 1, w.dim(0), CpuStorage.stride(w, 1), CpuStorage.stride(w, 0), taps(w, map));
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
    public TapMatrices byColumns(int rows) {
        int columns = taps.length / rows;
        int[] turned = new int[taps.length];
        for (int t = 0; t < taps.length; t++) {
            turned[t] = taps[t % rows * columns + t / rows];
        }
        return new TapMatrices(view, depth, this.columns, depthStride, columnStride, turned);
    }

    private static int offset(View w, int row, int column) {
        return row * CpuStorage.stride(w, 2) + column * CpuStorage.stride(w, 3);
    }

    /**
     * Whether neighbouring columns are neighbours in memory and taps are evenly spaced. Such weights are read in place.
     */
    public boolean inPlace() {
        if (columnStride != 1) {
            return false;
        }
        for (int t = 2; t < taps.length; t++) {
            if (taps[t] - taps[t - 1] != tapStride()) {
                return false;
            }
        }
        return true;
    }

    /** The distance from one tap to the next, if weights are read in place. */
    public int tapStride() {
        return taps.length > 1 ? taps[1] - taps[0] : 0;
    }

    /** The position of depth 0 of a column's first tap, if weights are read in place. */
    public int at(int column) {
        return CpuStorage.offset(view) + taps[0] + column;
    }

    /**
     * Copies depths {@code [from, to)} of the {@code lanes} columns from {@code column} on to {@code block} at
     * {@code at}: element (depth, tap, lane) at {@code depth * depthStep + tap * tapStep + lane}.
     */
    public void gather(int column, int lanes, int from, int to, float[] block, int at, int depthStep, int tapStep) {
        float[] data = CpuStorage.floats(view);
        int start = CpuStorage.offset(view) + from * depthStride + column * columnStride;
        if (columnStride == 1) {
            for (int k = 0; k < to - from; k++) {
                for (int t = 0; t < taps.length; t++) {
                    System.arraycopy(
                            data, start + k * depthStride + taps[t], block, at + k * depthStep + t * tapStep, lanes);
                }
            }
            return;
        }
        // Columns innermost, so that memory which is not in cache is fetched from all of them at once.
        if (depthStride == 1 && lanes % COLUMNS == 0) {
            for (int t = 0; t < taps.length; t++) {
                for (int j = 0; j < lanes; j += COLUMNS) {
                    transpose(
                            data,
                            start + taps[t] + j * columnStride,
                            columnStride,
                            block,
                            at + t * tapStep + j,
                            depthStep,
                            to - from);
                }
            }
            return;
        }
        for (int t = 0; t < taps.length; t++) {
            for (int k = 0; k < to - from; k++) {
                int source = start + k * depthStride + taps[t];
                int target = at + k * depthStep + t * tapStep;
                for (int j = 0; j < lanes; j++) {
                    block[target + j] = data[source + j * columnStride];
                }
            }
        }
    }

    // Eight columns side by side, each read contiguously: the bounds of such steps are checked before the loop.
    private static void transpose(float[] data, int from, int column, float[] block, int to, int step, int depth) {
        int column1 = from + column;
        int column2 = from + 2 * column;
        int column3 = from + 3 * column;
        int column4 = from + 4 * column;
        int column5 = from + 5 * column;
        int column6 = from + 6 * column;
        int column7 = from + 7 * column;
        for (int k = 0; k < depth; k++) {
            int o = to + k * step;
            block[o] = data[from + k];
            block[o + 1] = data[column1 + k];
            block[o + 2] = data[column2 + k];
            block[o + 3] = data[column3 + k];
            block[o + 4] = data[column4 + k];
            block[o + 5] = data[column5 + k];
            block[o + 6] = data[column6 + k];
            block[o + 7] = data[column7 + k];
        }
    }

    /** The key of a copy that holds these matrices in {@code layout}. */
    public PackedWeightCache.Key key(String layout) {
        return PackedWeightCache.Key.of(
                layout, new int[] {CpuStorage.offset(view), depth, columns, depthStride, columnStride}, taps);
    }

    /**
     * A rearranged copy of {@code size} floats, which is kept with the weights while they do not change (see
     * {@link PackedWeightCache}).
     */
    public float[] packed(ExecutionContext context, String layout, int size, Consumer<float[]> pack) {
        return kept(layout, size, pack).orElseGet(() -> {
            float[] scratch = context.workspace().array(Workspace.Slot.SHARED_RIGHT, size);
            pack.accept(scratch);
            return scratch;
        });
    }

    /** A copy as {@link #packed} keeps it; empty if the weights have just changed. */
    public Optional<float[]> kept(String layout, int size, Consumer<float[]> pack) {
        CpuStorage storage = CpuStorage.of(view);
        Optional<MatrixBuffer> buffer = storage.packed()
                .find(
                        key(layout),
                        storage.content(),
                        size,
                        floats -> new HeapMatrixBuffer(new float[floats]),
                        p -> pack.accept(((HeapMatrixBuffer) p).data()));
        return buffer.map(p -> ((HeapMatrixBuffer) p).data());
    }
}
