package dev.graft.nn.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Golden;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every metric against scikit-learn's value for the same probabilities. */
class MetricsGoldenTest {
    private static final Offset<Double> EXACT = within(1e-12);

    @TestFactory
    List<DynamicTest> agreeWithScikitLearn() {
        return Golden.read("metrics.json").children("cases").stream()
                .map(c -> DynamicTest.dynamicTest(c.text("name"), () -> check(c)))
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
            same(confusion.sensitivity(k), want.number("sensitivity"));
            same(confusion.specificity(k), want.number("specificity"));
            same(confusion.precision(k), want.number("precision"));
            same(confusion.f1(k), want.number("f1"));
            same(RocAuc.binary(column(p, k), isClass(labels, k)), auroc[k]);
            same(AveragePrecision.binary(column(p, k), isClass(labels, k)), average[k]);
        }
    }

    /** What is not defined in scikit-learn is NaN here. */
    private static void same(double got, double want) {
        if (Double.isNaN(want)) {
            assertThat(got).isNaN();
        } else {
            assertThat(got).isCloseTo(want, EXACT);
        }
    }

    private static float[] column(float[][] probabilities, int c) {
        float[] column = new float[probabilities.length];
        for (int i = 0; i < column.length; i++) {
            column[i] = probabilities[i][c];
        }
        return column;
    }

    private static boolean[] isClass(int[] labels, int c) {
        boolean[] is = new boolean[labels.length];
        for (int i = 0; i < is.length; i++) {
            is[i] = labels[i] == c;
        }
        return is;
    }

    @Test
    void anAreaOfOneClassIsNotDefined() {
        assertThat(RocAuc.binary(new float[] {0.1f, 0.9f}, new boolean[] {true, true}))
                .isNaN();
        assertThat(AveragePrecision.binary(new float[] {0.1f, 0.9f}, new boolean[] {false, false}))
                .isNaN();
    }

    @Test
    void refusesNanScoresForeignLabelsAndSingleColumns() {
        assertThatThrownBy(() -> RocAuc.binary(new float[] {Float.NaN}, new boolean[] {true}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("AUROC: a score is NaN. Hint: the network has diverged; use a smaller learning rate.");
        assertThatThrownBy(() -> Accuracy.of(new int[] {0}, new int[0]))
                .hasMessage("accuracy: 1 predictions for 0 labels");
        float[][] rows = {{0.5f, 0.5f}, {0.25f, 0.75f}};
        for (int label : new int[] {2, -1, -100}) {
            int[] labels = {0, label};
            String problem = "label " + label + " is not in [0, 2)";
            assertThatThrownBy(() -> ConfusionMatrix.of(new int[] {0, 0}, labels, 2))
                    .hasMessageContaining(problem);
            assertThatThrownBy(() -> Accuracy.of(rows, labels)).hasMessageContaining(problem);
            assertThatThrownBy(() -> RocAuc.of(rows, labels)).hasMessageContaining(problem);
            assertThatThrownBy(() -> AveragePrecision.of(rows, labels)).hasMessageContaining(problem);
            assertThatThrownBy(() -> LogLoss.of(rows, labels)).hasMessageContaining(problem);
            assertThatThrownBy(() -> BrierScore.of(rows, labels)).hasMessageContaining(problem);
        }
        float[][] single = {{0.5f}, {0.25f}};
        float[][] ragged = {{0.5f, 0.5f}, {0.25f, 0.5f, 0.25f}};
        float[][] nan = {{0.5f, 0.5f}, {Float.NaN, 0.5f}};
        int[] labels = {0, 0};
        for (Metric metric : new Metric[] {RocAuc::of, AveragePrecision::of, LogLoss::of, BrierScore::of}) {
            assertThatThrownBy(() -> metric.of(single, labels)).hasMessageContaining("two or more classes, has 1");
            assertThatThrownBy(() -> metric.of(ragged, labels))
                    .hasMessageContaining("row 1 has 3 columns, row 0 has 2");
        }
        for (Metric metric : new Metric[] {RocAuc::of, AveragePrecision::of, LogLoss::of, Accuracy::of}) {
            assertThatThrownBy(() -> metric.of(nan, labels)).hasMessageContaining("a score is NaN");
        }
    }

    private interface Metric {
        double of(float[][] probabilities, int[] labels);
    }

    /**
     * Softmax in floats saturates at 1 from a margin of 17 on, although the smaller probability still tells examples
     * apart.
     */
    @Test
    void sureAnswersAreRankedByWhatTheOtherClassesHave() {
        long seed = 20261129;
        SplittableRandom random = new SplittableRandom(seed);
        int n = 4000;
        double[] margins = new double[n];
        boolean[] positive = new boolean[n];
        float[][] two = new float[n][];
        float[][] swapped = new float[n][];
        float[][] three = new float[n][];
        int[] labels = new int[n];
        int[] swappedLabels = new int[n];
        for (int i = 0; i < n; i++) {
            positive[i] = i % 2 == 0;
            margins[i] = (positive[i] ? 28 : 14) + 8 * random.nextGaussian();
            labels[i] = positive[i] ? 1 : 0;
            swappedLabels[i] = 1 - labels[i];
            float yes = (float) (1 / (1 + Math.exp(-margins[i])));
            float no = (float) (1 / (1 + Math.exp(margins[i])));
            two[i] = new float[] {no, yes};
            swapped[i] = new float[] {yes, no};
            three[i] = new float[] {no * 0.75f, yes, no * 0.25f};
        }
        double exact = RocAuc.binary(margins, positive);
        assertThat(exact).isBetween(0.88, 0.91);
        // the margins of a few negatives lie where yes is near 1 but not next to it, so ranks agree to rounding
        assertThat(RocAuc.of(two, labels)).as("seed %d", seed).isCloseTo(exact, within(1e-5));
        assertThat(RocAuc.of(swapped, swappedLabels)).isCloseTo(exact, within(1e-5));
        assertThat(RocAuc.of(three, labels))
                .as("the mean of both classes that have examples")
                .isCloseTo(exact, within(1e-4));
        assertThat(AveragePrecision.of(two, labels))
                .isCloseTo(AveragePrecision.binary(margins, positive), within(1e-5));
    }

    @Test
    void thousandsOfClassesAreRankedAsOneByOne() {
        SplittableRandom random = new SplittableRandom(5);
        int n = 300;
        int classes = 1001;
        float[][] p = new float[n][classes];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = random.nextInt(classes);
            float sum = 0;
            for (int c = 0; c < classes; c++) {
                p[i][c] = random.nextInt(1, 9) * (c == labels[i] ? 3 : 1);
                sum += p[i][c];
            }
            for (int c = 0; c < classes; c++) {
                p[i][c] /= sum;
            }
        }
        double want = IntStream.range(0, classes)
                .filter(c -> IntStream.of(labels).anyMatch(l -> l == c))
                .mapToDouble(c -> RocAuc.binary(column(p, c), isClass(labels, c)))
                .average()
                .orElseThrow();
        assertThat(RocAuc.of(p, labels)).isCloseTo(want, EXACT);
    }
}
