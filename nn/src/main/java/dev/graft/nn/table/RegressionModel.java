package dev.graft.nn.table;

import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableEncoder;

/** A logistic regression and its encoder. */
record RegressionModel(TableEncoder encoder, LogisticRegression regression, long rowsSeen) implements TableModel {
    @Override
    public double[] predict(Table table, int... rows) {
        return regression.predict(encoder.encode(table, rows));
    }

    @Override
    public void close() {
        // holds no tensor
    }
}
