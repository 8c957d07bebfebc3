package dev.graft.nn.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.message.SettingException;
import dev.graft.nn.data.table.EncodedRows;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.nn.data.table.TableSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RegressionModelTest {
    private static Table table(int n, int levels) {
        List<List<String>> rows = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            rows.add(List.of(
                    "l" + (i * 7 % 13) % levels, "" + (i * 31 % 17), (i * 5 % 11) + (i * 3 % 7) > 9 ? "1" : "0"));
        }
        return Table.of("t", List.of("level", "number", "y"), rows);
    }

    private static TableSchema schema() {
        return TableSchema.of(
                "s",
                Map.of(
                        "label",
                        Map.of("column", "y", "positive", List.of("1")),
                        "columns",
                        List.of(
                                Map.of("name", "level", "type", "categorical"),
                                Map.of("name", "number", "type", "numeric")),
                        "rare",
                        1));
    }

    private static boolean[] answers(Table table) {
        boolean[] y = new boolean[table.size()];
        for (int i = 0; i < y.length; i++) {
            y[i] = table.value(i, "y").equals("1");
        }
        return y;
    }

    private static TableEncoder encoder(Table table) {
        return TableEncoder.fit(
                schema(), table, IntStream.range(0, table.size()).toArray());
    }

    /**
     * Written by {@code src/test/python/logistic_regression.py}: the same rows, scikit-learn 1.9.1, newton-cholesky.
     */
    private static final double[] SKLEARN = {
        0.061651018, -0.032774319, 0.015151960, -0.044028660, 0.148650010, -0.554104218
    };

    @Test
    void agreesWithScikitLearn() {
        Table table = table(120, 4);
        TableEncoder encoder = encoder(table);
        double[] weights = RegressionModel.fit(encoder, encoder.encode(table), answers(table), 0.7)
                .regression()
                .weights();
        assertThat(weights[0]).isZero(); // no row has the level "other"
        for (int j = 0; j < SKLEARN.length; j++) {
            assertThat(weights[j + 1]).as("weight " + j).isCloseTo(SKLEARN[j], within(1e-6));
        }
    }

    /** The gradient of the penalised loss is 0 at the solution, by whichever method it was found. */
    @Test
    void isAStationaryPointWithFewAndManyLevels() {
        List<List<String>> rows = new ArrayList<>();
        for (int i = 0; i < 4000; i++) {
            rows.add(List.of("l" + i * 769L % 1900, "" + (i * 31 % 17), (i * 5 % 11) + (i * 3 % 7) > 9 ? "1" : "0"));
        }
        for (Table table : List.of(table(200, 5), Table.of("t", List.of("level", "number", "y"), rows))) {
            TableEncoder encoder = encoder(table);
            EncodedRows x = encoder.encode(table);
            boolean[] y = answers(table);
            RegressionModel model = RegressionModel.fit(encoder, x, y, 2.5);
            double[] p = model.predict(x);
            double[] w = model.regression().weights();
            double[] gradient = w.clone();
            gradient[w.length - 1] = 0;
            for (int i = 0; i < p.length; i++) {
                double r = 2.5 * (p[i] - (y[i] ? 1 : 0));
                gradient[x.codes()[i]] += r;
                gradient[w.length - 2] += r * x.numbers()[i];
                gradient[w.length - 1] += r;
            }
            for (double g : gradient) {
                assertThat(g).isCloseTo(0, within(1e-4));
            }
        }
    }

    @Test
    void knowsOneClassSeparableRowsAndWrongSettings() {
        Table table = table(60, 3);
        TableEncoder encoder = encoder(table);
        EncodedRows x = encoder.encode(table);
        boolean[] all = new boolean[60];
        assertThat(java.util.Arrays.stream(
                                RegressionModel.fit(encoder, x, all, 1).predict(x))
                        .max()
                        .orElseThrow())
                .isLessThan(0.1);
        boolean[] separable = new boolean[60];
        for (int i = 0; i < 60; i++) {
            separable[i] = x.codes()[i] == 1;
        }
        double[] p = RegressionModel.fit(encoder, x, separable, 1000).predict(x);
        for (int i = 0; i < 60; i++) {
            assertThat(p[i] > 0.5).isEqualTo(separable[i]);
        }
        assertThatThrownBy(() -> RegressionModel.fit(encoder, x, all, 0))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("C must be positive, was 0.0");
        assertThatThrownBy(() -> RegressionModel.of(encoder, 1, 2)).hasMessageContaining("there are 2 weights");
        double[] weights =
                RegressionModel.fit(encoder, x, separable, 1).regression().weights();
        assertThat(RegressionModel.of(encoder, weights).predict(x))
                .isEqualTo(RegressionModel.fit(encoder, x, separable, 1).predict(x));
    }
}
