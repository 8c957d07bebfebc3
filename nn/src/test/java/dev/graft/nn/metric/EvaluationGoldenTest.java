package dev.graft.nn.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Golden;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Metrics at thresholds, averages, calibration and curves against scikit-learn's for the same cases. */
class EvaluationGoldenTest {
    private static final Offset<Double> EXACT = within(1e-12);
    private static final Offset<Double> FLOATS = within(1e-7);
    private static final Offset<Double> FITTED = within(1e-6);

    private static List<DynamicTest> each(String kind, Consumer<Golden> check) {
        return Golden.read("evaluation.json").children(kind).stream()
                .map(c -> DynamicTest.dynamicTest(c.text("name"), () -> check.accept(c)))
                .toList();
    }

    @TestFactory
    List<DynamicTest> binary() {
        return each("binary", EvaluationGoldenTest::checkBinary);
    }

    /** What is not defined in scikit-learn has a reason here. */
    private static void same(Score got, double want, Offset<Double> offset) {
        if (Double.isNaN(want)) {
            assertThat(got.value()).isEmpty();
            assertThat(got.reason()).isNotBlank();
        } else {
            assertThat(got.orNaN()).isCloseTo(want, offset);
        }
    }

    static BinaryCases cases(Golden c, String probabilities) {
        int[] truth = c.ints("truth");
        boolean[] positive = new boolean[truth.length];
        for (int i = 0; i < truth.length; i++) {
            positive[i] = truth[i] == 1;
        }
        return BinaryCases.of(c.doubles(probabilities), positive)
                .groups(Arrays.stream(c.ints("groups"))
                        .mapToObj(Integer::toString)
                        .toList());
    }

    private static void checkBinary(Golden c) {
        BinaryCases cases = cases(c, "probabilities");
        same(BinaryMetrics.auroc().of(cases), c.number("auroc"), EXACT);
        same(BinaryMetrics.averagePrecision().of(cases), c.number("auprc"), EXACT);
        same(BinaryMetrics.brier().of(cases), c.number("brier"), EXACT);
        same(BinaryMetrics.logLoss().of(cases), c.number("log_loss"), EXACT);
        for (Golden at : c.children("thresholds")) {
            double t = at.number("threshold");
            same(BinaryMetrics.accuracy(t).of(cases), at.number("accuracy"), EXACT);
            same(BinaryMetrics.balancedAccuracy(t).of(cases), at.number("balanced_accuracy"), EXACT);
            same(BinaryMetrics.sensitivity(t).of(cases), at.number("sensitivity"), EXACT);
            same(BinaryMetrics.specificity(t).of(cases), at.number("specificity"), EXACT);
            same(BinaryMetrics.ppv(t).of(cases), at.number("ppv"), EXACT);
            same(BinaryMetrics.npv(t).of(cases), at.number("npv"), EXACT);
            same(BinaryMetrics.f1(t).of(cases), at.number("f1"), EXACT);
            same(BinaryMetrics.mcc(t).of(cases), at.number("mcc"), EXACT);
            BinaryCounts counts = BinaryCounts.of(cases, t);
            same(counts.accuracy(), at.number("accuracy"), EXACT);
            same(counts.sensitivity(), at.number("sensitivity"), EXACT);
            same(counts.specificity(), at.number("specificity"), EXACT);
            same(counts.ppv(), at.number("ppv"), EXACT);
            same(counts.npv(), at.number("npv"), EXACT);
        }
        for (Golden want : c.children("reliability")) {
            Bins bins =
                    new Bins((int) want.number("bins"), want.text("strategy").equals("quantile"));
            List<ReliabilityCurve.Point> points =
                    ReliabilityCurve.of(cases, bins).points();
            assertThat(points.stream()
                            .mapToDouble(ReliabilityCurve.Point::observed)
                            .toArray())
                    .containsExactly(want.doubles("observed"), EXACT);
            assertThat(points.stream()
                            .mapToDouble(ReliabilityCurve.Point::predicted)
                            .toArray())
                    .containsExactly(want.doubles("predicted"), EXACT);
            assertThat(points.stream().mapToInt(ReliabilityCurve.Point::cases).toArray())
                    .containsExactly(want.ints("cases"));
            same(BinaryMetrics.calibrationError(bins).of(cases), want.number("error"), EXACT);
        }
        if (c.has("roc")) {
            checkCurves(c, cases);
        }
        CalibrationLine line = CalibrationLine.of(cases);
        if (c.has("calibration")) {
            same(line.slope(), c.child("calibration").number("slope"), FITTED);
            same(line.intercept(), c.child("calibration").number("intercept"), FITTED);
            same(line.inTheLarge(), c.child("calibration").number("in_the_large"), FITTED);
        } else {
            assertThat(line.slope().reason()).isNotBlank();
            assertThat(line.intercept().reason()).isNotBlank();
        }
    }

