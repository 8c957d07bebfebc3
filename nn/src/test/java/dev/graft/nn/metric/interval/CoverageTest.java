package dev.graft.nn.metric.interval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetric;
import dev.graft.nn.metric.BinaryMetrics;
import java.util.Locale;
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

    private static double coverage(SimulatedStudy study, BinaryMetric metric, String name, Method method) {
        double truth = metric.of(
                        study.withPatients(POPULATION / study.mostImages()).draw(SEED, -1))
                .orNaN();
        int covered = 0;
        int given = 0;
        double width = 0;
        for (int i = 0; i < STUDIES; i++) {
            var interval = method.of(metric, study.draw(SEED, i)).interval();
            if (interval.isPresent()) {
                given++;
                covered += interval.get().contains(truth) ? 1 : 0;
                width += interval.get().width();
            }
        }
        System.out.printf(
                Locale.ROOT,
                "coverage of %s by %s: %d of %d studies (%d patients, 1 to %d images, true value %.4f, mean width %.4f)%n",
                metric.name(),
                name,
                covered,
                given,
                study.patients(),
                study.mostImages(),
                truth,
                width / given);
        assertThat(given).isGreaterThan(STUDIES * 9 / 10);
        return (double) covered / given;
    }
}
