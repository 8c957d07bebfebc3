package dev.graft.nn.report;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetric;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Bins;
import dev.graft.nn.metric.ReliabilityCurve;
import dev.graft.nn.metric.interval.CurveBand;
import dev.graft.nn.report.chart.Axis;
import dev.graft.nn.report.chart.Histogram;
import dev.graft.nn.report.chart.Line;
import dev.graft.nn.report.chart.LineChart;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Figure;
import dev.graft.nn.report.page.Paragraph;
import dev.graft.nn.report.page.Section;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Whether the probabilities can be believed. */
final class CalibrationPart {
    private static final int BINS = 10;
    private static final int FEWEST = 5;
    private static final int MOST_CURVES = 4;
    private static final int HISTOGRAM_BINS = 20;

    /** Resampling more cases takes long, and their intervals are narrow. */
    private static final int MOST_RESAMPLED = 10_000;

    private final Judged judged;
    private final Table table;

    CalibrationPart(Judged judged) {
        this.judged = judged;
        this.table = table();
    }

    Section section() {
        List<Block> blocks = new ArrayList<>();
        blocks.add(new Paragraph("If a model is well calibrated, then of all cases to which it gives 70 %, 70 % are"
                + " positive: the curve lies on the diagonal. Below it, probabilities are too high."));
        blocks.add(table);
        List<Line> lines = new ArrayList<>();
        for (int c : judged.drawn(MOST_CURVES)) {
            BinaryCases one = judged.cases().oneVsRest(c);
            lines.add(line(c, one));
        }
        blocks.add(new Figure(LineChart.square(
                "Calibration curve",
                "The share of positive cases against the mean predicted probability, in " + BINS
                        + " bins of equal width, without those of fewer than " + FEWEST + " cases, with "
                        + Math.round(100 * judged.how().level())
                        + " % bootstrap bands (" + judged.patients() + ").",
                Axis.unit("predicted probability"),
                Axis.unit("observed share"),
                lines,
                Optional.of(Line.of("perfect", new double[] {0, 1}, new double[] {0, 1})))));
        blocks.add(new Figure(histogram()));
        return new Section("Calibration", blocks);
    }

    /** Bins of a few cases say nothing, and would make the line jump. */
    private Line line(int c, BinaryCases one) {
        List<ReliabilityCurve.Point> points =
                ReliabilityCurve.of(one, Bins.equalWidth(BINS)).points();
        CurveBand band = CurveBand.calibration(one, BINS, judged.how());
        int[] shown = IntStream.range(0, points.size())
                .filter(i -> points.get(i).cases() >= FEWEST)
                .toArray();
        double[] at =
                IntStream.of(shown).mapToDouble(i -> points.get(i).predicted()).toArray();
        return Line.of(
                        judged.classes().get(c),
                        at,
                        IntStream.of(shown)
                                .mapToDouble(i -> points.get(i).observed())
                                .toArray())
                .within(new Line.Band(
                        at,
                        IntStream.of(shown).mapToDouble(i -> band.low()[i]).toArray(),
                        IntStream.of(shown).mapToDouble(i -> band.high()[i]).toArray()))
                .marked();
    }

    private Table table() {
        List<List<String>> rows = new ArrayList<>();
        for (int c : judged.drawn(MOST_CURVES)) {
            BinaryCases one = judged.cases().oneVsRest(c);
            rows.add(List.of(
                    judged.classes().get(c),
                    value(BinaryMetrics.calibrationSlope(), one),
                    value(BinaryMetrics.calibrationInTheLarge(), one),
                    value(BinaryMetrics.brier(), one),
                    Numbers.score(BinaryMetrics.calibrationError(Bins.equalWidth(BINS))
                            .of(one)
                            .orNaN())));
        }
        return Table.ofNumbers(
                "Calibration of each class against the rest; perfect is a slope of 1, and 0 in the large",
                List.of("Class", "Slope", "In the large", "Brier score", "Calibration error"),
                rows);
    }

    private String value(BinaryMetric metric, BinaryCases one) {
        return one.size() <= MOST_RESAMPLED
                ? Texts.withInterval(judged.how().of(metric, one))
                : Numbers.score(metric.of(one).orNaN());
    }

    private Histogram histogram() {
        int c = judged.drawn(1).get(0);
        BinaryCases one = judged.cases().oneVsRest(c);
        String name = judged.classes().get(c);
        return new Histogram(
                "Predicted probabilities of " + name,
                "How the probability of " + name + " is spread among cases that are " + name
                        + " and among all others. The less they overlap, the better.",
                Axis.unit("probability of " + name),
                HISTOGRAM_BINS,
                List.of(
                        new Histogram.Values("not " + name, values(one, false)),
                        new Histogram.Values(name, values(one, true))));
    }

    private static double[] values(BinaryCases cases, boolean positive) {
        return IntStream.range(0, cases.size())
                .filter(i -> cases.isPositive(i) == positive)
                .mapToDouble(cases::probability)
                .toArray();
    }

    /** For the checklists. */
    String text() {
        List<String> texts = new ArrayList<>();
        for (List<String> row : table.rows()) {
            texts.add(row.get(0) + ": slope " + row.get(1) + ", in the large " + row.get(2) + ", calibration error "
                    + row.get(4));
        }
        return String.join("; ", texts);
    }
}
