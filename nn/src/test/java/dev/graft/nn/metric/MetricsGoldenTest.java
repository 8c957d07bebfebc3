package dev.graft.nn.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Golden;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every metric against scikit-learn's value for the same probabilities. */
class MetricsGoldenTest {
    private static final Offset<Double> EXACT = within(1e-12);

    @TestFactory
    List<DynamicTest> agreeWithScikitLearn() {
        return Golden.read("metrics.json").children("cases").stream().map(c -> DynamicTest.dynamicTest(c.text("name"), () -> check(c)))
                .toList();
    }

    private static void check(Golden c) {
        int[] labels = c.ints("labels");
        float[][] p = c.floatMatrix("probabilities");
        int[] predictions = Accuracy.predictions(p);
        assertThat(predictions).isEqualTo(c.ints("predictions"));
        assertThat(Accuracy.of(p, labels)).isCloseTo(c.number("accuracy"), EXACT);
        assertThat(RocAuc.of(p, labels)).isCloseTo(c.number("auroc"), EXACT);
        assertThat(AveragePrecision.of(p, labels)).isCloseTo(c.number("average_precision"), EXACT);
        assertThat(LogLoss.of(p, labels)).isCloseTo(c.number("log_loss"), EXACT);
        assertThat(BrierScore.of(p, labels)).isCloseTo(c.number("brier"), EXACT);

        ConfusionMatrix confusion = ConfusionMatrix.of(predictions, labels, p[0].length);
        double[][] counts = c.matrix("confusion");
        for (int t = 0; t < counts.length; t++) {
            for (int q = 0; q < counts.length; q++) {
                assertThat((double) confusion.counts()[t][q]).isEqualTo(counts[t][q]);
            }
        }
        assertThat(confusion.accuracy()).isCloseTo(c.number("accuracy"), EXACT);
        assertThat(confusion.balancedAccuracy()).isCloseTo(c.number("balanced_accuracy"), EXACT);
        assertThat(confusion.macroF1()).isCloseTo(c.number("macro_f1"), EXACT);
        List<Golden> perClass = c.children("per_class");
        double[] auroc = c.doubles("auroc_per_class");
        double[] average = c.doubles("average_precision_per_class");
        for (int k = 0; k < perClass.size(); k++) {
            Golden want = perClass.get(k);
            assertThat((double) confusion.support(k)).isEqualTo(want.number("support"));
            assertThat(confusion.sensitivity(k)).isCloseTo(want.number("sensitivity"), EXACT);
            assertThat(confusion.specificity(k)).isCloseTo(want.number("specificity"), EXACT);
            assertThat(confusion.precision(k)).isCloseTo(want.number("precision"), EXACT);
            assertThat(confusion.f1(k)).isCloseTo(want.number("f1"), EXACT);
            assertThat(RocAuc.binary(Checks.column(p, k), Checks.isClass(labels, k))).isCloseTo(auroc[k], EXACT);
            assertThat(AveragePrecision.binary(Checks.column(p, k), Checks.isClass(labels, k))).isCloseTo(average[k], EXACT);
        }
    }

    @Test
    void anAreaOfOneClassIsNotDefined() {
        assertThat(RocAuc.binary(new float[] {0.1f, 0.9f}, new boolean[] {true, true})).isNaN();
        assertThat(AveragePrecision.binary(new float[] {0.1f, 0.9f}, new boolean[] {false, false})).isNaN();
    }

    @Test
    void refusesNanScoresAndForeignLabels() {
        assertThatThrownBy(() -> RocAuc.binary(new float[] {Float.NaN}, new boolean[] {true})).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("AUROC: a score is NaN. Hint: the network has diverged; use a smaller learning rate.");
        assertThatThrownBy(() -> ConfusionMatrix.of(new int[] {0}, new int[] {2}, 2))
                .hasMessage("confusion matrix: label 2 is not in [0, 2)");
        assertThatThrownBy(() -> Accuracy.of(new int[] {0}, new int[0])).hasMessage("accuracy: 1 predictions for 0 labels");
    }
}
