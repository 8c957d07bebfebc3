package dev.graft.nn.metric.decision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Golden;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metrics;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DecisionTest {
    private static BinaryCases of(double[] p, int... truth) {
        boolean[] positive = new boolean[truth.length];
        for (int i = 0; i < truth.length; i++) {
            positive[i] = truth[i] == 1;
        }
        return BinaryCases.of(p, positive);
    }

    @Test
    void thresholdsAreThoseOfScikitLearnsCurve() {
        for (Golden c : Golden.read("evaluation.json").children("binary")) {
            if (!c.has("roc")) {
                continue;
            }
            BinaryCases cases = of(c.doubles("probabilities"), c.ints("truth"));
            DecisionThreshold youden = DecisionThreshold.youden(Validation.of(cases));
            double sensitivity = youden.validated().sensitivity().orNaN();
            double specificity = youden.validated().specificity().orNaN();
            assertThat(sensitivity + specificity - 1).as(c.text("name")).isCloseTo(c.number("youden_j"), within(1e-12));
            assertThat(sensitivity).isCloseTo(c.number("youden_sensitivity"), within(1e-12));
            DecisionThreshold most = DecisionThreshold.forSensitivity(Validation.of(cases), 0.9);
            assertThat(most.validated().sensitivity().orNaN()).isGreaterThanOrEqualTo(0.9 - 1e-12);
            assertThat(most.validated().specificity().orNaN()).isCloseTo(c.number("specificity_at_90"), within(1e-12));
            for (Golden at : c.children("thresholds")) {
                double t = at.number("threshold");
                DecisionCurve.Point point = DecisionCurve.of(cases, t).points().get(0);
                assertThat(point.model()).isCloseTo(at.number("net_benefit"), within(1e-12));
            }
        }
    }

    @Test
    void thresholdsLieBetweenCasesAndTiesGoToTheMoreSensitive() {
        BinaryCases cases = of(new double[] {0.1, 0.2, 0.4, 0.8}, 0, 0, 1, 1);
        DecisionThreshold middle = DecisionThreshold.youden(Validation.of(cases));
        assertThat(middle.value()).isCloseTo(0.3, within(1e-12));
        assertThat(middle.isPositive(0.31)).isTrue();
        assertThat(middle.rule()).isEqualTo("Youden's J on validation data");
        // J is 1/2 at 0.9 (one of two found, none false) and at 0.5 (both found, one of two false)
        DecisionThreshold tie =
                DecisionThreshold.youden(Validation.of(of(new double[] {0.9, 0.7, 0.5, 0.1}, 1, 0, 1, 0)));
        assertThat(tie.validated().sensitivity().orNaN()).isEqualTo(1);
        assertThat(tie.value()).isCloseTo(0.3, within(1e-12));
        DecisionThreshold all = DecisionThreshold.forSensitivity(Validation.of(of(new double[] {0.6, 0.2}, 0, 1)), 1);
        assertThat(all.value()).as("below every case").isCloseTo(0.1, within(1e-12));
        double next = Math.nextUp(0.5);
        DecisionThreshold close = DecisionThreshold.youden(Validation.of(of(new double[] {0.5, next}, 0, 1)));
        assertThat(close.validated().accuracy().orNaN()).isEqualTo(1);
        assertThatThrownBy(() -> DecisionThreshold.youden(Validation.of(of(new double[] {0.5}, 1))))
                .hasMessageContaining("no negative case");
        assertThatThrownBy(() -> DecisionThreshold.forSensitivity(Validation.of(cases), 1.5))
                .hasMessageContaining("was 1.5");
        assertThatThrownBy(() -> DecisionThreshold.youden(Validation.of(of(new double[] {3, 4}, 0, 1))))
                .hasMessageContaining("3.0 is not a probability");
    }

    @Test
    void temperaturesAreThoseOfScipy() {
        for (Golden c : Golden.read("evaluation.json").children("multiclass")) {
            Cases cases = Cases.of(c.floatMatrix("probabilities"), c.ints("labels"));
            assertThat(Temperature.fit(Validation.of(cases)).value())
                    .as(c.text("name"))
                    .isCloseTo(c.number("temperature"), within(1e-5));
        }
        for (Golden c : Golden.read("evaluation.json").children("multilabel")) {
            boolean[][] truths = Arrays.stream(c.matrix("truths"))
                    .map(row -> new boolean[] {row[0] == 1, row[1] == 1, row[2] == 1})
                    .toArray(boolean[][]::new);
            Cases cases = Cases.multiLabel(c.floatMatrix("probabilities"), truths);
            assertThat(Temperature.fit(Validation.of(cases)).value()).isCloseTo(c.number("temperature"), within(1e-5));
        }
    }

    /** Labels drawn from what the probabilities say, which are then made too extreme. */
    private static Cases overconfident(long seed, int n, int classes, double factor) {
        SplittableRandom random = new SplittableRandom(seed);
        float[][] p = new float[n][classes];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            double[] logits = new double[classes];
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                logits[c] = 1.5 * random.nextGaussian();
                sum += Math.exp(logits[c]);
            }
            double u = random.nextDouble() * sum;
            while (labels[i] < classes - 1 && u > Math.exp(logits[labels[i]])) {
                u -= Math.exp(logits[labels[i]++]);
            }
            double scaled = 0;
            for (int c = 0; c < classes; c++) {
                scaled += Math.exp(factor * logits[c]);
            }
            for (int c = 0; c < classes; c++) {
                p[i][c] = (float) (Math.exp(factor * logits[c]) / scaled);
            }
        }
        return Cases.of(p, labels);
    }

    @Test
    void temperatureUndoesOverconfidenceAndKeepsOrders() {
        for (int classes : new int[] {2, 4}) {
            Cases cases = overconfident(1, 20_000, classes, 3);
            Temperature temperature = Temperature.fit(Validation.of(cases));
            assertThat(temperature.value()).isCloseTo(3, within(0.15));
            Cases mild = temperature.apply(cases);
            assertThat(Metrics.logLoss().of(mild).orNaN())
                    .isLessThan(Metrics.logLoss().of(cases).orNaN());
            assertThat(mild.predictions()).isEqualTo(cases.predictions());
            if (classes == 2) {
                assertThat(BinaryMetrics.auroc().ofClass(1).of(mild).orNaN())
                        .isCloseTo(BinaryMetrics.auroc().ofClass(1).of(cases).orNaN(), within(1e-5));
            }
        }
        float[] p = {0, 1e-30f, 0.3f, 0.6f, Math.nextDown(1f), 1};
        for (double t : new double[] {0.5, 1, 1.7, 20}) {
            double[] labels = Temperature.of(t).labels(p);
            double[] sorted = labels.clone();
            Arrays.sort(sorted);
            assertThat(labels).as("T %s", t).containsExactly(sorted);
            assertThat(Arrays.stream(labels).distinct().count()).isGreaterThan(4);
        }
        assertThat(Temperature.of(1).classes(new float[] {0.25f, 0.75f}))
                .containsExactly(new double[] {0.25, 0.75}, within(1e-12));
    }

    @Test
    void whereNoTemperatureIsBestItStaysOne() {
        Temperature right =
                Temperature.fit(Validation.of(Cases.of(new float[][] {{0.9f, 0.1f}, {0.2f, 0.8f}}, new int[] {0, 1})));
        assertThat(right.value()).isEqualTo(1);
        assertThat(right.note()).startsWith("not fitted: nearly every");
        Temperature nothing =
                Temperature.fit(Validation.of(Cases.of(new float[][] {{0.9f, 0.1f}, {0.2f, 0.8f}}, new int[] {1, 0})));
        assertThat(nothing.value()).isEqualTo(1);
        assertThat(nothing.note()).contains("say nothing");
        assertThatThrownBy(() -> Temperature.of(0)).hasMessageContaining("was 0.0");
        assertThatThrownBy(() -> Temperature.of(2).classes(new float[] {1.5f, 0}))
                .hasMessageContaining("1.5 is not a probability");
    }

    /** The promise: over many validation sets, at least 1 - alpha of new cases have their class in the set. */
    @Test
    void conformalSetsContainTheTruthAsPromised() {
        for (ConformalSets.Method method : ConformalSets.Method.values()) {
            for (double alpha : new double[] {0.1, 0.3}) {
                int hits = 0;
                int all = 0;
                double sizes = 0;
                for (int study = 0; study < 200; study++) {
                    Cases cases = overconfident(100 + study, 150, 4, 2);
                    int[] first = IntStream.range(0, 50).toArray();
                    ConformalSets sets = ConformalSets.fit(Validation.of(cases.only(first)), method, alpha);
                    for (int i = 50; i < 150; i++) {
                        List<Integer> set = sets.set(cases.probabilities(i));
                        hits += set.contains(cases.label(i)) ? 1 : 0;
                        sizes += set.size();
                        all++;
                    }
                }
                double covered = hits / (double) all;
                System.out.printf(
                        "conformal %s, alpha %.1f: %.4f covered, mean size %.2f%n",
                        method, alpha, covered, sizes / all);
                // 200 validation sets of 50: the standard error of the mean is 0.003 to 0.005
                // APS never leaves a set empty, and so covers more
                double more = method == ConformalSets.Method.LAC ? 0.03 : 0.15;
                assertThat(covered).as("%s %s", method, alpha).isBetween(1 - alpha - 0.012, 1 - alpha + more);
            }
        }
    }

    @Test
    void tooFewCasesMakeConformalSetsOfEverything() {
        Cases nine = overconfident(5, 9, 3, 1);
        assertThat(ConformalSets.fit(Validation.of(nine), ConformalSets.Method.LAC, 0.1)
                        .largestScore())
                .as("9 cases are just enough for 0.1: the largest score")
                .isFinite();
        ConformalSets all = ConformalSets.fit(Validation.of(nine), ConformalSets.Method.LAC, 0.09);
        assertThat(all.largestScore()).isInfinite();
        assertThat(all.set(new float[] {0.1f, 0.7f, 0.2f})).containsExactly(1, 2, 0);
        assertThat(new ConformalSets(ConformalSets.Method.APS, 0.5, 0.2).set(new float[] {0.1f, 0.7f, 0.2f}))
                .containsExactly(1);
        assertThat(new ConformalSets(ConformalSets.Method.LAC, 0.5, 0.2).set(new float[] {0.1f, 0.7f, 0.2f}))
                .isEmpty();
        assertThatThrownBy(() -> ConformalSets.fit(Validation.of(nine), ConformalSets.Method.LAC, 1))
                .hasMessageContaining("was 1.0");
    }

    @Test
    void abstainingFromDoubtfulCasesRaisesAccuracy() {
        Cases cases = overconfident(6, 2000, 3, 1);
        List<Abstention.Outcome> curve = Abstention.curve(cases);
        Abstention.Outcome last = curve.get(curve.size() - 1);
        assertThat(last.answered()).isEqualTo(2000);
        assertThat(last.accuracy().orNaN())
                .isEqualTo(Metrics.accuracy().of(cases).orNaN());
        Abstention.Outcome sure = new Abstention(0.9).of(cases);
        assertThat(sure.answered() + sure.abstained()).isEqualTo(2000);
        assertThat(sure.accuracy().orNaN()).isGreaterThan(last.accuracy().orNaN() + 0.1);
        for (int k : new int[] {0, 10, curve.size() / 2}) {
            Abstention.Outcome there = new Abstention(curve.get(k).confidence()).of(cases);
            assertThat(there.answered()).isCloseTo(curve.get(k).answered(), within(1));
        }
        assertThat(new Abstention(1).of(overconfident(7, 5, 3, 0.1)).accuracy().reason())
                .isEqualTo("no case is answered");
        assertThatThrownBy(() -> new Abstention(2)).hasMessageContaining("was 2.0");
    }

    @Test
    void decisionCurvesKnowTreatingAllAndNone() {
        BinaryCases cases = of(new double[] {0.1, 0.4, 0.6, 0.9}, 0, 0, 1, 1);
        List<DecisionCurve.Point> points = DecisionCurve.of(cases, 0, 0.25, 0.5).points();
        assertThat(points.get(0).model()).isEqualTo(0.5);
        assertThat(points.get(0).treatAll()).isEqualTo(0.5);
        assertThat(points.get(1).treatAll()).isCloseTo(0.5 - 0.5 / 3, within(1e-12));
        assertThat(points.get(1).model()).isCloseTo(0.5 - 0.25 / 3, within(1e-12));
        assertThat(points.get(2).model()).isEqualTo(0.5);
        assertThat(points.get(2).treatNone()).isZero();
        assertThatThrownBy(() -> DecisionCurve.of(cases, 1.0)).hasMessageContaining("one is 1.0");
    }
}
