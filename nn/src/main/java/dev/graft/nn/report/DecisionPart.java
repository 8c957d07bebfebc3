package dev.graft.nn.report;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryCounts;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.decision.DecisionCurve;
import dev.graft.nn.report.chart.Axis;
import dev.graft.nn.report.chart.Line;
import dev.graft.nn.report.chart.LineChart;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.ChoiceTable;
import dev.graft.nn.report.page.Figure;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Paragraph;
import dev.graft.nn.report.page.Section;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** From which probability on to act, and whether that does good. */
final class DecisionPart {
    private static final int MOST_CLASSES = 3;

    private final Judged judged;
    private final Optional<Threshold> threshold;

    /**
     * The threshold that the model has.
     *
     * @param rule how it was chosen
     */
    record Threshold(double value, String rule) {}

    DecisionPart(Judged judged, Optional<Threshold> threshold) {
        this.judged = judged;
        this.threshold = threshold;
    }

    Section section() {
        List<Block> blocks = new ArrayList<>();
        threshold.ifPresent(own -> blocks.add(Note.of(chosen(own))));
        blocks.add(new Paragraph("From which probability on is a case called positive? A lower threshold finds more and"
                + " gives more false alarms. Choose it on other data than these, or the numbers below are too good."));
        for (int c : judged.drawn(MOST_CLASSES)) {
            blocks.add(choice(c));
        }
        for (int c : judged.drawn(MOST_CLASSES)) {
            blocks.add(new Figure(curve(c)));
        }
        blocks.add(new Paragraph("Net benefit counts true positives, less false positives weighted by the odds of the"
                + " threshold: whoever acts from 10 % on accepts nine needless actions for one that is needed. A model"
                + " is of use where its line is above those of acting always and never."));
        return new Section("Thresholds and net benefit", blocks);
    }

    private String chosen(Threshold own) {
        BinaryCases one = judged.cases().oneVsRest(judged.drawn(1).get(0));
        return String.format(Locale.ROOT, "The model's threshold is %.4f", own.value) + " (" + own.rule
                + "). On these cases it gives a sensitivity of "
                + Texts.withInterval(judged.how().of(BinaryMetrics.sensitivity(own.value), one))
                + " and a specificity of "
                + Texts.withInterval(judged.how().of(BinaryMetrics.specificity(own.value), one)) + ".";
    }

    private ChoiceTable choice(int c) {
        BinaryCases one = judged.cases().oneVsRest(c);
        TreeSet<Double> thresholds = new TreeSet<>();
        // fewer rows where there are several tables
        IntStream.rangeClosed(1, 19)
                .filter(i -> judged.isBinary() || i % 2 == 0)
                .forEach(i -> thresholds.add(i / 20.0));
        thresholds.add(0.01);
        thresholds.add(0.99);
        double marked = judged.isBinary() ? threshold.map(Threshold::value).orElse(0.5) : 0.5;
        if (marked > 0 && marked < 1) {
            thresholds.add(marked);
        }
        List<List<String>> rows = new ArrayList<>();
        int chosen = 0;
        for (double t : thresholds) {
            BinaryCounts counts = BinaryCounts.of(one, t);
            chosen = t <= marked ? rows.size() : chosen;
            boolean own = judged.isBinary() && threshold.isPresent() && t == marked;
            rows.add(List.of(
                    own ? Numbers.text(t) + " (the model's)" : String.format(Locale.ROOT, "%.2f", t),
                    Numbers.score(counts.sensitivity().orNaN()),
                    Numbers.score(counts.specificity().orNaN()),
                    Numbers.score(counts.ppv().orNaN()),
                    Numbers.score(counts.npv().orNaN()),
                    Numbers.count(counts.truePositives() + counts.falsePositives()),
                    Numbers.count(counts.falseNegatives()),
                    Numbers.count(counts.falsePositives()),
                    Numbers.score(DecisionCurve.of(one, t).points().get(0).model())));
        }
        return new ChoiceTable(
                Table.ofNumbers(
                        "Thresholds for " + judged.classes().get(c) + " (" + Numbers.count(one.positives()) + " of "
                                + Texts.cases(one.size()) + ")",
                        List.of(
                                "Threshold",
                                "Sensitivity",
                                "Specificity",
                                "PPV",
                                "NPV",
                                "called positive",
                                "missed",
                                "false alarms",
                                "Net benefit"),
                        rows),
                chosen);
    }

    private LineChart curve(int c) {
        BinaryCases one = judged.cases().oneVsRest(c);
        double[] thresholds =
                IntStream.rangeClosed(1, 99).mapToDouble(i -> i / 100.0).toArray();
        List<DecisionCurve.Point> points = DecisionCurve.of(one, thresholds).points();
        double most = Math.max(0.05, (double) one.positives() / one.size());
        double[] nothing = new double[] {0, 0};
        return LineChart.of(
                "Decision curve of " + judged.classes().get(c),
                "Net benefit, in true positives a case, against the threshold from which on one acts: by the model, "
                        + "always, or never.",
                Axis.unit("threshold"),
                new Axis("net benefit", -0.25 * most, 1.08 * most),
                List.of(
                        cut("act by the model", points, DecisionCurve.Point::model, -0.25 * most),
                        cut("act always", points, DecisionCurve.Point::treatAll, -0.25 * most),
                        Line.of("act never", new double[] {0, 1}, nothing)));
    }

    /** Net benefit falls without end; it is drawn as far as the chart reaches. */
    private static Line cut(
            String name, List<DecisionCurve.Point> points, ToDoubleFunction<DecisionCurve.Point> benefit, double low) {
        return Line.of(
                name,
                points.stream().mapToDouble(DecisionCurve.Point::threshold).toArray(),
                points.stream()
                        .mapToDouble(benefit)
                        .map(value -> value < low ? Double.NaN : value)
                        .toArray());
    }

    /** For the checklists. */
    String utility() {
        int c = judged.drawn(1).get(0);
        BinaryCases one = judged.cases().oneVsRest(c);
        List<String> texts = new ArrayList<>();
        for (DecisionCurve.Point point : DecisionCurve.of(one, 0.1, 0.25, 0.5).points()) {
            texts.add(String.format(
                    Locale.ROOT,
                    "at a threshold of %.2f %.3f (always %.3f, never 0)",
                    point.threshold(),
                    point.model(),
                    point.treatAll()));
        }
        return "net benefit for " + judged.classes().get(c) + ": " + String.join("; ", texts);
    }
}
