package dev.graft.nn.report;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.ConfusionMatrix;
import dev.graft.nn.metric.PrecisionRecallCurve;
import dev.graft.nn.metric.RocCurve;
import dev.graft.nn.metric.interval.CurveBand;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.report.chart.Axis;
import dev.graft.nn.report.chart.ConfusionChart;
import dev.graft.nn.report.chart.Line;
import dev.graft.nn.report.chart.LineChart;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Figure;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Section;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** How well a model tells the classes apart. */
final class PerformancePart {
    /** Curves of more classes cannot be told apart. */
    static final int MOST_CURVES = 6;

    private static final int MOST_CONFUSIONS = 30;

    private final Judged judged;

    PerformancePart(Judged judged) {
        this.judged = judged;
    }

    Section section() {
        List<Block> blocks = new ArrayList<>();
        blocks.add(metrics());
        if (!judged.summary().classes().isEmpty()) {
            blocks.add(classes());
        }
        List<Block> figures = new ArrayList<>();
        List<Integer> drawn = judged.drawn(MOST_CURVES);
        roc(drawn).ifPresent(chart -> figures.add(new Figure(chart)));
        precisionRecall(drawn).ifPresent(chart -> figures.add(new Figure(chart)));
        confusion(figures, blocks);
        if (figures.isEmpty()) {
            blocks.add(Note.warning("No curve can be drawn: they need cases with and without a class."));
        }
        blocks.addAll(figures);
        if (!judged.isBinary() && judged.classes().size() > MOST_CURVES) {
            blocks.add(Note.of("Curves are drawn for the " + MOST_CURVES + " most frequent of "
                    + judged.classes().size() + " classes."));
        }
        return new Section("Performance", blocks);
    }

    private Table metrics() {
        List<List<String>> rows = new ArrayList<>();
        for (Estimate estimate : judged.summary().overall()) {
            rows.add(List.of(
                    estimate.name(),
                    Texts.value(estimate),
                    estimate.interval().map(i -> Numbers.score(i.low())).orElse(""),
                    estimate.interval().map(i -> Numbers.score(i.high())).orElse(""),
                    Texts.method(estimate)));
        }
        return new Table(
                "All metrics, with " + Math.round(100 * judged.how().level()) + " % intervals (" + judged.patients()
                        + ")",
                List.of("Metric", "Value", "from", "to", "How"),
                List.of(false, true, true, true, false),
                rows);
    }

    private Table classes() {
        List<String> columns = new ArrayList<>(List.of(judged.cases().isMultiLabel() ? "Label" : "Class", "Cases"));
        judged.summary().classes().values().iterator().next().forEach(estimate -> columns.add(estimate.name()));
        List<List<String>> rows = new ArrayList<>();
        for (Map.Entry<String, List<Estimate>> entry :
                judged.summary().classes().entrySet()) {
            List<String> row = new ArrayList<>(List.of(
                    entry.getKey(),
                    Numbers.count(judged.cases().support(judged.classes().indexOf(entry.getKey())))));
            entry.getValue().forEach(estimate -> row.add(Texts.inCell(estimate)));
            rows.add(row);
        }
        return Table.ofNumbers(
                (judged.cases().isMultiLabel() ? "Each label; " : "Each class against the rest; ") + judged.decision(),
                columns,
                rows);
    }

    private void confusion(List<Block> figures, List<Block> blocks) {
        if (judged.cases().isMultiLabel()) {
            return;
        }
        int[] labels = IntStream.range(0, judged.cases().size())
                .map(judged.cases()::label)
                .toArray();
        long[][] counts = ConfusionMatrix.of(
                        judged.cases().predictions(), labels, judged.classes().size())
                .counts();
        if (judged.classes().size() <= ConfusionChart.MOST) {
            figures.add(new Figure(new ConfusionChart(
                    "Confusion matrix",
                    "How often each true class (row) was taken for each class (column). " + mistakes(counts, 3),
                    judged.classes(),
                    counts)));
        } else {
            List<List<String>> rows = confusions(counts).stream()
                    .map(pair -> List.of(
                            judged.classes().get(pair[0]),
                            judged.classes().get(pair[1]),
                            Numbers.count(counts[pair[0]][pair[1]])))
                    .toList();
            blocks.add(new Table(
                            "What was taken for what, most often first",
                            List.of("True class", "taken for", "Cases"),
                            List.of(false, false, true),
                            rows)
                    .atMost(MOST_CONFUSIONS));
        }
    }

