package dev.graft.nn.table;

import dev.graft.nn.data.table.EncodedRows;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.data.table.TableEncoder;
import java.util.ArrayList;
import java.util.List;

/**
 * A model of a table's rows with the encoder that its training rows have taught.
 *
 * <pre>{@code
 * try (TableModel model = TableModel.network(training, TableSettings.defaults())) {
 *     double[] probabilities = model.predict(test.table(), test.rows());
 * }
 * }</pre>
 */
public sealed interface TableModel extends AutoCloseable permits MeanModel, NetworkModel, RegressionModel {
    /** The kinds of models, as {@code --kind} and a model's card name them. */
    enum Kind {
        /** Logistic regression on levels and numbers. */
        LOGISTIC,
        /** Entity embeddings and a multilayer perceptron. */
        MLP
    }

    /** What turns rows into its inputs. */
    TableEncoder encoder();

    /** The probability of yes for rows of a table. */
    default double[] predict(Table table, int... rows) {
        return predict(encoder().encode(table, rows));
    }

    /** The probability of yes for rows that its encoder has made. */
    double[] predict(EncodedRows rows);

    /** The probability of yes for cases. */
    default double[] predict(TableCases cases) {
        return predict(cases.table(), cases.rows());
    }

    /** How many rows its training has gone through, each as often as it was seen. */
    long rowsSeen();

    @Override
    void close();

    /** Trains a network on cases, and its encoder. */
    static TableModel network(TableCases training, TableSettings settings) {
        TableEncoder encoder = TableEncoder.fit(training.schema(), training.table(), training.rows());
        return new NetworkModel(
                encoder,
                TableTraining.train(
                        encoder, encoder.encode(training.table(), training.rows()), training.positive(), settings),
                (long) training.size() * settings.epochs());
    }

    /**
     * Trains several networks on the same cases, from this seed and those behind it. Their answer is the mean of their
     * probabilities.
     *
     * @param seeds how many, at least 1
     */
    static TableModel networks(TableCases training, TableSettings settings, int seeds) {
        List<TableModel> members = new ArrayList<>();
        try {
            for (int i = 0; i < seeds; i++) {
                members.add(network(training, settings.seed(settings.seed() + i)));
            }
            return new MeanModel(members);
        } catch (RuntimeException | Error e) {
            members.forEach(TableModel::close);
            throw e;
        }
    }

    /**
     * Fits a logistic regression to cases, and its encoder.
     *
     * @param c the inverse of the penalty's strength
     */
    static TableModel logistic(TableCases training, double c) {
        TableEncoder encoder = TableEncoder.fit(training.schema(), training.table(), training.rows());
        return RegressionModel.fit(encoder, encoder.encode(training.table(), training.rows()), training.positive(), c);
    }
}
