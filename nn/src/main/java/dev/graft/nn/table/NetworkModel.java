package dev.graft.nn.table;

import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableEncoder;

/** A network and its encoder. */
record NetworkModel(TableEncoder encoder, TableNetwork network, long rowsSeen) implements TableModel {
    @Override
    public double[] predict(Table table, int... rows) {
        return TableTraining.predict(network, encoder.encode(table, rows));
    }

    @Override
    public void close() {
        network.close();
    }
}
