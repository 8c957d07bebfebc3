package dev.graft.examples.cli;

import dev.graft.examples.cli.text.ScoreText;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Interval;
import dev.graft.nn.metric.interval.Summary;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Metrics with their confidence intervals, as people read them. */
final class SummaryText {
    private SummaryText() {}

    /**
     * A table of all metrics, and one of sensitivity and specificity (AUROC too, of labels) of each class.
     *
     * @param width of the column of class names
     */
    static void print(PrintWriter out, Summary summary, boolean labels, int width) {
        out.printf(Locale.ROOT, "%n%-24s %8s   %-18s %s%n", "metric", "value", "95 % interval", "method");
        summary.overall().forEach(estimate -> line(out, "%-24s", estimate.name(), estimate));
        String name = "%-" + Math.max(5, width) + "s %-12s";
        List<String> shown = labels
                ? List.of("AUROC", "sensitivity", "specificity")
                : List.of("sensitivity", "specificity", "PPV", "NPV");
        if (!summary.classes().isEmpty()) {
            String heading = String.format(Locale.ROOT, name, labels ? "label" : "class", "metric");
            out.printf(Locale.ROOT, "%n%s %8s   %-18s %s%n", heading, "value", "95 % interval", "method");
            for (Map.Entry<String, List<Estimate>> entry : summary.classes().entrySet()) {
                for (Estimate estimate : entry.getValue()) {
                    if (shown.contains(estimate.name())) {
                        String label = EvaluateCommand.shortened(entry.getKey(), Math.max(5, width));
                        line(out, "%s", String.format(Locale.ROOT, name, label, estimate.name()), estimate);
                    }
                }
            }
        }
        out.printf(
                Locale.ROOT,
                "%n%s%n",
                summary.patients()
                        .map(count -> String.format(
                                Locale.ROOT,
                                "intervals are of %,d patients with %,d images; docs/evaluation.md explains every number",
                                count,
                                summary.cases()))
                        .orElse(
                                "patients are not known, so intervals count every image by itself; if there are several of"
                                        + " a patient, they are too narrow (docs/evaluation.md explains every number)"));
    }

    private static void line(PrintWriter out, String format, String name, Estimate estimate) {
        String value = ScoreText.of(estimate.score().orNaN());
        String interval = estimate.interval().map(Interval::toString).orElse("-");
        String method = estimate.interval().map(Interval::method).orElse("");
        String note = estimate.score().isDefined()
                ? estimate.note().orElse("")
                : "not defined: " + estimate.score().reason();
        String rest = method.isEmpty() || note.isEmpty() ? method + note : method + "; " + note;
        out.println(String.format(Locale.ROOT, format + " %8s   %-18s %s", name, value, interval, rest)
                .stripTrailing());
    }
}