    private static void checkCurves(Golden c, BinaryCases cases) {
        List<RocCurve.Point> roc = RocCurve.of(cases).points();
        assertThat(roc.stream().mapToDouble(RocCurve.Point::falsePositiveRate).toArray())
                .containsExactly(c.child("roc").doubles("fpr"), EXACT);
        assertThat(roc.stream().mapToDouble(RocCurve.Point::sensitivity).toArray())
                .containsExactly(c.child("roc").doubles("tpr"), EXACT);
        assertThat(roc.stream().skip(1).mapToDouble(RocCurve.Point::threshold).toArray())
                .containsExactly(c.child("roc").doubles("threshold"), EXACT);
        // scikit-learn leaves out what lies below full recall, but for the first such point, and we do not
        List<PrecisionRecallCurve.Point> pr = PrecisionRecallCurve.of(cases).points();
        double[] recall = c.child("pr").doubles("recall");
        assertThat(pr.stream()
                        .limit(recall.length)
                        .mapToDouble(PrecisionRecallCurve.Point::recall)
                        .toArray())
                .containsExactly(recall, EXACT);
        assertThat(pr.stream()
                        .limit(recall.length)
                        .mapToDouble(PrecisionRecallCurve.Point::precision)
                        .toArray())
                .containsExactly(c.child("pr").doubles("precision"), EXACT);
        assertThat(pr.stream()
                        .limit(recall.length)
                        .mapToDouble(PrecisionRecallCurve.Point::threshold)
                        .toArray())
                .containsExactly(c.child("pr").doubles("threshold"), EXACT);
    }

    @TestFactory
    List<DynamicTest> multiclass() {
        return each("multiclass", c -> {
            Cases cases = Cases.of(c.floatMatrix("probabilities"), c.ints("labels"));
            same(Metrics.accuracy().of(cases), c.number("accuracy"), EXACT);
            same(Metrics.mcc().of(cases), c.number("mcc"), EXACT);
            same(Metrics.brier().of(cases), c.number("brier") / (cases.classes() == 2 ? 2 : 1), FLOATS);
            same(Metrics.calibrationError(Bins.equalWidth(10)).of(cases), c.number("top_label_error"), FLOATS);
            same(Metrics.classwiseCalibrationError(Bins.equalWidth(10)).of(cases), c.number("classwise_error"), FLOATS);
            averages(c, cases);
            same(Average.WEIGHTED.ofDecisions(BinaryMetrics.f1(0.5)).of(cases), c.number("f1_weighted"), EXACT);
        });
    }

    private static void averages(Golden c, Cases cases) {
        same(Average.MACRO.of(BinaryMetrics.auroc()).of(cases), c.number("auroc_macro"), EXACT);
        same(Average.WEIGHTED.of(BinaryMetrics.auroc()).of(cases), c.number("auroc_weighted"), EXACT);
        same(Average.MICRO.of(BinaryMetrics.auroc()).of(cases), c.number("auroc_micro"), EXACT);
        same(Average.MACRO.of(BinaryMetrics.averagePrecision()).of(cases), c.number("auprc_macro"), EXACT);
        same(Average.WEIGHTED.of(BinaryMetrics.averagePrecision()).of(cases), c.number("auprc_weighted"), EXACT);
        same(Average.MICRO.of(BinaryMetrics.averagePrecision()).of(cases), c.number("auprc_micro"), EXACT);
        same(Average.MACRO.ofDecisions(BinaryMetrics.f1(0.5)).of(cases), c.number("f1_macro"), EXACT);
        same(Average.MICRO.ofDecisions(BinaryMetrics.f1(0.5)).of(cases), c.number("f1_micro"), EXACT);
    }

    @TestFactory
    List<DynamicTest> multiLabel() {
        return each("multilabel", c -> {
            boolean[][] truths = Arrays.stream(c.matrix("truths"))
                    .map(row -> {
                        boolean[] has = new boolean[row.length];
                        for (int i = 0; i < row.length; i++) {
                            has[i] = row[i] == 1;
                        }
                        return has;
                    })
                    .toArray(boolean[][]::new);
            Cases cases = Cases.multiLabel(c.floatMatrix("probabilities"), truths);
            same(Metrics.accuracy().of(cases), c.number("accuracy"), EXACT);
            same(Metrics.brier().of(cases), c.number("brier"), EXACT);
            averages(c, cases);
        });
    }
}
