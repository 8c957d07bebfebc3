package dev.graft.nn.linear;

import java.util.Arrays;
import java.util.List;

/**
 * Rows of numbers of which most are 0, such as counts of words: only the others are kept.
 *
 * <pre>{@code
 * SparseRows rows = SparseRows.of(List.of(new float[] {0, 2, 0}, new float[] {1, 0, 0}));   // 2 rows, width 3
 * }</pre>
 */
public final class SparseRows {
    private final int width;
    /** Where the entries of each row start, and where those of the last one end. */
    private final int[] starts;

    private final int[] columns;
    private final float[] values;

    private SparseRows(int width, int[] starts, int[] columns, float[] values) {
        this.width = width;
        this.starts = starts;
        this.columns = columns;
        this.values = values;
    }

    /**
     * From the entries, which are not copied.
     *
     * @param width how many columns there are
     * @param starts of each row: where its entries start; at last: where those of the last row end
     * @param columns of each entry: its column, ascending within a row
     * @param values of each entry
     * @throws IllegalArgumentException if the arrays do not fit, columns do not ascend, or a value is not finite
     */
    public static SparseRows of(int width, int[] starts, int[] columns, float[] values) {
        if (starts.length < 1 || columns.length != values.length || starts[starts.length - 1] != columns.length) {
            throw new IllegalArgumentException("sparse rows: the arrays do not fit one another (starts " + starts.length
                    + ", columns " + columns.length + ", values " + values.length + ")");
        }
        for (int i = 0; i + 1 < starts.length; i++) {
            for (int j = starts[i]; j < starts[i + 1]; j++) {
                if (columns[j] >= width || columns[j] < 0 || (j > starts[i] && columns[j] <= columns[j - 1])) {
                    throw new IllegalArgumentException("sparse rows: the columns of row " + i
                            + " must ascend from 0 to " + (width - 1) + ", but " + columns[j] + " is at " + j);
                }
                requireFinite(values[j], i, columns[j]);
            }
        }
        return new SparseRows(width, starts, columns, values);
    }

    /**
     * From whole rows of one width; at least one.
     *
     * @throws IllegalArgumentException if widths differ, or a value is not finite
     */
    public static SparseRows of(List<float[]> rows) {
        int width = rows.get(0).length;
        int[] starts = new int[rows.size() + 1];
        for (int i = 0; i < rows.size(); i++) {
            float[] row = rows.get(i);
            if (row.length != width) {
                throw new IllegalArgumentException(
                        "sparse rows: row " + i + " has " + row.length + " numbers, the first has " + width);
            }
            int count = 0;
            for (int j = 0; j < width; j++) {
                requireFinite(row[j], i, j);
                count += row[j] != 0 ? 1 : 0;
            }
            starts[i + 1] = starts[i] + count;
        }
        int[] columns = new int[starts[rows.size()]];
        float[] values = new float[columns.length];
        int at = 0;
        for (float[] row : rows) {
            for (int j = 0; j < width; j++) {
                if (row[j] != 0) {
                    columns[at] = j;
                    values[at++] = row[j];
                }
            }
        }
        return new SparseRows(width, starts, columns, values);
    }

    private static void requireFinite(float value, int row, int column) {
        if (!Float.isFinite(value)) {
            throw new IllegalArgumentException("sparse rows: column " + column + " of row " + row + " is " + value
                    + ". Hint: impute what is missing, and leave out what is no number.");
        }
    }

    /** How many rows. */
    public int size() {
        return starts.length - 1;
    }

    /** How many columns. */
    public int width() {
        return width;
    }

    /** How many numbers are kept. */
    public int entries() {
        return columns.length;
    }

    /** Some of the rows, in the order given. */
    public SparseRows only(int... rows) {
        int[] someStarts = new int[rows.length + 1];
        for (int i = 0; i < rows.length; i++) {
            someStarts[i + 1] = someStarts[i] + starts[rows[i] + 1] - starts[rows[i]];
        }
        int[] someColumns = new int[someStarts[rows.length]];
        float[] someValues = new float[someColumns.length];
        for (int i = 0; i < rows.length; i++) {
            int length = someStarts[i + 1] - someStarts[i];
            System.arraycopy(columns, starts[rows[i]], someColumns, someStarts[i], length);
            System.arraycopy(values, starts[rows[i]], someValues, someStarts[i], length);
        }
        return new SparseRows(width, someStarts, someColumns, someValues);
    }

    /** {@code X w + b} for weights that end in {@code b}, of some outputs: result {@code [rows, outputs]}. */
    double[] times(double[] w, int outputs) {
        double[] product = new double[size() * outputs];
        for (int i = 0; i < size(); i++) {
            for (int k = 0; k < outputs; k++) {
                int base = k * (width + 1);
                double sum = w[base + width];
                for (int j = starts[i]; j < starts[i + 1]; j++) {
                    sum += w[base + columns[j]] * values[j];
                }
                product[i * outputs + k] = sum;
            }
        }
        return product;
    }

    /** {@code X^T r} for {@code r} {@code [rows, outputs]}, each output's sum of {@code r} behind its columns. */
    double[] transposedTimes(double[] r, int outputs) {
        double[] product = new double[outputs * (width + 1)];
        for (int i = 0; i < size(); i++) {
            for (int k = 0; k < outputs; k++) {
                double factor = r[i * outputs + k];
                int base = k * (width + 1);
                for (int j = starts[i]; j < starts[i + 1]; j++) {
                    product[base + columns[j]] += factor * values[j];
                }
                product[base + width] += factor;
            }
        }
        return product;
    }

    /** As {@link #transposedTimes}, of the squares of {@code X}. */
    double[] squaresTransposedTimes(double[] r, int outputs) {
        float[] squares = new float[values.length];
        for (int j = 0; j < squares.length; j++) {
            squares[j] = values[j] * values[j];
        }
        return new SparseRows(width, starts, columns, squares).transposedTimes(r, outputs);
    }

    /** Adds {@code factor * x x^T} of a row, with a 1 behind its columns, to a block below the diagonal. */
    void addOuter(int row, double factor, double[][] target, int rowBase, int columnBase) {
        boolean onDiagonal = rowBase == columnBase;
        for (int a = starts[row]; a <= starts[row + 1]; a++) {
            boolean isLast = a == starts[row + 1];
            double[] line = target[rowBase + (isLast ? width : columns[a])];
            double scaled = isLast ? factor : factor * values[a];
            int end = onDiagonal && !isLast ? a + 1 : starts[row + 1];
            for (int b = starts[row]; b < end; b++) {
                line[columnBase + columns[b]] += scaled * values[b];
            }
            if (isLast || !onDiagonal) {
                line[columnBase + width] += scaled;
            }
        }
    }

    @Override
    public String toString() {
        return "SparseRows[" + size() + ", " + width + "], " + entries() + " entries"
                + (entries() < 10 ? " " + Arrays.toString(values) : "");
    }
}
