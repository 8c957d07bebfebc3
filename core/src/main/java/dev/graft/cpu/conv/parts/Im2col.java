package dev.graft.cpu.conv.parts;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.HeapMatrixBuffer;
import dev.graft.cpu.memory.MatrixBuffer;

/**
 * Fills the rows of a matrix with the source pixels under the taps of each result pixel (im2col), by copies that are as
 * long as the layout allows.
 *
 * @param data images {@code [N, height, width, channels]} from {@code at}
 * @param channel the first of {@code count} channels taken
 */
public record Im2col(float[] data, int at, int height, int width, int channels, int channel, int count, PixelMap map) {

    /** Fewer channels than this are copied one by one: a call for them would take longer. */
    private static final int FEW = 8;

    /** Reads the channels-last view {@code x}, group 0. */
    public static Im2col of(View x, PixelMap map, Conv2dParams params) {
        return new Im2col(
                CpuStorage.floats(x),
                CpuStorage.offset(x),
                x.dim(2),
                x.dim(3),
                x.dim(1),
                0,
                x.dim(1) / params.groups(),
                map);
    }

    /** The same pixels, by another map. */
    public Im2col with(PixelMap other) {
        return new Im2col(data, at, height, width, channels, channel, count, other);
    }

    /** Floats per result pixel: tap rows, tap columns, channels. */
    public int depth() {
        return map.taps() * count;
    }

    /** Whether the gathered matrix is the image itself, as it is in memory. */
    public boolean isImage() {
        return count == channels && map.isIdentity(height, width);
    }

    /** The floats that {@link #fillColumns} writes: the columns that a row of results reads. */
    public int columnsLength() {
        return columnsRead() * map.rowOffsets().length * channels;
    }

    private int columnsRead() {
        return (map.columns() - 1) * map.stepW() + map.columnOffsets().length;
    }

    /**
     * Writes what row {@code q} of the results reads as {@code [column][kernel row][channel]}, zero outside the image.
     * If kernel columns are neighbours, the pixels of a result are contiguous, and begin {@code stepW} columns after
     * those of the previous result.
     *
     * @param follows whether {@code columns} holds what row {@code q - 1} of the same image reads: then most rows only
     *     move up by one
     */
    public void fillColumns(int image, int q, float[] columns, boolean follows) {
        int taps = map.rowOffsets().length;
        boolean moves = follows && map.stepH() < taps && map.rowOffsets()[taps - 1] - map.rowOffsets()[0] == taps - 1;
        int kept = moves ? taps - map.stepH() : 0;
        if (moves) {
            int shift = map.stepH() * channels;
            System.arraycopy(columns, shift, columns, 0, columnsLength() - shift);
        }
        for (int i = kept; i < taps; i++) {
            fillRow(image, q * map.stepH() + map.rowOffsets()[i], columns, i * channels, taps * channels);
        }
    }

    private void fillRow(int image, int h, float[] columns, int to, int step) {
        int left = map.columnOffsets()[0];
        int read = columnsRead();
        boolean inside = h >= 0 && h < height;
        int first = inside ? Math.max(0, Math.min(read, -left)) : read;
        int last = inside ? Math.max(first, Math.min(read, width - left)) : read;
        int from = at + ((image * height + h) * width + left) * channels;
        // Channels outermost: they are few, and a loop over them would be too short to be worth its start.
        for (int c = 0; c < channels; c++) {
            for (int column = 0; column < first; column++) {
                columns[to + column * step + c] = 0f;
            }
            for (int column = first; column < last; column++) {
                columns[to + column * step + c] = data[from + column * channels + c];
            }
            for (int column = last; column < read; column++) {
                columns[to + column * step + c] = 0f;
            }
        }
    }

    /**
     * Writes result pixels {@code [from, to)} of all images to consecutive rows of {@code buffer} from {@code panelAt}.
     */
    public void fill(int from, int to, MatrixBuffer buffer, int panelAt) {
        if (isImage()) {
            buffer.put(panelAt, data, at + from * channels, (to - from) * channels);
            return;
        }
        int[] rowOffsets = map.rowOffsets();
        boolean runs = count == channels && map.readsRuns();
        float[] few = count < FEW && buffer instanceof HeapMatrixBuffer heap ? heap.data() : null;
        int gridSize = map.rows() * map.columns();
        int target = panelAt;
        for (int p = from; p < to; p++) {
            int image = p / gridSize;
            int q = p % gridSize / map.columns();
            int r = p % map.columns();
            for (int rowOffset : rowOffsets) {
                int h = q * map.stepH() + rowOffset;
                if (h < 0 || h >= height) {
                    buffer.zero(target, map.columnOffsets().length * count);
                } else if (runs) {
                    fillRun((image * height + h) * width, r * map.stepW() + map.columnOffsets()[0], buffer, target);
                } else if (few != null) {
                    fillFew((image * height + h) * width, r * map.stepW(), few, target);
                } else {
                    fillTaps((image * height + h) * width, r * map.stepW(), buffer, target);
                }
                target += map.columnOffsets().length * count;
            }
        }
    }

    private void fillRun(int line, int left, MatrixBuffer buffer, int target) {
        int taps = map.columnOffsets().length;
        int first = Math.max(0, Math.min(taps, -left));
        int last = Math.max(first, Math.min(taps, width - left));
        if (first > 0) {
            buffer.zero(target, first * count);
        }
        if (last > first) {
            buffer.put(target + first * count, data, at + (line + left + first) * channels, (last - first) * count);
        }
        if (last < taps) {
            buffer.zero(target + last * count, (taps - last) * count);
        }
    }

    private void fillTaps(int line, int start, MatrixBuffer buffer, int target) {
        int to = target;
        for (int columnOffset : map.columnOffsets()) {
            int w = start + columnOffset;
            if (w < 0 || w >= width) {
                buffer.zero(to, count);
            } else {
                buffer.put(to, data, at + (line + w) * channels + channel, count);
            }
            to += count;
        }
    }

    private void fillFew(int line, int start, float[] target, int targetAt) {
        int to = targetAt;
        for (int columnOffset : map.columnOffsets()) {
            int w = start + columnOffset;
            int from = at + (line + w) * channels + channel;
            boolean inside = w >= 0 && w < width;
            for (int c = 0; c < count; c++) {
                target[to + c] = inside ? data[from + c] : 0f;
            }
            to += count;
        }
    }
}
