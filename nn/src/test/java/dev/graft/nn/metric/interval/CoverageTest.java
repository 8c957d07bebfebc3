package dev.graft.nn.metric.interval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.metric.Average;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetric;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metric;
import dev.graft.nn.metric.Metrics;
import dev.graft.random.Draw;
import dev.graft.random.RandomStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Of 1,000 simulated studies, 93 to 97 of 100 have a 95 % interval that contains the true metric. A study is another
 * draw of patients each time; the truth comes from a million of them. The exact count would lie within 1.4 of 95 by
 * chance alone in 95 of 100 such tests.
 */
@Tag("slow")
class CoverageTest {
    private static final long SEED = 22;
    private static final int STUDIES = 1000;
    private static final int POPULATION = 1_000_000;
    private static final Intervals HOW = Intervals.defaults();
    /** The tests of many statistics would take too long with 2,000. */
    private static final Intervals FEWER = HOW.resamples(500);

    private interface Method {
        Estimate of(BinaryMetric metric, BinaryCases cases);
    }

    @Test
    void ofPatientsWithOneImageEach() {
        SimulatedStudy study = new SimulatedStudy(200, 1, 0.3, 1.5, 0, 0);
        covers(study, BinaryMetrics.auroc(), "DeLong", HOW::of);
        covers(study, BinaryMetrics.auroc(), "bootstrap", HOW::bootstrap);
        covers(study, BinaryMetrics.accuracy(0.5), "Wilson", HOW::of);
        covers(study, BinaryMetrics.sensitivity(0.3), "Wilson", HOW::of);
        covers(study, BinaryMetrics.brier(), "bootstrap", HOW::of);
    }

    @Test
    void ofPatientsWithOneToSixImages() {
        SimulatedStudy study = new SimulatedStudy(120, 6, 0.4, 1.5, 0.5, 0.3);
        covers(study, BinaryMetrics.auroc(), "DeLong by patient", HOW::of);
        covers(study, BinaryMetrics.auroc(), "bootstrap by patient", HOW::bootstrap);
        covers(study, BinaryMetrics.accuracy(0.5), "Wilson by patient", HOW::of);
        covers(study, BinaryMetrics.sensitivity(0.3), "Wilson by patient", HOW::of);
        covers(study, BinaryMetrics.brier(), "bootstrap by patient", HOW::of);
    }

    /** What the simulation is for: if images count as if they were patients, intervals are far too narrow. */
    @Test
    void imagesThatCountAsPatientsMakeIntervalsTooNarrow() {
        SimulatedStudy study = new SimulatedStudy(120, 6, 0.4, 1.5, 0.5, 0.3);
        double covered = coverage(study, BinaryMetrics.accuracy(0.5), "Wilson by image", (metric, cases) -> {
            double[] p = IntStream.range(0, cases.size())
                    .mapToDouble(cases::probability)
                    .toArray();
            boolean[] truth = new boolean[p.length];
            for (int i = 0; i < truth.length; i++) {
                truth[i] = cases.isPositive(i);
            }
            return HOW.of(metric, BinaryCases.of(p, truth));
        });
        assertThat(covered).isLessThan(0.93);
    }

    /** Harder for any method: the values of few cases decide. They are held to less. */
    @Test
    void metricsThatFewCasesDecide() {
        SimulatedStudy study = new SimulatedStudy(200, 1, 0.3, 1.5, 0, 0);
        for (BinaryMetric metric : new BinaryMetric[] {
            BinaryMetrics.averagePrecision(),
            BinaryMetrics.f1(0.5),
            BinaryMetrics.mcc(0.5),
            BinaryMetrics.calibrationSlope()
        }) {
            assertThat(coverage(study, metric, "bootstrap", HOW.resamples(500)::of))
                    .isBetween(0.9, 0.97);
        }
        SimulatedStudy small = new SimulatedStudy(60, 1, 0.3, 2.5, 0, 0);
        assertThat(coverage(small, BinaryMetrics.auroc(), "DeLong, 60 cases", HOW::of))
                .isBetween(0.93, 0.98);
        assertThat(coverage(small, BinaryMetrics.sensitivity(0.3), "Wilson, 60 cases", HOW::of))
                .isBetween(0.93, 0.98);
    }

    private static void covers(SimulatedStudy study, BinaryMetric metric, String name, Method method) {
        assertThat(coverage(study, metric, name, method))
                .as(metric.name() + ", " + name)
                .isBetween(0.93, 0.97);
    }

    /** What {@code compare} and the robustness table print: both models judge the same patients. */
    @Test
    void pairedDifferencesOfTwoModels() {
        SimulatedStudy study = new SimulatedStudy(120, 3, 0.4, 1.5, 0.5, 0.3);
        for (BinaryMetric metric : new BinaryMetric[] {BinaryMetrics.auroc(), BinaryMetrics.brier()}) {
            BinaryCases all = study.withPatients(POPULATION / 10).draw(SEED, -1);
            double truth = metric.of(all).orNaN() - metric.of(noisier(all, -1)).orNaN();
            double covered = coverage(metric.name() + ", paired difference by patient", truth, i -> {
                BinaryCases first = study.draw(SEED, i);
                return Difference.of(metric, first, noisier(first, i), FEWER)
                        .difference()
                        .interval();
            });
            assertThat(covered).as(metric.name()).isBetween(0.93, 0.97);
        }
    }

