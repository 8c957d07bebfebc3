package dev.graft.nn.metric.interval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.metric.Average;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetric;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Bins;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metric;
import dev.graft.nn.metric.Metrics;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class IntervalsTest {
    private static final Intervals HOW = Intervals.defaults().resamples(300);
    private static final SimulatedStudy STUDY = new SimulatedStudy(60, 4, 0.4, 1.5, 0.5, 0.3);

    private static final List<BinaryMetric> ALL = List.of(
            BinaryMetrics.auroc(),
            BinaryMetrics.averagePrecision(),
            BinaryMetrics.accuracy(0.5),
            BinaryMetrics.balancedAccuracy(0.5),
            BinaryMetrics.sensitivity(0.5),
            BinaryMetrics.specificity(0.5),
            BinaryMetrics.ppv(0.5),
            BinaryMetrics.npv(0.5),
            BinaryMetrics.f1(0.5),
            BinaryMetrics.mcc(0.5),
            BinaryMetrics.brier(),
            BinaryMetrics.logLoss(),
            BinaryMetrics.calibrationError(Bins.equalWidth(10)),
            BinaryMetrics.calibrationSlope(),
            BinaryMetrics.calibrationIntercept(),
            BinaryMetrics.calibrationInTheLarge());

    private static BinaryCases of(double[] p, int... truth) {
        boolean[] positive = new boolean[truth.length];
        for (int i = 0; i < truth.length; i++) {
            positive[i] = truth[i] == 1;
        }
        return BinaryCases.of(p, positive);
    }

    @Test
    void anyNumberOfThreadsGivesTheSameBits() throws Exception {
        BinaryCases cases = STUDY.draw(1, 0);
        for (BinaryMetric metric : List.of(BinaryMetrics.averagePrecision(), BinaryMetrics.calibrationSlope())) {
            Estimate one = in(1, () -> HOW.of(metric, cases));
            assertThat(in(2, () -> HOW.of(metric, cases))).isEqualTo(one);
            assertThat(in(16, () -> HOW.of(metric, cases))).isEqualTo(one);
            assertThat(HOW.seed(1).of(metric, cases)).isNotEqualTo(one);
        }
    }

    private static Estimate in(int threads, Callable<Estimate> work) throws Exception {
        ForkJoinPool pool = new ForkJoinPool(threads);
        try {
            return pool.submit(work).get();
        } finally {
            pool.shutdown();
        }
    }

    @Test
    void groupsOfOneAreNoGroups() {
        BinaryCases cases = new SimulatedStudy(80, 1, 0.4, 1.5, 0, 0).draw(2, 0);
        List<String> names =
                IntStream.range(0, cases.size()).mapToObj(i -> "patient " + i).toList();
        for (BinaryMetric metric : ALL) {
            assertThat(HOW.of(metric, cases.groups(names))).isEqualTo(HOW.of(metric, cases));
            assertThat(HOW.bootstrap(metric, cases.groups(names))).isEqualTo(HOW.bootstrap(metric, cases));
        }
        assertThat(HOW.of(BinaryMetrics.auroc(), cases.groups(Collections.nCopies(cases.size(), " "))))
                .as("a blank name is a group of its own")
                .isEqualTo(HOW.of(BinaryMetrics.auroc(), cases));
    }

    /** Ten copies of each patient's image tell nothing new, unless they are taken for patients. */
    @Test
    void copiesOfAnImageMakeNothingMoreSure() {
        BinaryCases once = new SimulatedStudy(60, 1, 0.4, 1.5, 0, 0).draw(3, 0);
        int times = 10;
        int[] rows = IntStream.range(0, once.size() * times).map(i -> i / times).toArray();
        List<String> names = IntStream.of(rows).mapToObj(Integer::toString).toList();
        BinaryCases copies = once.only(rows).groups(names);
        for (BinaryMetric metric : List.of(
                BinaryMetrics.auroc(), BinaryMetrics.accuracy(0.5), BinaryMetrics.f1(0.5), BinaryMetrics.brier())) {
            double alone = HOW.of(metric, once).interval().orElseThrow().width();
            double many = HOW.of(metric, copies).interval().orElseThrow().width();
            assertThat(many / alone).as(metric.name()).isBetween(0.97, 1.08);
        }
    }

    @Test
    void everyIntervalContainsItsValueAndIsWiderAtAHigherLevel() {
        for (int number = 0; number < 10; number++) {
            BinaryCases cases = STUDY.draw(4, number);
            for (BinaryMetric metric : ALL) {
                Estimate estimate = HOW.of(metric, cases);
                if (estimate.interval().isEmpty()) {
                    assertThat(estimate.note().orElse(estimate.score().reason()))
                            .as(metric.name())
                            .isNotBlank();
                    continue;
                }
                assertThat(estimate.score()).as("the same bits").isEqualTo(metric.of(cases));
                Interval interval = estimate.interval().get();
                assertThat(interval.contains(estimate.score().orNaN()))
                        .as("%s, study %d", estimate, number)
                        .isTrue();
                Interval wider = HOW.level(0.99).of(metric, cases).interval().orElseThrow();
                assertThat(wider.width()).as("%s, study %d", estimate, number).isGreaterThan(interval.width());
            }
        }
    }

    @Test
    void perfectScoresHaveIntervalsToo() {
        double[] p = new double[40];
        int[] truth = new int[40];
        for (int i = 0; i < 40; i++) {
            truth[i] = i % 2;
            p[i] = i % 2 == 1 ? 0.9 : 0.1;
        }
        BinaryCases cases = of(p, truth);
        Interval accuracy =
                HOW.of(BinaryMetrics.accuracy(0.5), cases).interval().orElseThrow();
        assertThat(accuracy.high()).isEqualTo(1);
        assertThat(accuracy.low()).as("40 of 40, Wilson").isCloseTo(0.9124, within(1e-4));
        Interval area = HOW.of(BinaryMetrics.auroc(), cases).interval().orElseThrow();
        assertThat(area.high()).isEqualTo(1);
        assertThat(area.low()).isBetween(0.8, 0.97);
        assertThat(area.method()).isEqualTo("Newcombe");
        List<String> four = IntStream.range(0, 40).mapToObj(i -> "p" + i % 4).toList();
        Estimate few = HOW.of(BinaryMetrics.accuracy(0.5), cases.groups(four));
        assertThat(few.interval().orElseThrow().low())
                .as("of four patients only")
                .isLessThan(0.4);
        assertThat(few.note()).contains("only 4 patients, so the interval may be too narrow");
        assertThat(HOW.of(BinaryMetrics.auroc(), cases.groups(four))
                        .interval()
                        .orElseThrow()
                        .low())
                .isLessThan(area.low());
        assertThat(HOW.of(BinaryMetrics.f1(0.5), cases).note()).contains("no interval: resamples do not differ");
        assertThat(HOW.of(BinaryMetrics.calibrationSlope(), cases).score().reason())
                .contains("separates the classes");
    }

    /** Where everything is called the same, only the rare resamples of one class differ. */
    @Test
    void anIntervalWithoutWidthIsNone() {
        float[][] p = new float[10][];
        int[] labels = new int[10];
        for (int i = 0; i < 10; i++) {
            p[i] = new float[] {0.25f, 0.75f};
            labels[i] = i < 5 ? 0 : 1;
        }
        Estimate estimate = Intervals.defaults().of(Metrics.balancedAccuracy(), Cases.of(p, labels));
        assertThat(estimate.score().orNaN()).isEqualTo(0.5);
        assertThat(estimate.note()).contains("no interval: nearly all resamples have the same value");
    }

    @Test
    void whatCannotBeSaidIsSaidInWords() {
        BinaryCases positives = of(new double[] {0.2, 0.8}, 1, 1);
        Estimate area = HOW.of(BinaryMetrics.auroc(), positives);
        assertThat(area.score().reason()).isEqualTo("no negative case");
        assertThat(area.interval()).isEmpty();
        assertThat(area).hasToString("AUROC not defined: no negative case");
        assertThat(HOW.of(BinaryMetrics.specificity(0.5), positives).score().reason())
                .isEqualTo("no negative case");
        assertThat(HOW.of(BinaryMetrics.averagePrecision(), of(new double[] {0.5, 0.1}, 0, 0))
                        .score()
                        .reason())
                .isEqualTo("no positive case");
        BinaryCases one = of(new double[] {0.7}, 1);
        assertThat(HOW.of(BinaryMetrics.brier(), one).note()).contains("no interval: there is only one case");
        assertThat(HOW.of(BinaryMetrics.auroc(), of(new double[] {0.1, 0.7, 0.8}, 0, 0, 1))
                        .note())
                .contains("no interval: only one case is positive");
        BinaryCases onePatient =
                of(new double[] {0.1, 0.7, 0.8, 0.3}, 0, 0, 1, 1).groups(List.of("a", "a", "a", "a"));
        for (BinaryMetric metric : List.of(BinaryMetrics.auroc(), BinaryMetrics.accuracy(0.5), BinaryMetrics.brier())) {
            assertThat(HOW.of(metric, onePatient).interval()).as(metric.name()).isEmpty();
            assertThat(HOW.of(metric, onePatient).note().orElseThrow()).contains("one patient");
        }
        double[] rare = new double[40];
        int[] truth = new int[40];
        for (int i = 0; i < 40; i++) {
            rare[i] = i / 40.0;
        }
        truth[39] = 1;
        assertThat(HOW.of(BinaryMetrics.averagePrecision(), of(rare, truth))
                        .note()
                        .orElseThrow())
                .matches("no interval: it is not defined in \\d+ of 300 resamples, too few cases of a class");
        truth[20] = 1;
        truth[30] = 1;
        assertThat(HOW.of(BinaryMetrics.averagePrecision(), of(rare, truth))
                        .note()
                        .orElseThrow())
                .matches("\\d+ of 300 resamples, in which it is not defined, left out");
        assertThat(HOW.of(BinaryMetrics.calibrationError(Bins.equalMass(5)), STUDY.draw(5, 0))
                        .note()
                        .orElseThrow())
                .startsWith("no interval: chance alone");
        assertThatThrownBy(() -> Intervals.defaults().level(1)).hasMessageContaining("level 1.0");
        assertThatThrownBy(() -> Intervals.defaults().resamples(10)).hasMessageContaining("resamples 10");
    }

    @Test
    void theOrderOfPatientsDoesNotMatterForClosedForms() {
        BinaryCases cases = STUDY.draw(6, 0);
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, cases.size()).boxed().toList());
        Collections.shuffle(order, new Random(3));
        int[] rows = order.stream().mapToInt(Integer::intValue).toArray();
        for (BinaryMetric metric : List.of(BinaryMetrics.auroc(), BinaryMetrics.ppv(0.4))) {
            Interval want = HOW.of(metric, cases).interval().orElseThrow();
            Interval got = HOW.of(metric, cases.only(rows)).interval().orElseThrow();
            assertThat(got.low()).isCloseTo(want.low(), within(1e-12));
            assertThat(got.high()).isCloseTo(want.high(), within(1e-12));
        }
    }

    @Test
    void aPairedComparisonSeesWhatSeparateIntervalsDoNot() {
        SplittableRandom random = new SplittableRandom(7);
        BinaryCases good = new SimulatedStudy(150, 1, 0.4, 1.5, 0, 0).draw(7, 0);
        double[] worse = new double[good.size()];
        int[] truth = new int[good.size()];
        for (int i = 0; i < worse.length; i++) {
            double logit = Math.log(good.probability(i) / (1 - good.probability(i)));
            worse[i] = 1 / (1 + Math.exp(-(logit + 0.8 * random.nextGaussian())));
            truth[i] = good.isPositive(i) ? 1 : 0;
        }
        BinaryCases bad = of(worse, truth);
        for (BinaryMetric metric :
                List.of(BinaryMetrics.auroc(), BinaryMetrics.brier(), BinaryMetrics.averagePrecision())) {
            Difference difference = Difference.of(metric, good, bad, HOW);
            Interval paired = difference.difference().interval().orElseThrow();
            assertThat(paired.width())
                    .as(metric.name())
                    .isLessThan(HOW.of(metric, good).interval().orElseThrow().width());
            Interval back = Difference.of(metric, bad, good, HOW)
                    .difference()
                    .interval()
                    .orElseThrow();
            assertThat(back.low()).isCloseTo(-paired.high(), within(1e-2));
        }
        assertThat(Difference.of(BinaryMetrics.auroc(), good, bad, HOW).pValue().orElseThrow())
                .isBetween(0.0, 1.0);
        int[] ten = IntStream.range(0, 10).toArray();
        for (BinaryMetric metric : List.of(BinaryMetrics.auroc(), BinaryMetrics.brier())) {
            Difference few = Difference.of(metric, good.only(ten), bad.only(ten), HOW);
            assertThat(few.difference().note().orElseThrow()).contains("only 10 cases");
        }
        Difference same = Difference.of(BinaryMetrics.auroc(), good, good, HOW);
        assertThat(same.difference().note()).contains("no interval: both models rank the cases alike");
        assertThatThrownBy(() -> Difference.of(BinaryMetrics.auroc(), good, good.only(new int[] {0, 1, 2}), HOW))
                .hasMessageContaining("judged on different cases");
    }

    /** Of 300 studies, small and large, with and without several cases of a patient. */
    @Test
    void pIsSmallExactlyWhereTheIntervalExcludesZero() {
        int excluded = 0;
        int normal = 0;
        int studies = 300;
        for (int seed = 0; seed < studies; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int n = 8 + random.nextInt(seed % 2 == 0 ? 20 : 200);
            double[] a = new double[n];
            double[] b = new double[n];
            int[] truth = new int[n];
            List<String> patients = new ArrayList<>();
            for (int k = 0; k < n; k++) {
                truth[k] = k % 4 == 0 ? 1 : 0;
                a[k] = truth[k] + random.nextGaussian();
                b[k] = random.nextGaussian();
                patients.add("" + (seed % 3 == 0 ? random.nextInt(n) : k));
            }
            Difference difference = Difference.of(
                    BinaryMetrics.auroc(),
                    of(a, truth).groups(patients),
                    of(b, truth).groups(patients),
                    HOW);
            if (difference.pValue().isEmpty()) {
                continue;
            }
            Interval interval = difference.difference().interval().orElseThrow();
            boolean excludes = !interval.contains(0);
            assertThat(difference.pValue().orElseThrow() < 0.05)
                    .as("seed " + seed + ": " + difference)
                    .isEqualTo(excludes);
            excluded += excludes ? 1 : 0;
            normal++;
        }
        assertThat(normal).isGreaterThan(280);
        assertThat(excluded).isBetween(60, 240);
    }

    /** A test of equal areas that is right says p below 0.05 in one of twenty studies without a difference. */
    @Test
    void deLongsTestIsRightlyRare() {
        int significant = 0;
        int studies = 400;
        for (int i = 0; i < studies; i++) {
            SplittableRandom random = new SplittableRandom(i);
            double[] a = new double[100];
            double[] b = new double[100];
            int[] truth = new int[100];
            for (int k = 0; k < 100; k++) {
                truth[k] = k % 2;
                double common = random.nextGaussian();
                a[k] = truth[k] + common + random.nextGaussian();
                b[k] = truth[k] + common + random.nextGaussian();
            }
            double p = Difference.of(BinaryMetrics.auroc(), of(a, truth), of(b, truth), HOW)
                    .pValue()
                    .orElseThrow();
            significant += p < 0.05 ? 1 : 0;
        }
        assertThat(significant / (double) studies).isBetween(0.025, 0.085);
    }

    @Test
    void subgroupsThatAreTooSmallSaySo() {
        BinaryCases drawn = new SimulatedStudy(300, 1, 0.4, 2, 0, 0).draw(8, 0);
        float[][] p = new float[300][];
        int[] labels = new int[300];
        List<String> sex = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            p[i] = new float[] {(float) (1 - drawn.probability(i)), (float) drawn.probability(i)};
            labels[i] = drawn.isPositive(i) ? 1 : 0;
            sex.add(i < 15 ? "x" : i < 40 ? "" : i % 2 == 0 ? "f" : "m");
        }
        Cases cases = Cases.of(p, labels);
        Metric auroc = BinaryMetrics.auroc().ofClass(1);
        Subgroups table = Subgroups.of("sex", sex, auroc, cases, HOW);
        assertThat(table.parts().stream().map(Subgroups.Part::name)).containsExactly("f", "m", "x", "(not given)");
        assertThat(table.parts().stream().mapToInt(Subgroups.Part::cases)).containsExactly(130, 130, 15, 25);
        assertThat(table.parts()).allSatisfy(part -> assertThat(part.patients()).isEmpty());
        List<String> pairs = IntStream.range(0, 300).mapToObj(i -> "" + i % 290).toList();
        Subgroups grouped = Subgroups.of("sex", sex, auroc, cases.groups(pairs), HOW);
        assertThat(grouped.parts().stream().map(part -> part.patients().orElseThrow()))
                .as("also of parts where each patient has one case")
                .containsExactly(130, 130, 15, 25);
        assertThat(grouped.parts().get(2).tooSmall().orElseThrow()).contains("patients of a class");
        assertThat(table.parts().get(0).tooSmall()).isEmpty();
        assertThat(table.parts().get(2).tooSmall().orElseThrow())
                .matches("too small: \\d cases of a class, fewer than 10");
        int[] women =
                IntStream.range(0, 300).filter(i -> sex.get(i).equals("f")).toArray();
        assertThat(table.parts().get(0).estimate()).isEqualTo(HOW.of(auroc, cases.only(women)));
        assertThat(Subgroups.ranges(new double[] {10, 40, 59.9, 60, Double.NaN}, 40, 60))
                .containsExactly("1: below 40", "2: 40 to below 60", "2: 40 to below 60", "3: 60 or more", "");
        assertThatThrownBy(() -> Subgroups.of("age", List.of("1"), auroc, cases, HOW))
                .hasMessage("subgroups: the column age has 1 values for 300 cases");
    }

    @Test
    void severalClassesAndLabelsHaveIntervals() {
        SplittableRandom random = new SplittableRandom(9);
        float[][] p = new float[90][3];
        int[] labels = new int[90];
        boolean[][] truths = new boolean[90][3];
        List<String> patients = new ArrayList<>();
        for (int i = 0; i < 90; i++) {
            labels[i] = random.nextInt(3);
            double sum = 0;
            for (int c = 0; c < 3; c++) {
                p[i][c] = (float) Math.exp(random.nextGaussian() + (c == labels[i] ? 1 : 0));
                sum += p[i][c];
                truths[i][c] = c == labels[i] || random.nextInt(3) == 0;
            }
            for (int c = 0; c < 3; c++) {
                p[i][c] /= (float) sum;
            }
            patients.add("p" + i / 2);
        }
        for (Cases cases : List.of(Cases.of(p, labels), Cases.multiLabel(p, truths))) {
            List<Metric> metrics = new ArrayList<>(List.of(
                    Metrics.accuracy(),
                    Metrics.brier(),
                    Metrics.logLoss(),
                    Average.MACRO.of(BinaryMetrics.auroc()),
                    Average.WEIGHTED.of(BinaryMetrics.averagePrecision()),
                    BinaryMetrics.auroc().ofClass(2),
                    BinaryMetrics.sensitivity(0.5).ofDecision(0)));
            if (!cases.isMultiLabel()) {
                metrics.addAll(List.of(Metrics.mcc(), Metrics.balancedAccuracy()));
            }
            for (Cases some : List.of(cases, cases.groups(patients))) {
                for (Estimate estimate : HOW.of(metrics, some)) {
                    assertThat(estimate.interval()
                                    .orElseThrow()
                                    .contains(estimate.score().orNaN()))
                            .as(estimate.toString())
                            .isTrue();
                }
            }
            // pooled decisions of one case are no independent cases: the interval counts cases
            Interval pooled = HOW.of(Average.MICRO.of(BinaryMetrics.auroc()), cases)
                    .interval()
                    .orElseThrow();
            assertThat(pooled.method()).isEqualTo("bootstrap");
        }
    }
}
