package dev.graft.cpu.gemm;

import java.util.Arrays;

/**
 * A matrix as {@link MicroKernel} reads its right operand: panels of up to {@link MicroKernel#WIDTH} columns, one below
 * the other, each row by row.
 *
 * @param last columns of the last panel, in whole vectors; {@link TransposedMicroKernel} needs all panels to have full
 *     width
 */
record Panels(float[] data, int at, int rows, int columns, int last) {
    private static final int WIDTH = MicroKernel.WIDTH;

    /** Rows that are transposed together: as many as their panel's part stays in the first-level cache. */
    private static final int ROWS = 128;

    /** Columns read side by side. */
    private static final int COLUMNS = 8;

    /** @param full whether the last panel has full width */
    static Panels of(float[] data, int at, int rows, int columns, boolean full) {
        int rest = columns - (columns - 1) / WIDTH * WIDTH;
        return new Panels(data, at, rows, columns, full ? WIDTH : MicroKernel.padded(rest));
    }

    static int size(int rows, int columns) {
        return rows * ((columns + WIDTH - 1) / WIDTH * WIDTH);
    }

    int count() {
        return (columns + WIDTH - 1) / WIDTH;
    }

    /** Columns of a panel, in whole vectors. */
    int width(int panel) {
        return panel < count() - 1 ? WIDTH : last;
    }

    /** Where a row of a panel begins. */
    int at(int panel, int row) {
        return at + panel * rows * WIDTH + row * width(panel);
    }

    /** Copies rows {@code [from, to)} of a panel from {@code x}; columns that fill up the last vector become 0. */
    void fill(Matrix x, int panel, int from, int to) {
        int width = width(panel);
        int count = Math.min(WIDTH, columns - panel * WIDTH);
        Matrix source = x.moved(0, panel * WIDTH);
        if (x.columnStep() == 1) {
            for (int i = from; i < to; i++) {
                System.arraycopy(source.data(), source.at() + i * source.rowStep(), data, at(panel, i), count);
            }
        } else {
            for (int i = from; i < to; i += ROWS) {
                transpose(source, panel, i, Math.min(to, i + ROWS), count);
            }
        }
        if (count < width) {
            for (int i = from; i < to; i++) {
                Arrays.fill(data, at(panel, i) + count, at(panel, i) + width, 0f);
            }
        }
    }

    private void transpose(Matrix x, int panel, int from, int to, int count) {
        int j = 0;
        if (x.rowStep() == 1) {
            for (; j <= count - COLUMNS; j += COLUMNS) {
                eight(
                        x.data(),
                        x.at() + from + j * x.columnStep(),
                        x.columnStep(),
                        data,
                        at(panel, from) + j,
                        width(panel),
                        to - from);
            }
        }
        for (; j < count; j++) {
            int source = x.at() + from * x.rowStep() + j * x.columnStep();
            int target = at(panel, from) + j;
            for (int i = 0; i < to - from; i++) {
                data[target + i * width(panel)] = x.data()[source + i * x.rowStep()];
            }
        }
    }

    // Each column is read contiguously: the bounds of such steps are checked before the loop.
    private static void eight(float[] x, int from, int column, float[] y, int to, int step, int rows) {
        int column1 = from + column;
        int column2 = from + 2 * column;
        int column3 = from + 3 * column;
        int column4 = from + 4 * column;
        int column5 = from + 5 * column;
        int column6 = from + 6 * column;
        int column7 = from + 7 * column;
        for (int i = 0; i < rows; i++) {
            int o = to + i * step;
            y[o] = x[from + i];
            y[o + 1] = x[column1 + i];
            y[o + 2] = x[column2 + i];
            y[o + 3] = x[column3 + i];
            y[o + 4] = x[column4 + i];
            y[o + 5] = x[column5 + i];
            y[o + 6] = x[column6 + i];
            y[o + 7] = x[column7 + i];
        }
    }
}
