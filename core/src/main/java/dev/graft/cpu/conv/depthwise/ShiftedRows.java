package dev.graft.cpu.conv.depthwise;

import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * The source rows that the taps of a block of neighbouring result pixels read: one shifted copy for each tap column,
 * zero outside the image. Copies are kept while the block moves down the image, so each source row is copied once for
 * all tap rows.
 */
final class ShiftedRows {
    private final ImageArray source;
    private final PixelMap map;
    private final int taps;
    private final float[][] copies;
    private final int[] held;
    private int image;
    private int firstColumn;
    private int pixels;

    ShiftedRows(ImageArray source, PixelMap map, int width, Workspace workspace) {
        this.source = source;
        this.map = map;
        this.taps = map.columnOffsets().length;
        int[] rowOffsets = map.rowOffsets();
        this.held = new int[rowOffsets.length == 0 ? 0 : rowOffsets[rowOffsets.length - 1] - rowOffsets[0] + 1];
        this.copies = workspace.rows(held.length * taps, width);
    }

    /** Moves to {@code pixels} result pixels of a row from {@code firstColumn}. */
    void moveTo(int image, int firstColumn, int pixels) {
        this.image = image;
        this.firstColumn = firstColumn;
        this.pixels = pixels;
        Arrays.fill(held, Integer.MIN_VALUE);
    }

    float[][] copies() {
        return copies;
    }

    /** Where in {@link #copies()} source row {@code h} lies, one copy per tap column; -1 outside the image. */
    int find(int h) {
        if (h < 0 || h >= source.height()) {
            return -1;
        }
        int slot = h % held.length;
        if (held[slot] != h) {
            held[slot] = h;
            for (int tap = 0; tap < taps; tap++) {
                load(h, firstColumn * map.stepW() + map.columnOffsets()[tap], copies[slot * taps + tap]);
            }
        }
        return slot * taps;
    }

    private void load(int h, int left, float[] copy) {
        int channels = source.channels();
        int step = map.stepW();
        int first = left >= 0 ? 0 : Math.min(pixels, (-left + step - 1) / step);
        int last = left >= source.width()
                ? first
                : Math.max(first, Math.min(pixels, (source.width() - left + step - 1) / step));
        Arrays.fill(copy, 0, first * channels, 0f);
        Arrays.fill(copy, last * channels, pixels * channels, 0f);
        if (first == last) {
            return;
        }
        int from = source.at() + source.place(image, h, left + first * step);
        if (step == 1) {
            System.arraycopy(source.data(), from, copy, first * channels, (last - first) * channels);
            return;
        }
        for (int i = first; i < last; i++, from += step * channels) {
            System.arraycopy(source.data(), from, copy, i * channels, channels);
        }
    }
}