    /** Another model's answers to the same cases: those of the first with noise. */
    private static BinaryCases noisier(BinaryCases cases, int number) {
        RandomStream random = RandomStream.of(SEED, "test.other", number);
        double[] p = new double[cases.size()];
        boolean[] truth = new boolean[p.length];
        List<String> groups = new ArrayList<>();
        for (int i = 0; i < p.length; i++) {
            double own = cases.probability(i);
            p[i] = 1 / (1 + Math.exp(-Math.log(own / (1 - own)) - Draw.normal(random)));
            truth[i] = cases.isPositive(i);
            groups.add("p" + cases.groups().of(i));
        }
        return BinaryCases.of(p, truth).groups(groups);
    }

    /** Of three classes: means over the classes, and metrics of all of them. */
    @Test
    void metricsOfSeveralClasses() {
        Metric[] metrics = {
            Average.MACRO.of(BinaryMetrics.auroc()), Metrics.balancedAccuracy(), Metrics.brier(), Metrics.logLoss()
        };
        Cases all = threeClasses(200_000, -1);
        for (Metric metric : metrics) {
            double truth = metric.of(all).orNaN();
            double covered = coverage(
                    metric.name() + " of three classes",
                    truth,
                    i -> FEWER.of(metric, threeClasses(200, i)).interval());
            assertThat(covered).as(metric.name()).isBetween(0.93, 0.97);
        }
    }

    private static Cases threeClasses(int size, int number) {
        RandomStream random = RandomStream.of(SEED, "test.classes", number);
        float[][] p = new float[size][3];
        int[] labels = new int[size];
        for (int i = 0; i < size; i++) {
            double drawn = random.nextDouble();
            labels[i] = drawn < 0.5 ? 0 : drawn < 0.8 ? 1 : 2;
            double sum = 0;
            double[] e = new double[3];
            for (int c = 0; c < 3; c++) {
                e[c] = Math.exp(1.5 * (c == labels[i] ? 1 : 0) + Draw.normal(random));
                sum += e[c];
            }
            for (int c = 0; c < 3; c++) {
                p[i][c] = (float) (e[c] / sum);
            }
        }
        return Cases.of(p, labels);
    }

    /** At some places, by percentiles, which are a little less exact than the intervals of single numbers. */
    @Test
    void bandsOfCurves() {
        SimulatedStudy study = new SimulatedStudy(200, 1, 0.4, 1.5, 0, 0);
        BinaryCases all = study.withPatients(POPULATION / 5).draw(SEED, -1);
        // of so many cases a band hardly differs from the curve, which lies in its middle
        CurveBand truth = CurveBand.roc(all, HOW.resamples(100));
        CurveBand precise = CurveBand.precisionRecall(all, HOW.resamples(100));
        for (int place : new int[] {10, 30, 50}) {
            double covered = coverage(
                    "sensitivity at a false positive rate of " + place / 100.0,
                    (truth.low()[place] + truth.high()[place]) / 2,
                    i -> at(CurveBand.roc(study.draw(SEED, i), FEWER), place));
            assertThat(covered).as("ROC at " + place).isBetween(0.91, 0.98);
            covered = coverage(
                    "precision at a recall of " + (place + 30) / 100.0,
                    (precise.low()[place + 30] + precise.high()[place + 30]) / 2,
                    i -> at(CurveBand.precisionRecall(study.draw(SEED, i), FEWER), place + 30));
            assertThat(covered).as("precision at " + (place + 30)).isBetween(0.91, 0.98);
        }
    }

    private static Optional<Interval> at(CurveBand band, int place) {
        return Double.isNaN(band.low()[place])
                ? Optional.empty()
                : Optional.of(new Interval(band.low()[place], band.high()[place], 0.95, "band"));
    }

    private static double coverage(String what, double truth, IntFunction<Optional<Interval>> study) {
        int covered = 0;
        int given = 0;
        double width = 0;
        for (int i = 0; i < STUDIES; i++) {
            Optional<Interval> interval = study.apply(i);
            if (interval.isPresent()) {
                given++;
                covered += interval.get().contains(truth) ? 1 : 0;
                width += interval.get().width();
            }
        }
        System.out.printf(
                Locale.ROOT,
                "coverage of %s: %d of %d studies (true value %.4f, mean width %.4f)%n",
                what,
                covered,
                given,
                truth,
                width / given);
        assertThat(given).isGreaterThan(STUDIES * 9 / 10);
        return (double) covered / given;
    }

    private static double coverage(SimulatedStudy study, BinaryMetric metric, String name, Method method) {
        double truth = metric.of(
                        study.withPatients(POPULATION / study.mostImages()).draw(SEED, -1))
                .orNaN();
        String what = String.format(
                Locale.ROOT,
                "%s by %s (%d patients, 1 to %d images)",
                metric.name(),
                name,
                study.patients(),
                study.mostImages());
        return coverage(what, truth, i -> method.of(metric, study.draw(SEED, i)).interval());
    }
}
