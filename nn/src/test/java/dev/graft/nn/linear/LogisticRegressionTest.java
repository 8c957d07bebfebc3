package dev.graft.nn.linear;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.message.SettingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LogisticRegressionTest {
    private static final SparseRows ROWS = SparseRows.of(List.of(
            new float[][] {{0, 1, 2}, {1, 0, 0}, {2, 1, 0}, {0, 0, 3}, {1, 1, 1}, {3, 0, 1}, {0, 2, 0}, {1, 3, 0}}));
    private static final int[] TWO = {0, 1, 1, 0, 1, 1, 0, 0};
    private static final int[] THREE = {0, 1, 1, 0, 2, 1, 2, 2};

    /** Written by {@code src/test/python/logistic_regression.py} with scikit-learn 1.9.1. */
    private static final double[][] GOLDEN_TWO = {
        {0.74306323, 0.25693677},
        {0.286076831, 0.713923169},
        {0.258351058, 0.741648942},
        {0.710184032, 0.289815968},
        {0.500924306, 0.499075694},
        {0.129858084, 0.870141916},
        {0.700851244, 0.299148756},
        {0.670691215, 0.329308785}
    };

    private static final double[][] GOLDEN_THREE = {
        {0.545072758, 0.129823068, 0.325104173},
        {0.11664234, 0.64808104, 0.23527662},
        {0.062526177, 0.636782394, 0.300691429},
        {0.7983004, 0.09500659, 0.10669301},
        {0.235235567, 0.366366932, 0.398397501},
        {0.067654424, 0.842551273, 0.089794304},
        {0.118904373, 0.151439839, 0.729655788},
        {0.05566396, 0.129948865, 0.814387175}
    };

    @Test
    void probabilitiesAreThoseOfScikitLearn() {
        check(LogisticRegression.fit(ROWS, TWO, 2, 0.5), GOLDEN_TWO);
        check(LogisticRegression.fit(ROWS, THREE, 3, 0.5), GOLDEN_THREE);
    }

    private static void check(LogisticRegression model, double[][] expected) {
        double[][] p = model.probabilities(ROWS);
        for (int i = 0; i < expected.length; i++) {
            for (int k = 0; k < expected[i].length; k++) {
                assertThat(p[i][k]).as("row " + i + ", class " + k).isEqualTo(expected[i][k], within(1e-6));
            }
        }
    }

    /** The gradient of the penalised loss is 0 at the solution, by the matrix and by conjugate gradients. */
    @Test
    void isAStationaryPointForAnyNumberOfClassesAndColumns() {
        for (int[] sizes : new int[][] {{40, 3, 2}, {60, 5, 3}, {50, 4, 7}, {90, 400, 2}, {80, 700, 3}}) {
            var random = new SplittableRandom(sizes[1]);
            List<float[]> dense = new ArrayList<>();
            int[] labels = new int[sizes[0]];
            for (int i = 0; i < labels.length; i++) {
                float[] row = new float[sizes[1]];
                for (int j = 0; j < row.length; j++) {
                    row[j] = random.nextInt(3) == 0 ? (float) random.nextGaussian() : 0;
                }
                dense.add(row);
                labels[i] = random.nextInt(sizes[2]);
            }
            SparseRows rows = SparseRows.of(dense);
            LogisticRegression model = LogisticRegression.fit(rows, labels, sizes[2], 1.5);
            double[][] p = model.probabilities(rows);
            double[] w = model.weights();
            int outputs = sizes[2] == 2 ? 1 : sizes[2];
            for (int k = 0; k < outputs; k++) {
                for (int j = 0; j <= sizes[1]; j++) {
                    double gradient = j == sizes[1] ? 0 : w[k * (sizes[1] + 1) + j];
                    int answer = outputs == 1 ? 1 : k;
                    for (int i = 0; i < labels.length; i++) {
                        double x = j == sizes[1] ? 1 : dense.get(i)[j];
                        gradient += 1.5 * x * (p[i][answer] - (labels[i] == answer ? 1 : 0));
                    }
                    assertThat(gradient).as(Arrays.toString(sizes)).isEqualTo(0, within(1e-5));
                }
            }
            assertThat(LogisticRegression.of(sizes[1], sizes[2], w).probabilities(rows))
                    .isEqualTo(p);
        }
    }

    @Test
    void aClassWithoutRowsIsImprobable() {
        double[][] p = LogisticRegression.fit(ROWS, TWO, 3, 1).probabilities(ROWS);
        assertThat(Arrays.stream(p).mapToDouble(row -> row[2]).max().orElseThrow())
                .isLessThan(0.01);
        p = LogisticRegression.fit(ROWS, new int[8], 2, 1).probabilities(ROWS);
        assertThat(Arrays.stream(p).mapToDouble(row -> row[1]).max().orElseThrow())
                .isLessThan(0.1);
    }

    @Test
    void wrongSettingsAreRefused() {
        assertThatThrownBy(() -> LogisticRegression.fit(ROWS, TWO, 2, 0))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("C must be positive, was 0.0");
        assertThatThrownBy(() -> LogisticRegression.fit(ROWS, THREE, 2, 1))
                .hasMessageContaining("label 2 is not in [0, 2)");
        assertThatThrownBy(() -> LogisticRegression.fit(ROWS, new int[3], 2, 1))
                .hasMessageContaining("3 answers for 8 rows");
        assertThatThrownBy(() -> LogisticRegression.fit(ROWS, new int[8], 1, 1))
                .hasMessageContaining("at least 2 classes, was 1");
        assertThatThrownBy(() -> LogisticRegression.of(3, 2, 1, 2))
                .hasMessageContaining("there are 2 weights, 2 classes of rows with 3 columns need 4");
        LogisticRegression narrow = LogisticRegression.of(1, 2, 1, 2);
        assertThatThrownBy(() -> narrow.probabilities(ROWS))
                .hasMessageContaining("rows have 3 columns, the model has 1");
    }

    @Test
    void rowsKeepWhatIsNotZero() {
        assertThat(ROWS.entries()).isEqualTo(14);
        assertThat(ROWS.only(3, 0).times(new double[] {1, 10, 100, 0.5}, 1)).containsExactly(300.5, 210.5);
        assertThat(ROWS.only(0, 0).transposedTimes(new double[] {1, 2}, 1)).containsExactly(0, 3, 6, 3);
        assertThatThrownBy(() -> SparseRows.of(List.of(new float[1], new float[2])))
                .hasMessageContaining("row 1 has 2 numbers, the first has 1");
        assertThatThrownBy(() -> SparseRows.of(2, new int[] {0, 2}, new int[] {1, 1}, new float[2]))
                .hasMessageContaining("the columns of row 0 must ascend from 0 to 1");
        assertThatThrownBy(() -> SparseRows.of(2, new int[] {0, 1}, new int[] {2}, new float[1]))
                .hasMessageContaining("must ascend");
        assertThatThrownBy(() -> SparseRows.of(2, new int[] {0, 3}, new int[] {1}, new float[1]))
                .hasMessageContaining("do not fit");
    }
}