    private static List<int[]> confusions(long[][] counts) {
        List<int[]> pairs = new ArrayList<>();
        for (int t = 0; t < counts.length; t++) {
            for (int p = 0; p < counts.length; p++) {
                if (t != p && counts[t][p] > 0) {
                    pairs.add(new int[] {t, p});
                }
            }
        }
        pairs.sort(Comparator.comparingLong(pair -> -counts[pair[0]][pair[1]]));
        return pairs;
    }

    private String mistakes(long[][] counts, int most) {
        List<String> texts = confusions(counts).stream()
                .limit(most)
                .map(pair -> judged.classes().get(pair[0]) + " taken for "
                        + judged.classes().get(pair[1]) + ": " + Numbers.count(counts[pair[0]][pair[1]]))
                .toList();
        return texts.isEmpty() ? "No case was classified wrongly." : "Most often " + String.join("; ", texts) + ".";
    }

    /** What went wrong, for the checklists. */
    String failures() {
        int wrong = judged.wrong();
        int all = judged.cases().size();
        if (judged.cases().isMultiLabel()) {
            return "see the table of labels";
        }
        int[] labels = IntStream.range(0, all).map(judged.cases()::label).toArray();
        return wrong + " of " + Texts.cases(all) + " were classified wrongly (" + Numbers.percent((double) wrong / all)
                + "). "
                + mistakes(
                        ConfusionMatrix.of(
                                        judged.cases().predictions(),
                                        labels,
                                        judged.classes().size())
                                .counts(),
                        5);
    }

    private Optional<LineChart> roc(List<Integer> drawn) {
        List<Line> lines = new ArrayList<>();
        for (int c : drawn) {
            BinaryCases one = judged.cases().oneVsRest(c);
            if (one.positives() == 0 || one.negatives() == 0) {
                continue;
            }
            List<RocCurve.Point> points = RocCurve.of(one).points();
            CurveBand band = CurveBand.roc(one, judged.how());
            lines.add(Line.of(
                            name(c),
                            points.stream()
                                    .mapToDouble(RocCurve.Point::falsePositiveRate)
                                    .toArray(),
                            points.stream()
                                    .mapToDouble(RocCurve.Point::sensitivity)
                                    .toArray())
                    .within(new Line.Band(band.at(), band.low(), band.high())));
        }
        return lines.isEmpty()
                ? Optional.empty()
                : Optional.of(LineChart.square(
                        "ROC curve",
                        "Sensitivity against the false positive rate (1 - specificity) over all thresholds" + bands()
                                + " The nearer to the upper left corner, the better.",
                        Axis.unit("1 - specificity"),
                        Axis.unit("sensitivity"),
                        lines,
                        Optional.of(Line.of("guessing", new double[] {0, 1}, new double[] {0, 1}))));
    }

    private Optional<LineChart> precisionRecall(List<Integer> drawn) {
        List<Line> lines = new ArrayList<>();
        for (int c : drawn) {
            BinaryCases one = judged.cases().oneVsRest(c);
            if (one.positives() == 0) {
                continue;
            }
            List<PrecisionRecallCurve.Point> points =
                    PrecisionRecallCurve.of(one).points();
            CurveBand band = CurveBand.precisionRecall(one, judged.how());
            lines.add(Line.of(
                            judged.classes().get(c) + ", AUPRC "
                                    + Numbers.score(BinaryMetrics.averagePrecision()
                                            .of(one)
                                            .orNaN()),
                            points.stream()
                                    .mapToDouble(PrecisionRecallCurve.Point::recall)
                                    .toArray(),
                            points.stream()
                                    .mapToDouble(PrecisionRecallCurve.Point::precision)
                                    .toArray())
                    .within(new Line.Band(band.at(), band.low(), band.high())));
        }
        return lines.isEmpty()
                ? Optional.empty()
                : Optional.of(LineChart.square(
                        "Precision-recall curve",
                        "Positive predictive value against sensitivity over all thresholds" + bands()
                                + " It depends on how common the class is.",
                        Axis.unit("sensitivity (recall)"),
                        Axis.unit("PPV (precision)"),
                        lines,
                        Optional.empty()));
    }

    private String name(int c) {
        Optional<Estimate> auroc = judged.summary().find(judged.classes().get(c), "AUROC");
        return judged.classes().get(c)
                + auroc.map(estimate -> ", AUROC " + Texts.value(estimate)).orElse("");
    }

    private String bands() {
        return ", with " + Math.round(100 * judged.how().level()) + " % bootstrap bands (" + judged.patients() + ").";
    }
}
