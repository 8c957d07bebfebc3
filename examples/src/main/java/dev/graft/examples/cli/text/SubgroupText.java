package dev.graft.examples.cli.text;

import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Interval;
import dev.graft.nn.metric.interval.Subgroups;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** Metrics of parts of the images, as people read them. */
public final class SubgroupText {
    private SubgroupText() {}

    public static void print(PrintWriter out, List<Subgroups> all) {
        out.printf(
                Locale.ROOT,
                "%n%-16s %-20s %-12s %7s %8s   %-18s%n",
                "subgroups by",
                "part",
                "metric",
                "images",
                "value",
                "95 % interval");
        for (Subgroups subgroups : all) {
            for (Subgroups.Part part : subgroups.parts()) {
                Estimate estimate = part.estimate();
                String line = String.format(
                        Locale.ROOT,
                        "%-16s %-20s %-12s %7d %8s   %-18s %s",
                        subgroups.column(),
                        part.name(),
                        estimate.name(),
                        part.cases(),
                        ScoreText.of(estimate.score().orNaN()),
                        estimate.interval().map(Interval::toString).orElse("-"),
                        part.tooSmall().orElse(""));
                out.println(line.stripTrailing());
            }
        }
        out.println("of many subgroups, some look bad by chance (docs/evaluation.md)");
    }
}
