package dev.graft.nn.table;

import dev.graft.nn.data.table.EncodedRows;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.nn.linear.LogisticRegression;
import dev.graft.nn.linear.SparseRows;

/**
 * A logistic regression and its encoder. Its rows have a 1 for each level (the level "other" too) and the standardised
 * numbers.
 */
record RegressionModel(TableEncoder encoder, LogisticRegression regression, long rowsSeen) implements TableModel {

    /** Fits a model; see {@link LogisticRegression#fit(SparseRows, int[], int, double)}. */
    static RegressionModel fit(TableEncoder encoder, EncodedRows rows, boolean[] positive, double c) {
        int[] labels = new int[positive.length];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = positive[i] ? 1 : 0;
        }
        return new RegressionModel(
                encoder, LogisticRegression.fit(sparse(encoder, rows), labels, 2, c), positive.length);
    }

    /** A model with given weights: one for each code of each category, then one for each number, then the intercept. */
    static RegressionModel of(TableEncoder encoder, double... weights) {
        return new RegressionModel(encoder, LogisticRegression.of(width(encoder), 2, weights), 0);
    }

    /** The columns of its rows. */
    static int width(TableEncoder encoder) {
        return encoder.categories().stream()
                        .mapToInt(TableEncoder.Category::size)
                        .sum()
                + encoder.numerics();
    }

    private static SparseRows sparse(TableEncoder encoder, EncodedRows rows) {
        int k = encoder.categories().size();
        int numerics = encoder.numerics();
        int[] offsets = new int[k + 1];
        for (int j = 0; j < k; j++) {
            offsets[j + 1] = offsets[j] + encoder.categories().get(j).size();
        }
        int[] starts = new int[rows.size() + 1];
        int[] columns = new int[rows.size() * (k + numerics)];
        float[] values = new float[columns.length];
        int[] codes = rows.codes();
        float[] numbers = rows.numbers();
        int at = 0;
        for (int i = 0; i < rows.size(); i++) {
            for (int j = 0; j < k; j++) {
                columns[at] = offsets[j] + codes[i * k + j];
                values[at++] = 1;
            }
            for (int j = 0; j < numerics; j++) {
                columns[at] = offsets[k] + j;
                values[at++] = numbers[i * numerics + j];
            }
            starts[i + 1] = at;
        }
        return SparseRows.of(offsets[k] + numerics, starts, columns, values);
    }

    @Override
    public double[] predict(EncodedRows rows) {
        double[][] probabilities = regression.probabilities(sparse(encoder, rows));
        double[] yes = new double[probabilities.length];
        for (int i = 0; i < yes.length; i++) {
            yes[i] = probabilities[i][1];
        }
        return yes;
    }

    @Override
    public void close() {
        // holds no tensor
    }
}
