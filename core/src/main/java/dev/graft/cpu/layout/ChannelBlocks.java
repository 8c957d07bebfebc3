package dev.graft.cpu.layout;

import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * A channels-last tensor as rows of channels, divided into blocks of whole rows of about {@link Workspace#BLOCK}
 * floats. Values per channel are repeated along a block, so that loops are long even if there are few channels.
 */
public record ChannelBlocks(int rows, int channels, int blockRows) {
    private static final int TASK_FLOATS = 1 << 16;

    public static ChannelBlocks of(int rows, int channels) {
        return new ChannelBlocks(rows, channels, Math.max(1, Workspace.BLOCK / Math.max(1, channels)));
    }

    /** Floats in a full block. */
    public int width() {
        return blockRows * channels;
    }

    /** Rows in a piece of work, a multiple of {@link #blockRows()}. */
    public int pieceRows() {
        return Math.max(1, TASK_FLOATS / Math.max(1, width())) * blockRows;
    }

    public int pieces() {
        return (rows + pieceRows() - 1) / pieceRows();
    }

    public int pieceEnd(int piece) {
        return Math.min(rows, (piece + 1) * pieceRows());
    }

    /** {@code values[at .. at + channels)} repeated to a block's width. */
    public float[] spread(float[] values, int at) {
        float[] block = Workspace.block(width());
        for (int r = 0; r < blockRows; r++) {
            System.arraycopy(values, at, block, r * channels, channels);
        }
        return block;
    }

    /** Adds the lanes of a block to their channels at {@code sums[at..]} and clears them. */
    public void flush(float[] lanes, double[] sums, int at) {
        for (int r = 0; r < blockRows; r++) {
            for (int c = 0; c < channels; c++) {
                sums[at + c] += lanes[r * channels + c];
            }
        }
        Arrays.fill(lanes, 0, width(), 0f);
    }
}
