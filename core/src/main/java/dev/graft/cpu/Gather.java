package dev.graft.cpu;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.View;
import java.util.Arrays;

/**
 * Fills the rows of a matrix with the source pixels under each result pixel's taps ("im2col"), by copies as long as the layout allows.
 *
 * @param data     images {@code [N, height, width, channels]} from {@code at}
 * @param channel  the first of {@code count} channels taken
 */
record Gather(float[] data, int at, int height, int width, int channels, int channel, int count, PixelMap map) {

    /** Reads the channels-last view {@code x}, group 0. */
    static Gather of(View x, PixelMap map, Conv2dParams params) {
        return new Gather(CpuStorage.floats(x), x.offset(), x.dim(2), x.dim(3), x.dim(1), 0, x.dim(1) / params.groups(), map);
    }

    /** The same pixels by another map. */
    Gather with(PixelMap other) {
        return new Gather(data, at, height, width, channels, channel, count, other);
    }

    /** Floats per result pixel: tap rows, tap columns, channels. */
    int depth() {
        return map.taps() * count;
    }

    /** Whether the gathered matrix is the image as it lies in memory. */
    boolean isImage() {
        return count == channels && map.isIdentity(height, width);
    }

    /** Floats that {@link #fillColumns} writes: the columns that a row of results reads, and the widest tile to read beyond them. */
    int columnsLength() {
        return columnsRead() * map.rowOffsets().length * channels + 64;
    }

    private int columnsRead() {
        return (map.columns() - 1) * map.stepW() + map.columnOffsets().length;
    }

    /**
     * Writes what row {@code q} of the results reads as {@code [column][kernel row][channel]}, zero outside the image. Where kernel
     * columns are neighbours, the pixels of a result lie one after the other, {@code stepW} columns after those of the result before.
     */
    void fillColumns(int image, int q, float[] columns) {
        int taps = map.rowOffsets().length;
        int left = map.columnOffsets()[0];
        int read = columnsRead();
        int first = Math.max(0, Math.min(read, -left));
        int last = Math.max(first, Math.min(read, width - left));
        int step = taps * channels;
        Arrays.fill(columns, 0, columnsLength(), 0f);
        for (int i = 0; i < taps; i++) {
            int h = q * map.stepH() + map.rowOffsets()[i];
            if (h >= 0 && h < height) {
                int from = at + ((image * height + h) * width + left + first) * channels;
                for (int column = first; column < last; column++) {
                    int to = column * step + i * channels;
                    for (int c = 0; c < channels; c++) {
                        columns[to + c] = data[from++];
                    }
                }
            }
        }
    }

    /** Writes result pixels {@code [from, to)} of all images to consecutive rows of {@code panel} from {@code panelAt}. */
    void fill(int from, int to, Panel panel, int panelAt) {
        if (isImage()) {
            panel.put(panelAt, data, at + from * channels, (to - from) * channels);
            return;
        }
        int[] rowOffsets = map.rowOffsets();
        boolean runs = count == channels && map.readsRuns();
        int gridSize = map.rows() * map.columns();
        int target = panelAt;
        for (int p = from; p < to; p++) {
            int image = p / gridSize;
            int q = p % gridSize / map.columns();
            int r = p % map.columns();
            for (int rowOffset : rowOffsets) {
                int h = q * map.stepH() + rowOffset;
                if (h < 0 || h >= height) {
                    panel.zero(target, map.columnOffsets().length * count);
                } else if (runs) {
                    fillRun((image * height + h) * width, r * map.stepW() + map.columnOffsets()[0], panel, target);
                } else {
                    fillTaps((image * height + h) * width, r * map.stepW(), panel, target);
                }
                target += map.columnOffsets().length * count;
            }
        }
    }

    private void fillRun(int line, int left, Panel panel, int target) {
        int taps = map.columnOffsets().length;
        int first = Math.max(0, Math.min(taps, -left));
        int last = Math.max(first, Math.min(taps, width - left));
        if (first > 0) {
            panel.zero(target, first * count);
        }
        if (last > first) {
            panel.put(target + first * count, data, at + (line + left + first) * channels, (last - first) * count);
        }
        if (last < taps) {
            panel.zero(target + last * count, (taps - last) * count);
        }
    }

    private void fillTaps(int line, int start, Panel panel, int target) {
        int to = target;
        for (int columnOffset : map.columnOffsets()) {
            int w = start + columnOffset;
            if (w < 0 || w >= width) {
                panel.zero(to, count);
            } else {
                panel.put(to, data, at + (line + w) * channels + channel, count);
            }
            to += count;
        }
    }
}
