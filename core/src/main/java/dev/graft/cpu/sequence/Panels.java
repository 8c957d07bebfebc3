package dev.graft.cpu.sequence;

import dev.graft.cpu.run.ExecutionContext;
import java.util.Arrays;

/** Matrices cut into panels of at most {@link BlockProducts#width} columns, one after the other. */
final class Panels {
    /** Floats of a task that packs. */
    private static final int TASK = 1 << 15;

    private Panels() {}

    /** Floats of a matrix in panels. */
    static int size(BlockProducts products, int rows, int columns) {
        return products.padded(columns) * rows;
    }

    /** Columns of the panel that begins with a column, in whole vectors. */
    static int columns(BlockProducts products, int columns, int first) {
        return products.padded(Math.min(products.width(), columns - first));
    }

    /**
     * Copies a matrix into panels of whole vectors, filled up with zeros; the panel that begins with column {@code j}
     * is at {@code outAt + j * rows}.
     */
    static void pack(
            BlockProducts products,
            float[] x,
            int at,
            int rowStep,
            int columnStep,
            int rows,
            int columns,
            float[] out,
            int outAt) {
        for (int first = 0; first < columns; first += products.width()) {
            int width = columns(products, columns, first);
            int count = Math.min(width, columns - first);
            panel(x, at + first * columnStep, rowStep, columnStep, rows, count, out, outAt + first * rows, width);
        }
    }

    /** As {@link #pack}, on several threads. */
    static void pack(
            ExecutionContext context,
            BlockProducts products,
            float[] x,
            int at,
            int rowStep,
            int columnStep,
            int rows,
            int columns,
            float[] out) {
        int panel = products.width();
        int grain = Math.max(1, TASK / Math.max(1, rows * panel));
        context.forRange((columns + panel - 1) / panel, grain, (from, to) -> {
            int first = from * panel;
            int count = Math.min(columns, to * panel) - first;
            pack(products, x, at + first * columnStep, rowStep, columnStep, rows, count, out, first * rows);
        });
    }

    /** Multiplies packed numbers by a factor. */
    static void scale(float factor, float[] panels, int at, int count) {
        for (int i = at; i < at + count; i++) {
            panels[i] *= factor;
        }
    }

    /** As {@link #pack}, where every panel has rows of {@link BlockProducts#width} values, whatever follows. */
    static void packWide(
            BlockProducts products,
            float[] x,
            int at,
            int rowStep,
            int columnStep,
            int rows,
            int columns,
            float[] out,
            int outAt) {
        int width = products.width();
        for (int first = 0; first < columns; first += width) {
            int count = Math.min(width, columns - first);
            panel(x, at + first * columnStep, rowStep, columnStep, rows, count, out, outAt + first * rows, width);
        }
    }

    /**
     * {@code c = a b}, where {@code b} is {@link #pack}ed.
     *
     * @param columns of {@code b}
     * @param end the first column that is not needed
     */
    static void multiply(
            BlockProducts products,
            float[] a,
            int aAt,
            int aRow,
            float[] panels,
            int columns,
            int end,
            float[] c,
            int cRow,
            int rows,
            int depth) {
        for (int j = 0; j < end; j += products.width()) {
            int width = columns(products, columns, j);
            products.multiply(a, aAt, aRow, panels, j * depth, c, j, cRow, rows, width, depth, false);
        }
    }

    private static void panel(
            float[] x, int at, int rowStep, int columnStep, int rows, int count, float[] out, int outAt, int width) {
        if (columnStep == 1) {
            for (int r = 0; r < rows; r++) {
                System.arraycopy(x, at + r * rowStep, out, outAt + r * width, count);
            }
        } else {
            for (int j = 0; j < count; j++) {
                int from = at + j * columnStep;
                int to = outAt + j;
                for (int r = 0; r < rows; r++) {
                    out[to + r * width] = x[from + r * rowStep];
                }
            }
        }
        if (count < width) {
            for (int r = 0; r < rows; r++) {
                Arrays.fill(out, outAt + r * width + count, outAt + (r + 1) * width, 0f);
            }
        }
    }
}
