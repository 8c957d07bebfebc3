package dev.graft.examples.genomics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SoftmaxRegressionTest {
    private static final float[][] ROWS = {
        {0, 1, 2}, {1, 0, 0}, {2, 1, 0}, {0, 0, 3}, {1, 1, 1}, {3, 0, 1}, {0, 2, 0}, {1, 3, 0}
    };

    private static SoftmaxRegression.Row[] rows() {
        return Arrays.stream(ROWS).map(SoftmaxRegression.Row::of).toArray(SoftmaxRegression.Row[]::new);
    }

    /** As LogisticRegression(C=0.5, tol=1e-10).fit(rows, labels).predict_proba(rows) of scikit-learn 1.9.1. */
    @Test
    void probabilitiesAreThoseOfScikitLearn() {
        var two = SoftmaxRegression.fit(rows(), new int[] {0, 1, 1, 0, 1, 1, 0, 0}, 3, 2, 0.5);
        check(two, GOLDEN_TWO);
        var three = SoftmaxRegression.fit(rows(), new int[] {0, 1, 1, 0, 2, 1, 2, 2}, 3, 3, 0.5);
        check(three, GOLDEN_THREE);
    }

    private static void check(SoftmaxRegression model, double[][] expected) {
        for (int i = 0; i < ROWS.length; i++) {
            float[] p = model.probabilities(SoftmaxRegression.Row.of(ROWS[i]));
            for (int k = 0; k < p.length; k++) {
                assertThat((double) p[k]).as("row " + i + ", class " + k).isEqualTo(expected[i][k], within(1e-4));
            }
        }
    }

    private static final double[][] GOLDEN_TWO = {
        {0.743063, 0.256937},
        {0.286077, 0.713923},
        {0.258351, 0.741649},
        {0.710184, 0.289816},
        {0.500924, 0.499076},
        {0.129858, 0.870142},
        {0.700851, 0.299149},
        {0.670691, 0.329309}
    };

    private static final double[][] GOLDEN_THREE = {
        {0.545073, 0.129823, 0.325104},
        {0.116642, 0.648081, 0.235277},
        {0.062526, 0.636782, 0.300691},
        {0.798300, 0.095007, 0.106693},
        {0.235236, 0.366367, 0.398398},
        {0.067654, 0.842551, 0.089794},
        {0.118904, 0.151440, 0.729656},
        {0.055664, 0.129949, 0.814387}
    };
}
