package dev.graft.nn.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** What must hold for any cases: random ones with ties, rare classes and weights. */
class MetricPropertiesTest {
    private static final Offset<Double> EXACT = within(1e-12);

    private static final List<BinaryMetric> ALL = List.of(
            BinaryMetrics.auroc(),
            BinaryMetrics.averagePrecision(),
            BinaryMetrics.accuracy(0.4),
            BinaryMetrics.balancedAccuracy(0.4),
            BinaryMetrics.sensitivity(0.4),
            BinaryMetrics.specificity(0.4),
            BinaryMetrics.ppv(0.4),
            BinaryMetrics.npv(0.4),
            BinaryMetrics.f1(0.4),
            BinaryMetrics.mcc(0.4),
            BinaryMetrics.brier(),
            BinaryMetrics.logLoss(),
            BinaryMetrics.calibrationError(Bins.equalWidth(7)),
            BinaryMetrics.calibrationError(Bins.equalMass(4)),
            BinaryMetrics.calibrationSlope(),
            BinaryMetrics.calibrationIntercept(),
            BinaryMetrics.calibrationInTheLarge());

    private double[] p;
    private boolean[] truth;

    private BinaryCases draw(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int n = 2 + random.nextInt(60);
        double prevalence = random.nextDouble();
        int steps = random.nextBoolean() ? 8 : 1 << 20;
        p = new double[n];
        truth = new boolean[n];
        for (int i = 0; i < n; i++) {
            truth[i] = random.nextDouble() < prevalence;
            p[i] = Math.rint(steps * Math.min(1, random.nextDouble() * 0.8 + (truth[i] ? 0.2 : 0))) / steps;
        }
        return BinaryCases.of(p, truth);
    }

    private static void same(Score got, Score want, String what) {
        assertThat(got.isDefined()).as("%s: %s, %s", what, got, want).isEqualTo(want.isDefined());
        if (want.isDefined()) {
            assertThat(got.orNaN()).as(what).isCloseTo(want.orNaN(), within(1e-9 * (1 + Math.abs(want.orNaN()))));
        } else {
            assertThat(got.reason()).isEqualTo(want.reason());
        }
    }

