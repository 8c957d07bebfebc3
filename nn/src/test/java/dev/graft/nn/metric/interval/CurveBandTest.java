package dev.graft.nn.metric.interval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.Bins;
import dev.graft.nn.metric.PrecisionRecallCurve;
import dev.graft.nn.metric.ReliabilityCurve;
import dev.graft.nn.metric.RocCurve;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CurveBandTest {
    private static final Intervals HOW = Intervals.defaults().resamples(500);

    /** Of any number of images each, positive patients rank higher. */
    private static BinaryCases study(int patients, int imagesEach, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] p = new double[patients * imagesEach];
        boolean[] positive = new boolean[p.length];
        String[] names = new String[p.length];
        for (int i = 0; i < p.length; i++) {
            int patient = i / imagesEach;
            positive[i] = patient % 3 == 0;
            double own = new SplittableRandom(seed + patient).nextDouble();
            p[i] = Math.min(0.999, 0.8 * own + 0.15 * random.nextDouble() + (positive[i] ? 0.25 : 0));
            p[i] = Math.min(p[i], 1);
            names[i] = "p" + patient;
        }
        return BinaryCases.of(p, positive).groups(Arrays.asList(names));
    }

    @Test
    void rocBandHoldsTheCurveAndHasTheBitsOfItsSeed() {
        BinaryCases cases = study(150, 1, 3);
        CurveBand band = CurveBand.roc(cases, HOW);
        double inside = 0;
        for (int i = 0; i < band.at().length; i++) {
            assertThat(band.low()[i]).isBetween(0.0, band.high()[i]);
            double height = height(RocCurve.of(cases), band.at()[i]);
            inside += height >= band.low()[i] - 1e-9 && height <= band.high()[i] + 1e-9 ? 1 : 0;
        }
        assertThat(inside / band.at().length).isGreaterThan(0.97);
        assertThat(band.high()[100]).isEqualTo(1);
        assertThat(CurveBand.roc(cases, HOW).low()).isEqualTo(band.low());
        assertThat(CurveBand.roc(cases, HOW.seed(1)).low()).isNotEqualTo(band.low());
    }

    private static double height(RocCurve curve, double x) {
        double height = 0;
        for (int i = 1; i < curve.points().size(); i++) {
            RocCurve.Point a = curve.points().get(i - 1);
            RocCurve.Point b = curve.points().get(i);
            if (b.falsePositiveRate() <= x) {
                height = b.sensitivity();
            } else if (a.falsePositiveRate() <= x) {
                height = a.sensitivity()
                        + (b.sensitivity() - a.sensitivity())
                                * (x - a.falsePositiveRate())
                                / (b.falsePositiveRate() - a.falsePositiveRate());
            }
        }
        return height;
    }

    /** Several images of a patient say less than as many patients: the band by patient must be wider. */
    @Test
    void bandsCountPatients() {
        BinaryCases grouped = study(40, 6, 7);
        BinaryCases single = BinaryCases.of(
                IntStream.range(0, grouped.size())
                        .mapToDouble(grouped::probability)
                        .toArray(),
                truths(grouped));
        assertThat(width(CurveBand.roc(grouped, HOW))).isGreaterThan(1.5 * width(CurveBand.roc(single, HOW)));
        assertThat(width(CurveBand.precisionRecall(grouped, HOW)))
                .isGreaterThan(1.5 * width(CurveBand.precisionRecall(single, HOW)));
    }

    private static boolean[] truths(BinaryCases cases) {
        boolean[] truth = new boolean[cases.size()];
        for (int i = 0; i < truth.length; i++) {
            truth[i] = cases.isPositive(i);
        }
        return truth;
    }

    private static double width(CurveBand band) {
        double sum = 0;
        for (int i = 0; i < band.at().length; i++) {
            double width = band.high()[i] - band.low()[i];
            sum += Double.isNaN(width) ? 0 : width;
        }
        return sum;
    }

    /** At recall 0 the precision is that of the highest probability, as the curve's first point has it. */
    @Test
    void precisionAtRecallZeroIsThatOfTheHighestProbability() {
        double[] p = new double[80];
        boolean[] positive = new boolean[p.length];
        for (int i = 0; i < p.length; i++) {
            positive[i] = i >= 40;
            p[i] = positive[i] ? 0.5 : 0.9;
        }
        BinaryCases cases = BinaryCases.of(p, positive);
        PrecisionRecallCurve.Point first =
                PrecisionRecallCurve.of(cases).points().get(0);
        assertThat(first.recall()).isZero();
        assertThat(first.precision()).isZero();
        CurveBand band = CurveBand.precisionRecall(cases, HOW);
        assertThat(band.low()[0]).isZero();
        assertThat(band.high()[0]).isZero();
        assertThat(band.low()[1]).isGreaterThan(0.3);
        assertThat(band.high()[1]).isLessThan(0.7);
    }

    @Test
    void calibrationBandsLieAtTheCurvesPoints() {
        BinaryCases cases = study(400, 1, 11);
        CurveBand band = CurveBand.calibration(cases, 10, HOW);
        ReliabilityCurve curve = ReliabilityCurve.of(cases, Bins.equalWidth(10));
        assertThat(band.at())
                .containsExactly(curve.points().stream()
                        .mapToDouble(ReliabilityCurve.Point::predicted)
                        .toArray());
        for (int i = 0; i < band.at().length; i++) {
            if (!Double.isNaN(band.low()[i])) {
                assertThat(curve.points().get(i).observed()).isBetween(band.low()[i], band.high()[i]);
            }
        }
    }

    /**
     * Few cases of a class, one class alone, one case, ties everywhere: no exception, and no range that is not known.
     */
    @Test
    void saysNothingWhereNothingIsKnown() {
        for (double[] p : new double[][] {{0.5}, {0.5, 0.5, 0.5}, {0, 1, 0.5}}) {
            for (boolean value : new boolean[] {true, false}) {
                boolean[] positive = new boolean[p.length];
                Arrays.fill(positive, value);
                BinaryCases cases = BinaryCases.of(p, positive);
                assertThat(CurveBand.roc(cases, HOW).low()).containsOnly(Double.NaN);
                CurveBand.precisionRecall(cases, HOW);
                CurveBand.calibration(cases, 10, HOW);
            }
        }
        assertThat(CurveBand.precisionRecall(BinaryCases.of(new double[] {0.5}, new boolean[1]), HOW)
                        .high())
                .containsOnly(Double.NaN);
    }

    @Test
    void manyCasesTakeSeconds() {
        BinaryCases cases = study(100_000, 1, 13);
        long begin = System.nanoTime();
        CurveBand band = CurveBand.roc(cases, Intervals.defaults());
        assertThat((System.nanoTime() - begin) / 1e9).isLessThan(60);
        assertThat(width(band) / band.at().length).isLessThan(0.02);
    }
}
