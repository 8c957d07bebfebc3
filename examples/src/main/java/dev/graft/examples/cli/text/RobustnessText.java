package dev.graft.examples.cli.text;

import dev.graft.nn.metric.interval.Condition;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Interval;
import dev.graft.nn.metric.interval.Robustness;
import java.io.PrintWriter;
import java.util.Locale;

/** What changed images do to a model, as people read it. */
public final class RobustnessText {
    private RobustnessText() {}

    public static void print(PrintWriter out, Robustness tried) {
        out.printf(
                Locale.ROOT,
                "%n%-12s %-29s %-10s %8s   %-18s %9s   %s%n",
                "images with",
                "",
                "metric",
                "value",
                "95 % interval",
                "change",
                "95 % interval");
        for (Estimate estimate : tried.unchanged()) {
            line(out, "no change", "", estimate, "", "");
        }
        for (Condition condition : tried.conditions()) {
            for (int i = 0; i < condition.metrics().size(); i++) {
                Estimate change = condition.changes().get(i);
                String by = change.score().isDefined()
                        ? String.format(Locale.ROOT, "%+.4f", change.score().orNaN())
                        : "n/a";
                line(
                        out,
                        condition.kind(),
                        condition.strength(),
                        condition.metrics().get(i),
                        by,
                        change.interval().map(Interval::toString).orElse("-"));
            }
        }
    }

    private static void line(
            PrintWriter out, String kind, String strength, Estimate estimate, String change, String reach) {
        out.println(String.format(
                        Locale.ROOT,
                        "%-12s %-29s %-10s %8s   %-18s %9s   %s",
                        kind,
                        strength,
                        estimate.name(),
                        ScoreText.of(estimate.score().orNaN()),
                        estimate.interval().map(Interval::toString).orElse("-"),
                        change,
                        reach)
                .stripTrailing());
    }
}