    @RepeatedTest(100)
    void holdForRandomCases(RepetitionInfo info) {
        long seed = info.getCurrentRepetition();
        BinaryCases cases = draw(seed);
        int n = cases.size();
        SplittableRandom random = new SplittableRandom(seed + 1000);
        int[] order = IntStream.range(0, n).toArray();
        for (int i = n - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        int[] weights = IntStream.range(0, n).map(i -> random.nextInt(3)).toArray();
        weights[0] = 2;
        int[] rows = IntStream.range(0, n)
                .flatMap(i -> IntStream.range(0, weights[i]).map(k -> i))
                .toArray();
        for (BinaryMetric metric : ALL) {
            String what = metric.name() + ", seed " + seed;
            same(metric.of(cases.only(order)), metric.of(cases), "another order: " + what);
            if (!metric.equals(ALL.get(13))) { // quantiles move with the cases; the bins of a statistic stay
                same(metric.over(cases).of(weights), metric.of(cases.only(rows)), "weights are copies: " + what);
            }
        }
    }

    @RepeatedTest(100)
    void ranksAloneMakeAreas(RepetitionInfo info) {
        long seed = info.getCurrentRepetition();
        BinaryCases cases = draw(seed);
        int n = cases.size();
        double[] rising =
                IntStream.range(0, n).mapToDouble(i -> Math.exp(3 * p[i]) - 7).toArray();
        same(
                BinaryMetrics.auroc().of(BinaryCases.of(rising, truth)),
                BinaryMetrics.auroc().of(cases),
                "seed " + seed);
        same(
                BinaryMetrics.averagePrecision().of(BinaryCases.of(rising, truth)),
                BinaryMetrics.averagePrecision().of(cases),
                "seed " + seed);
        double[] falling = IntStream.range(0, n).mapToDouble(i -> 1 - p[i]).toArray();
        Score area = BinaryMetrics.auroc().of(cases);
        if (!area.isDefined()) {
            return;
        }
        assertThat(BinaryMetrics.auroc().of(BinaryCases.of(falling, truth)).orNaN())
                .isCloseTo(1 - area.orNaN(), EXACT);
        assertThat(area.orNaN()).as("the same bits").isEqualTo(RocAuc.binary(p, truth));
        assertThat(BinaryMetrics.averagePrecision().of(cases).orNaN()).isEqualTo(AveragePrecision.binary(p, truth));
        List<RocCurve.Point> roc = RocCurve.of(cases).points();
        double trapezoids = 0;
        for (int i = 1; i < roc.size(); i++) {
            trapezoids += (roc.get(i).falsePositiveRate() - roc.get(i - 1).falsePositiveRate())
                    * (roc.get(i).sensitivity() + roc.get(i - 1).sensitivity())
                    / 2;
        }
        assertThat(trapezoids).as("seed %d", seed).isCloseTo(area.orNaN(), within(1e-12));
        double steps = 0;
        double before = 0;
        for (PrecisionRecallCurve.Point point : PrecisionRecallCurve.of(cases).points()) {
            steps += (point.recall() - before) * point.precision();
            before = point.recall();
        }
        assertThat(steps).isCloseTo(BinaryMetrics.averagePrecision().of(cases).orNaN(), within(1e-12));
    }

    private static float[][] rows(SplittableRandom random, int n, int classes) {
        float[][] rows = new float[n][classes];
        for (float[] row : rows) {
            float sum = 0;
            for (int c = 0; c < classes; c++) {
                row[c] = 1 + random.nextInt(8);
                sum += row[c];
            }
            for (int c = 0; c < classes; c++) {
                row[c] /= sum;
            }
        }
        return rows;
    }

    @RepeatedTest(50)
    void averagesAreThoseOfTheClasses(RepetitionInfo info) {
        long seed = info.getCurrentRepetition();
        SplittableRandom random = new SplittableRandom(seed);
        int classes = 2 + random.nextInt(4);
        int n = 3 + random.nextInt(40);
        float[][] q = rows(random, n, classes);
        int[] labels = IntStream.range(0, n)
                .map(i -> random.nextInt(random.nextInt(classes) + 1))
                .toArray();
        Cases cases = Cases.of(q, labels);
        for (BinaryMetric metric : List.of(BinaryMetrics.auroc(), BinaryMetrics.f1(0.3), BinaryMetrics.npv(0.3))) {
            double sum = 0;
            double weighted = 0;
            int defined = 0;
            int support = 0;
            for (int c = 0; c < classes; c++) {
                Score score = metric.ofClass(c).of(cases);
                if (score.isDefined() && cases.support(c) > 0) {
                    sum += score.orNaN();
                    weighted += cases.support(c) * score.orNaN();
                    support += cases.support(c);
                    defined++;
                }
            }
            Score macro = Average.MACRO.of(metric).of(cases);
            Score mean = Average.WEIGHTED.of(metric).of(cases);
            assertThat(macro.isDefined()).isEqualTo(defined > 0);
            if (defined > 0) {
                assertThat(macro.orNaN()).isCloseTo(sum / defined, EXACT);
                assertThat(mean.orNaN()).isCloseTo(weighted / support, EXACT);
            }
        }
        ConfusionMatrix confusion = ConfusionMatrix.of(cases.predictions(), labels, classes);
        assertThat(Metrics.accuracy().of(cases).orNaN()).isCloseTo(confusion.accuracy(), EXACT);
        assertThat(Metrics.balancedAccuracy().of(cases).orNaN()).isCloseTo(confusion.balancedAccuracy(), EXACT);
        assertThat(Metrics.brier().of(cases).orNaN()).isCloseTo(BrierScore.of(q, labels), EXACT);
        assertThat(Metrics.logLoss().of(cases).orNaN()).isCloseTo(LogLoss.of(q, labels), EXACT);
        double area = RocAuc.of(q, labels);
        Metric auroc = classes == 2 ? BinaryMetrics.auroc().ofClass(1) : Average.MACRO.of(BinaryMetrics.auroc());
        if (Double.isNaN(area)) {
            assertThat(auroc.of(cases).isDefined()).isFalse();
        } else {
            assertThat(auroc.of(cases).orNaN()).isCloseTo(area, EXACT);
        }
        for (int c = 0; c < classes; c++) {
            Score got = BinaryMetrics.sensitivity(0.5).ofDecision(c).of(cases);
            assertThat(Double.compare(got.orNaN(), confusion.sensitivity(c))).isZero();
            Score ppv = BinaryMetrics.ppv(0.5).ofDecision(c).of(cases);
            assertThat(Double.compare(ppv.orNaN(), confusion.precision(c))).isZero();
        }
    }

    @Test
    void calibratedProbabilitiesHaveSlopeOneAndInterceptZero() {
        SplittableRandom random = new SplittableRandom(4);
        int n = 200_000;
        double[] honest = new double[n];
        double[] extreme = new double[n];
        double[] high = new double[n];
        boolean[] yes = new boolean[n];
        for (int i = 0; i < n; i++) {
            double logit = 1.5 * random.nextGaussian() - 0.5;
            honest[i] = 1 / (1 + Math.exp(-logit));
            yes[i] = random.nextDouble() < honest[i];
            extreme[i] = 1 / (1 + Math.exp(-2 * logit));
            high[i] = 1 / (1 + Math.exp(-(logit + 1)));
        }
        CalibrationLine line = CalibrationLine.of(BinaryCases.of(honest, yes));
        assertThat(line.slope().orNaN()).isCloseTo(1, within(0.02));
        assertThat(line.intercept().orNaN()).isCloseTo(0, within(0.02));
        assertThat(CalibrationLine.of(BinaryCases.of(extreme, yes)).slope().orNaN())
                .isCloseTo(0.5, within(0.01));
        CalibrationLine tooHigh = CalibrationLine.of(BinaryCases.of(high, yes));
        assertThat(tooHigh.inTheLarge().orNaN()).isCloseTo(-1, within(0.03));
        assertThat(CalibrationError.binary(BinaryCases.of(honest, yes), Bins.equalWidth(10)))
                .isLessThan(0.01);
        assertThat(CalibrationError.binary(BinaryCases.of(high, yes), Bins.equalMass(10)))
                .isGreaterThan(0.1);
    }

    @Test
    void lopsidedAndTinyCasesConverge() {
        double[] q = {0.5, 0.5 + 1e-9, 0.5, 0.5 + 1e-9};
        CalibrationLine narrow = CalibrationLine.of(BinaryCases.of(q, new boolean[] {true, false, false, true}));
        assertThat(narrow.slope().orNaN()).isCloseTo(0, within(1e-3));
        double[] sure = {0, 0, 1, 1, 1e-7, 0.999};
        CalibrationLine wrong =
                CalibrationLine.of(BinaryCases.of(sure, new boolean[] {true, false, true, false, true, true}));
        assertThat(wrong.slope().isDefined()).isTrue();
        assertThat(CalibrationLine.of(BinaryCases.of(new double[] {0.4, 0.6}, new boolean[] {true, true}))
                        .slope()
                        .reason())
                .isEqualTo("no negative case");
        assertThat(CalibrationLine.of(BinaryCases.of(new double[] {0.4, 0.4}, new boolean[] {true, false}))
                        .slope()
                        .reason())
                .isEqualTo("all probabilities are equal");
    }

    /** A network that calls everything the same with great confidence: the first step of Newton would be endless. */
    @RepeatedTest(30)
    void saturatedProbabilitiesConverge(RepetitionInfo info) {
        SplittableRandom random = new SplittableRandom(info.getCurrentRepetition());
        double[] low = new double[48];
        boolean[] yes = new boolean[48];
        for (int i = 0; i < low.length; i++) {
            double logit = -12 + random.nextGaussian() * info.getCurrentRepetition();
            low[i] = 1 / (1 + Math.exp(-logit));
            yes[i] = i % 2 == 0;
        }
        CalibrationLine line = CalibrationLine.of(BinaryCases.of(low, yes));
        double slope = line.slope().value().orElseThrow();
        double intercept = line.intercept().value().orElseThrow();
        double large = line.inTheLarge().value().orElseThrow();
        double[] sums = new double[3];
        for (int i = 0; i < low.length; i++) {
            double p = LogLoss.clipped(low[i]);
            double x = Math.log(p / (1 - p));
            double error = (yes[i] ? 1 : 0) - 1 / (1 + Math.exp(-(intercept + slope * x)));
            sums[0] += error;
            sums[1] += error * x;
            sums[2] += (yes[i] ? 1 : 0) - 1 / (1 + Math.exp(-(large + x)));
        }
        assertThat(sums).as("slopes of the likelihood").containsExactly(new double[3], within(1e-6));
    }

    @Test
    void refusesWhatIsNotCases() {
        assertThatThrownBy(() -> BinaryCases.of(new double[0], new boolean[0]))
                .hasMessage("cases: there are no examples");
        assertThatThrownBy(() -> BinaryCases.of(new double[] {Double.NaN}, new boolean[1]))
                .hasMessageContaining("a score is NaN");
        assertThatThrownBy(() -> BinaryCases.of(new double[] {Double.POSITIVE_INFINITY}, new boolean[1]))
                .hasMessageContaining("infinite");
        assertThatThrownBy(
                        () -> BinaryCases.of(new double[] {0.5}, new boolean[1]).groups(List.of("a", "b")))
                .hasMessage("groups of cases: 2 predictions for 1 labels");
        BinaryCases scores = BinaryCases.of(new double[] {-3, 2}, new boolean[] {false, true});
        assertThat(BinaryMetrics.auroc().of(scores).orNaN()).isEqualTo(1);
        for (BinaryMetric metric : ALL.subList(10, ALL.size())) {
            assertThatThrownBy(() -> metric.of(scores)).hasMessageContaining("-3.0 is not a probability");
        }
        assertThatThrownBy(() -> Cases.of(new float[][] {{0.5f, Float.NaN}}, new int[] {0}))
                .hasMessageContaining("a score is NaN");
        assertThatThrownBy(() -> Cases.of(new float[][] {{0.5f, 0.5f}}, new int[] {2}))
                .hasMessageContaining("label 2 is not in [0, 2)");
        assertThatThrownBy(() -> Cases.multiLabel(new float[][] {{0.5f, 0.5f}}, new boolean[][] {{true}}))
                .hasMessageContaining("row 0 has 2 probabilities and 1 truths");
        Cases labels = Cases.multiLabel(new float[][] {{0.5f, 0.5f}}, new boolean[][] {{true, false}});
        assertThatThrownBy(() -> Metrics.mcc().of(labels)).hasMessageContaining("any number of labels");
        assertThatThrownBy(() -> Score.of(Double.NaN)).hasMessageContaining("Score.undefined");
        assertThat(Score.undefined("no case")).hasToString("not defined: no case");
        assertThat(Score.of(0.12345)).hasToString("0.1235");
    }

    /** With softmax saturated in floats, the other class still tells cases apart, as for {@link RocAuc}. */
    @Test
    void sureAnswersAreRankedByWhatTheOtherClassHas() {
        int n = 50;
        float[][] q = new float[n][];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = i % 2;
            double margin = 20 + i % 7 + 3 * labels[i];
            q[i] = new float[] {(float) (1 / (1 + Math.exp(margin))), (float) (1 / (1 + Math.exp(-margin)))};
        }
        double area = RocAuc.of(q, labels);
        assertThat(area).isBetween(0.7, 0.99);
        assertThat(BinaryMetrics.auroc().ofClass(1).of(Cases.of(q, labels)).orNaN())
                .isEqualTo(area);
    }
}
