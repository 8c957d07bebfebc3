package dev.graft.nn.table;

import dev.graft.nn.data.table.EncodedRows;
import dev.graft.nn.data.table.TableEncoder;

/** A network and its encoder. */
record NetworkModel(TableEncoder encoder, TableNetwork network, long rowsSeen) implements TableModel {
    @Override
    public double[] predict(EncodedRows rows) {
        return TableTraining.predict(network, rows);
    }

    @Override
    public void close() {
        network.close();
    }
}
