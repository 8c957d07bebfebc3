package dev.graft.examples.cli.text;

import dev.graft.nn.metric.interval.Comparison;
import dev.graft.nn.metric.interval.Difference;
import dev.graft.nn.metric.interval.Interval;
import dev.graft.nn.metric.interval.McNemar;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalDouble;

/** Two models on the same images, as people read it. */
public final class ComparisonText {
    private ComparisonText() {}

    /**
     * Prints it.
     *
     * @param judged how many images the first model was judged on
     */
    public static void print(PrintWriter out, Path other, Comparison comparison, int judged) {
        out.printf(Locale.ROOT, "%ncompared with %s, on the same %,d images", other, comparison.cases());
        comparison.patients().ifPresent(count -> out.printf(Locale.ROOT, " of %,d patients", count));
        out.println(
                comparison.cases() == judged
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                " (the other model is not judged on %,d of those above)",
                                judged - comparison.cases()));
        out.printf(
                Locale.ROOT,
                "%n%-28s %8s %8s %11s   %-19s %-8s %s%n",
                "metric",
                "this",
                "other",
                "difference",
                "95 % interval",
                "p",
                "method");
        comparison.overall().forEach(own -> line(out, own.metric(), own));
        comparison.classes().forEach((name, own) -> line(out, "AUROC of " + name, own));
        McNemar test = comparison.mcNemar();
        out.printf(
                Locale.ROOT,
                "%nanswers right by this model alone: %,d, by the other alone: %,d; p = %s (%s)%n",
                test.onlyFirst(),
                test.onlySecond(),
                p(OptionalDouble.of(test.pValue())),
                test.method());
        out.println("of many metrics, some differ by chance: say before which one counts (docs/evaluation.md)");
    }

    private static void line(PrintWriter out, String name, Difference own) {
        double difference = own.difference().score().orNaN();
        String method = own.difference().interval().map(Interval::method).orElse("");
        String note = own.difference().score().isDefined()
                ? own.difference().note().orElse("")
                : "not defined: " + own.difference().score().reason();
        out.println(String.format(
                        Locale.ROOT,
                        "%-28s %8s %8s %11s   %-19s %-8s %s",
                        name,
                        ScoreText.of(own.first().orNaN()),
                        ScoreText.of(own.second().orNaN()),
                        Double.isNaN(difference) ? "n/a" : String.format(Locale.ROOT, "%+.4f", difference),
                        own.difference().interval().map(Interval::toString).orElse("-"),
                        p(own.pValue()),
                        method + (method.isEmpty() || note.isEmpty() ? "" : "; ") + note)
                .stripTrailing());
    }

    private static String p(OptionalDouble value) {
        if (value.isEmpty()) {
            return "";
        }
        return value.getAsDouble() < 0.0001 ? "< 0.0001" : String.format(Locale.ROOT, "%.4f", value.getAsDouble());
    }
}
