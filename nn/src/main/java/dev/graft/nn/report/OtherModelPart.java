package dev.graft.nn.report;

import dev.graft.nn.metric.interval.Comparison;
import dev.graft.nn.metric.interval.Difference;
import dev.graft.nn.metric.interval.McNemar;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Paragraph;
import dev.graft.nn.report.page.Section;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * How a model differs from another on the same cases.
 *
 * @param other what the other model is called
 * @param notes what a reader must know of the other model's answers
 */
record OtherModelPart(String other, Comparison comparison, List<Note> notes) {
    Section section() {
        List<Block> blocks = new ArrayList<>(notes);
        blocks.add(new Paragraph("Both models were judged on the same " + Texts.cases(comparison.cases())
                + comparison
                        .patients()
                        .map(count -> " of " + Numbers.count(count) + " patients; intervals and tests count patients.")
                        .orElse(". Patients are not known, so every case counts by itself.")
                + " The other model is " + other + ". A difference above 0 means that this model has the larger value;"
                + " of Brier score, log loss and calibration error, smaller is better."));
        List<List<String>> rows = new ArrayList<>();
        comparison.overall().forEach(own -> rows.add(row(own.metric(), own)));
        comparison.classes().forEach((name, own) -> rows.add(row("AUROC of " + name, own)));
        blocks.add(new Table(
                "This model and the other",
                List.of("Metric", "This model", "Other model", "Difference (interval)", "p", "Method"),
                List.of(false, true, true, true, true, false),
                rows));
        McNemar test = comparison.mcNemar();
        blocks.add(new Paragraph("Answers that only this model has right: " + Numbers.count(test.onlyFirst())
                + "; only the other: " + Numbers.count(test.onlySecond()) + ". If both are right equally often, such a"
                + " difference or a larger one has the probability p = " + p(OptionalDouble.of(test.pValue())) + " ("
                + test.method() + ")."));
        blocks.add(Note.of("Of many metrics, some differ by chance. Say before the comparison which one counts."));
        return new Section("Comparison with another model", blocks);
    }

    private static List<String> row(String name, Difference own) {
        return List.of(
                name,
                Numbers.score(own.first().orNaN()),
                Numbers.score(own.second().orNaN()),
                Texts.withInterval(own.difference()),
                p(own.pValue()),
                Texts.method(own.difference()));
    }

    private static String p(OptionalDouble value) {
        if (value.isEmpty()) {
            return "";
        }
        return value.getAsDouble() < 0.0001 ? "below 0.0001" : String.format(Locale.ROOT, "%.4f", value.getAsDouble());
    }
}
