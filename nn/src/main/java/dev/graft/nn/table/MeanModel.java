package dev.graft.nn.table;

import dev.graft.nn.data.table.EncodedRows;
import dev.graft.nn.data.table.TableEncoder;
import java.util.List;

/** Several models of the same rows, whose answer is the mean of their probabilities. */
record MeanModel(List<TableModel> members) implements TableModel {
    MeanModel {
        if (members.isEmpty()) {
            throw new IllegalArgumentException("table: a mean of no models. Hint: give at least one.");
        }
        members = List.copyOf(members);
    }

    /** All members have learnt theirs from the same rows, so they are equal. */
    @Override
    public TableEncoder encoder() {
        return members.get(0).encoder();
    }

    @Override
    public double[] predict(EncodedRows rows) {
        double[] mean = new double[rows.size()];
        for (TableModel member : members) {
            double[] own = member.predict(rows);
            for (int i = 0; i < mean.length; i++) {
                mean[i] += own[i] / members.size();
            }
        }
        return mean;
    }

    @Override
    public long rowsSeen() {
        return members.stream().mapToLong(TableModel::rowsSeen).sum();
    }

    @Override
    public void close() {
        members.forEach(TableModel::close);
    }
}
