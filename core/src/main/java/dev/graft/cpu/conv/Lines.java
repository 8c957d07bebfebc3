package dev.graft.cpu.conv;

import dev.graft.cpu.conv.parts.Im2col;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.gemm.MicroKernel;
import java.util.Arrays;

/**
 * A convolution along lines: a kernel of one row and stride 1. Of every {@code dilation} results side by side, each
 * reads other pixels than its neighbours, so the results of a line are taken apart into as many sequences. In a copy of
 * the pixels that a sequence reads, the taps of a result are neighbours, and the next result begins one pixel later.
 * Every pixel is copied about once, where im2col copies it for every tap.
 *
 * @param dilation the distance between taps
 * @param length results of a sequence; some have one less
 * @param rows results of a block
 */
record Lines(Im2col source, int dilation, int length, int rows) {

    /** Floats of a block's pixels: they stay in the second-level cache. */
    private static final int GATHERED = 32 << 10;

    /** The fewest results of a sequence: shorter ones would not fill tiles. */
    private static final int LEAST = 16;

    /** Whether the map of {@code source} goes along lines, and whether copying pixels pays. */
    static boolean fit(Im2col source) {
        PixelMap map = source.map();
        int[] offsets = map.columnOffsets();
        if (map.rowOffsets().length != 1
                || offsets.length < 2
                || map.stepW() != 1
                || !map.fillsResult()
                || source.count() != source.channels()) {
            return false;
        }
        int dilation = offsets[1] - offsets[0];
        for (int j = 1; j < offsets.length; j++) {
            if (offsets[j] - offsets[j - 1] != dilation) {
                return false;
            }
        }
        return map.columns() / dilation >= Math.max(LEAST, offsets.length)
                && offsets.length * source.count() <= GATHERED;
    }

    /** @param most results of a block */
    static Lines of(Im2col source, int most) {
        int[] offsets = source.map().columnOffsets();
        int dilation = offsets[1] - offsets[0];
        int length = (source.map().columns() + dilation - 1) / dilation;
        int fitting = GATHERED / source.count() / MicroKernel.ROWS * MicroKernel.ROWS;
        int rows = MicroKernel.evenRows(length, Math.max(MicroKernel.ROWS, Math.min(most, fitting)));
        return new Lines(source, dilation, length, rows);
    }

    /** Blocks of {@code images} images. */
    int blocks(int images) {
        return images * source.map().rows() * dilation * blocksOfSequence();
    }

    private int blocksOfSequence() {
        return (length + rows - 1) / rows;
    }

    /** Floats that {@link #fill} writes at most. */
    int filled() {
        return (rows + taps() - 1) * source.count();
    }

    private int taps() {
        return source.map().columnOffsets().length;
    }

    /** The place of a block's first result, counted in pixels through all images. */
    int pixel(int block) {
        return line(block) * source.map().columns() + column(block);
    }

    private int line(int block) {
        return block / blocksOfSequence() / dilation;
    }

    private int column(int block) {
        return block / blocksOfSequence() % dilation + block % blocksOfSequence() * rows * dilation;
    }

    /** The results of a block, {@link #dilation} pixels apart: none, if its sequence is a short one. */
    int count(int block) {
        int left = source.map().columns() - column(block);
        return Math.max(0, Math.min(rows, (left + dilation - 1) / dilation));
    }

    /** Writes the pixels that a block reads, zero outside the image. */
    void fill(int block, float[] target) {
        PixelMap map = source.map();
        int channels = source.count();
        int line = line(block);
        int h = line % map.rows() * map.stepH() + map.rowOffsets()[0];
        int pixels = count(block) + taps() - 1;
        if (h < 0 || h >= source.height()) {
            Arrays.fill(target, 0, pixels * channels, 0f);
            return;
        }
        int start = (line / map.rows() * source.height() + h) * source.width();
        int first = column(block) + map.columnOffsets()[0];
        int i = 0;
        for (; i < pixels && first + i * dilation < 0; i++) {
            Arrays.fill(target, i * channels, (i + 1) * channels, 0f);
        }
        int inside = Math.min(pixels, (source.width() - first + dilation - 1) / dilation);
        if (dilation == 1 && inside > i) {
            System.arraycopy(
                    source.data(),
                    source.at() + (start + first + i) * channels,
                    target,
                    i * channels,
                    (inside - i) * channels);
            i = inside;
        }
        for (; i < inside; i++) {
            int from = source.at() + (start + first + i * dilation) * channels;
            System.arraycopy(source.data(), from, target, i * channels, channels);
        }
        if (i < pixels) {
            Arrays.fill(target, i * channels, pixels * channels, 0f);
        }
    }
}
