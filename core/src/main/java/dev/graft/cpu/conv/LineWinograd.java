package dev.graft.cpu.conv;

import dev.graft.cpu.conv.parts.Im2col;
import dev.graft.cpu.conv.winograd.LineTransforms;
import dev.graft.cpu.gemm.MicroKernel;
import dev.graft.cpu.run.Vectors;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * {@link Lines} by Winograd's algorithm ({@link LineTransforms}): what a block reads is transformed, so that at each of
 * its 7 points there is a convolution along a line of tiles, with a tap for each group of 4 taps.
 *
 * @param groups of 4 taps, the last of which may lack some
 */
record LineWinograd(Lines lines, int channels, int groups) {
    private static final int TILE = LineTransforms.TILE;
    private static final int POINTS = LineTransforms.POINTS;

    /** Results of a block, if there are enough: then tiles fill the micro-kernel's rows. */
    private static final int ROWS = 32;

    private static final int MAX_ROWS = 192;
    /** Tasks that keep threads busy. */
    private static final int TASKS = 16;
    /** Transformed weights that stay in the second-level cache, or nearly. */
    private static final int MAX_WEIGHTS = 1 << 19;
    /** Depth of a sum. */
    private static final int MAX_DEPTH = 4096;

    /**
     * Whether it pays for a source that {@link Lines} fit: channels fill vectors, and products outweigh transforms.
     *
     * @param width of a result, in whole vectors
     */
    static boolean pays(Im2col source, int width) {
        long taps = source.map().columnOffsets().length;
        long channels = source.count();
        long groups = (taps + TILE - 1) / TILE;
        if (channels % Vectors.LANES != 0
                || taps < TILE
                || groups * channels > MAX_DEPTH
                || POINTS * groups * channels * width > MAX_WEIGHTS) {
            return false;
        }
        // vector operations for a tile of results
        long vectors = channels * width / Vectors.LANES;
        long transforms = (50 * channels + 40L * width) / Vectors.LANES;
        return 1.15 * (POINTS * groups * vectors + transforms) < TILE * taps * vectors;
    }

    /** @param images how many there are, because small work is cut into smaller blocks */
    static LineWinograd of(Im2col source, int images) {
        Lines least = Lines.of(source, ROWS);
        int length = least.length();
        int sequences = images * source.map().rows() * least.dilation();
        int most = Math.max(ROWS, Math.min(MAX_ROWS, (int) ((long) sequences * length / TASKS) / ROWS * ROWS));
        int blocks = (length + most - 1) / most;
        int even = (length + blocks - 1) / blocks;
        int rows = even < ROWS ? (even + TILE - 1) / TILE * TILE : (even + ROWS - 1) / ROWS * ROWS;
        return new LineWinograd(
                new Lines(source, least.dilation(), length, rows),
                source.count(),
                (source.map().columnOffsets().length + TILE - 1) / TILE);
    }

    /** Depth of the sums at each point. */
    int depth() {
        return groups * channels;
    }

    /** Tiles of the results of a block. */
    int tiles(int count) {
        return (count + TILE - 1) / TILE;
    }

    /** The distance from one point to the next of what a block reads. */
    int inputPosition() {
        return position((tiles(lines.rows()) + groups - 1) * channels);
    }

    /** An odd number of cache lines, so that points do not compete for the same sets of a cache. */
    static int position(int floats) {
        int cacheLines = (floats + 15) / 16;
        return (cacheLines | 1) * 16;
    }

    /** Copies the pixels that a block reads to scratch memory, with zeros where its last tile ends after them. */
    float[] pixels(Workspace workspace, int block) {
        int taps = lines.source().map().columnOffsets().length;
        int read = (lines.count(block) + taps - 1) * channels;
        float[] pixels = workspace.array(Workspace.Slot.LEFT, length(lines.rows()));
        lines.fill(block, pixels);
        int end = length(lines.count(block));
        if (end > read) {
            Arrays.fill(pixels, read, end, 0f);
        }
        return pixels;
    }

    /** Floats of the pixels that the tiles of {@code count} results read. */
    private int length(int count) {
        return (TILE * (tiles(count) + groups) - 1) * channels;
    }

    /** Those pixels, transformed: {@code [point][tile][channel]}, points {@link #inputPosition} apart. */
    float[] transformed(Workspace workspace, int block, float[] pixels) {
        int position = inputPosition();
        float[] v = workspace.array(Workspace.Slot.RIGHT, POINTS * position);
        int tiles = tiles(lines.count(block)) + groups - 1;
        for (int i = 0; i < tiles; i++) {
            LineTransforms.input(pixels, TILE * i * channels, channels, v, i * channels, position, channels);
        }
        return v;
    }

    /** Floats of transformed weights. */
    int weights(int columns) {
        return POINTS * depth() * MicroKernel.padded(columns);
    }

    /**
     * Transforms packed weights, one buffer of columns, {@code [tap][channel][width]}, to
     * {@code [point][group][channel][width]}.
     */
    void transform(float[] packed, int from, int to, int width) {
        int taps = lines.source().map().columnOffsets().length;
        int size = channels * width;
        float[] missing = new float[taps % TILE == 0 ? 0 : TILE * size];
        for (int group = 0; group < groups; group++) {
            int at = from + TILE * group * size;
            float[] source = packed;
            int there = taps - TILE * group;
            if (there < TILE) {
                System.arraycopy(packed, at, missing, 0, there * size);
                source = missing;
                at = 0;
            }
            LineTransforms.kernel(source, at, size, packed, to + group * size, depth() * width, size);
        }
    }
}
