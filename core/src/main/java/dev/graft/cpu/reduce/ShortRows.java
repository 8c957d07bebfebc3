package dev.graft.cpu.reduce;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.UnaryOp;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * Softmax over rows of few elements, such as those of two to five classes. A loop over such a row costs more than its
 * elements, so columns of many rows are computed side by side, in floats.
 *
 * <p>With the largest element {@code m}, {@code rest} is the sum of the other exponentials of {@code x - m}. Taking the
 * largest one, which is 1, out of the sum keeps its digits where a network is sure: {@code log1p(rest)} is not 0 then.
 */
final class ShortRows {
    /** The most elements of a row. */
    static final int WIDEST = 16;

    private static final int BLOCK = Workspace.BLOCK;
    /** Multiplied by its square, 0 stays 0 and every positive float becomes at least 1e31. */
    private static final float HUGE = 1e38f;

    private final ExecutionContext context;

    ShortRows(ExecutionContext context) {
        this.context = context;
    }

    /** Of {@code rows} rows of {@code width} elements, one after another in memory. */
    void softmax(boolean log, float[] x, int xAt, float[] y, int yAt, int rows, int width) {
        Workspace workspace = context.workspace();
        float[] columns = workspace.floats(0, WIDEST * BLOCK);
        float[] largest = workspace.floats(1, BLOCK);
        float[] rest = workspace.floats(2, BLOCK);
        float[] taken = workspace.floats(3, BLOCK);
        float[] column = workspace.floats(4, BLOCK);
        for (int start = 0; start < rows; start += BLOCK) {
            int count = Math.min(BLOCK, rows - start);
            int from = xAt + start * width;
            int to = yAt + start * width;
            gather(x, from, width, columns, count);
            subtractLargest(columns, width, largest, column, count);
            if (log) {
                sumOthers(columns, width, rest, taken, column, count);
                logOfSum(rest, taken, count);
                scatterDifferences(columns, rest, y, to, width, count);
            } else {
                sumExponentials(columns, width, rest, column, count);
                scatterProducts(columns, rest, y, to, width, count);
            }
        }
    }

    private static void gather(float[] x, int at, int width, float[] columns, int count) {
        for (int c = 0; c < width; c++) {
            int column = c * BLOCK;
            for (int r = 0, i = at + c; r < count; r++, i += width) {
                columns[column + r] = x[i];
            }
        }
    }

    // The loops of elements take arrays that share an index, so columns pass through one of their own.
    private void subtractLargest(float[] columns, int width, float[] largest, float[] column, int count) {
        ElementLoops loops = context.elementLoops();
        System.arraycopy(columns, 0, largest, 0, count);
        for (int c = 1; c < width; c++) {
            System.arraycopy(columns, c * BLOCK, column, 0, count);
            loops.binary(BinaryOp.MAXIMUM, column, largest, largest, 0, count);
        }
        for (int c = 0; c < width; c++) {
            System.arraycopy(columns, c * BLOCK, column, 0, count);
            loops.binary(BinaryOp.SUB, column, largest, column, 0, count);
            System.arraycopy(column, 0, columns, c * BLOCK, count);
        }
    }

    private void sumOthers(float[] columns, int width, float[] rest, float[] taken, float[] column, int count) {
        ElementLoops loops = context.elementLoops();
        Arrays.fill(rest, 0, count, 0f);
        Arrays.fill(taken, 0, count, 0f);
        float[] ones = context.workspace().floats(5, BLOCK);
        for (int c = 0; c < width; c++) {
            System.arraycopy(columns, c * BLOCK, column, 0, count);
            firstZero(column, taken, ones, count);
            loops.unary(UnaryOp.EXP, 0f, 0f, column, column, 0, count);
            loops.binary(BinaryOp.SUB, column, ones, column, 0, count);
            loops.binary(BinaryOp.ADD, column, rest, rest, 0, count);
        }
    }

    /** {@code ones} becomes 1 where {@code x} is 0, as nothing was before; {@code taken} remembers it. */
    private static void firstZero(float[] x, float[] taken, float[] ones, int count) {
        for (int i = 0; i < count; i++) {
            // 0 where x is 0, else 1, without a branch
            float other = Math.min(x[i] * -HUGE * HUGE, 1f);
            ones[i] = (1f - other) * (1f - taken[i]);
            taken[i] += ones[i];
        }
    }

    /** {@code log(1 + rest)} with the digits that {@code 1 + rest} has lost of {@code rest} (Kahan). */
    private void logOfSum(float[] rest, float[] sum, int count) {
        for (int i = 0; i < count; i++) {
            sum[i] = 1f + rest[i];
            rest[i] = (rest[i] - (sum[i] - 1f)) / sum[i];
        }
        context.elementLoops().unary(UnaryOp.LOG, 0f, 0f, sum, sum, 0, count);
        context.elementLoops().binary(BinaryOp.ADD, sum, rest, rest, 0, count);
    }

    private static void scatterDifferences(float[] columns, float[] shift, float[] y, int at, int width, int count) {
        for (int c = 0; c < width; c++) {
            int column = c * BLOCK;
            for (int r = 0, i = at + c; r < count; r++, i += width) {
                y[i] = columns[column + r] - shift[r];
            }
        }
    }

    /** {@code scale} becomes the inverse of the sum. */
    private void sumExponentials(float[] columns, int width, float[] scale, float[] column, int count) {
        ElementLoops loops = context.elementLoops();
        Arrays.fill(scale, 0, count, 0f);
        for (int c = 0; c < width; c++) {
            System.arraycopy(columns, c * BLOCK, column, 0, count);
            loops.unary(UnaryOp.EXP, 0f, 0f, column, column, 0, count);
            loops.binary(BinaryOp.ADD, column, scale, scale, 0, count);
            System.arraycopy(column, 0, columns, c * BLOCK, count);
        }
        loops.unary(UnaryOp.RECIPROCAL, 0f, 0f, scale, scale, 0, count);
    }

    private static void scatterProducts(float[] columns, float[] scale, float[] y, int at, int width, int count) {
        for (int c = 0; c < width; c++) {
            int column = c * BLOCK;
            for (int r = 0, i = at + c; r < count; r++, i += width) {
                y[i] = columns[column + r] * scale[r];
            }
        }
    }
}
