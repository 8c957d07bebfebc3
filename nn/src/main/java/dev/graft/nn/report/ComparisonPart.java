package dev.graft.nn.report;

import dev.graft.nn.metric.interval.Condition;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Interval;
import dev.graft.nn.metric.interval.Robustness;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.report.chart.ForestPlot;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.checklist.Fact;
import dev.graft.nn.report.checklist.Facts;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Figure;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Paragraph;
import dev.graft.nn.report.page.Section;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Whether a model is as good for parts of the cases, and if inputs are worse. */
final class ComparisonPart {
    private static final int MOST_PARTS = 100;

    private final List<Subgroups> columns;
    private final Optional<Robustness> conditions;

    ComparisonPart(List<Subgroups> columns, Optional<Robustness> conditions) {
        this.columns = columns;
        this.conditions = conditions;
    }

    Section subgroups() {
        List<Block> blocks = new ArrayList<>();
        if (columns.isEmpty()) {
            blocks.add(Note.of("Not examined: no column of the data was named as a subgroup, such as sex, age or site."
                    + " A model may be good for some and bad for others."));
        }
        for (Subgroups column : columns) {
            String metric = column.parts().isEmpty()
                    ? ""
                    : column.parts().get(0).estimate().name();
            List<ForestPlot.Row> rows = column.parts().stream()
                    .map(part -> new ForestPlot.Row(
                            part.name(),
                            Numbers.count(part.cases()),
                            part.estimate().score().orNaN(),
                            part.estimate().interval().map(Interval::low).orElse(Double.NaN),
                            part.estimate().interval().map(Interval::high).orElse(Double.NaN),
                            part.tooSmall().orElse("")))
                    .toList();
            blocks.add(new Figure(new ForestPlot(
                    metric + " by " + column.column(),
                    "The " + metric + " of each part of the cases by " + column.column()
                            + ", with its interval. Pale parts are too small to say anything.",
                    metric,
                    rows)));
        }
        for (Subgroups column : columns) {
            blocks.add(table(column));
        }
        if (!columns.isEmpty()) {
            blocks.add(new Paragraph("Of 20 subgroups, one looks bad by chance."));
        }
        return new Section("Subgroups", blocks);
    }

    private static Table table(Subgroups column) {
        boolean grouped =
                column.parts().stream().anyMatch(part -> part.patients().isPresent());
        List<String> names = new ArrayList<>(List.of(column.column(), "Cases", "Value (interval)", "Note"));
        List<Boolean> right = new ArrayList<>(List.of(false, true, true, false));
        if (grouped) {
            names.add(2, "Patients");
            right.add(2, true);
        }
        List<List<String>> rows = new ArrayList<>();
        for (Subgroups.Part part : column.parts()) {
            List<String> row = new ArrayList<>(List.of(
                    part.name(),
                    Numbers.count(part.cases()),
                    Texts.inCell(part.estimate()),
                    part.tooSmall().orElse("")));
            if (grouped) {
                row.add(2, part.patients().map(Numbers::count).orElse(""));
            }
            rows.add(row);
        }
        return new Table("By " + column.column(), names, right, rows).atMost(MOST_PARTS);
    }

    Section robustness() {
        if (conditions.isEmpty()) {
            return Section.of(
                    "Robustness",
                    Note.of("Not examined: the model was not run on noisier, blurred, brighter or otherwise worse"
                            + " inputs."));
        }
        Robustness own = conditions.get();
        List<Block> blocks = new ArrayList<>();
        if (!own.unchanged().isEmpty()) {
            String metric = own.unchanged().get(0).name();
            List<ForestPlot.Row> rows =
                    new ArrayList<>(List.of(row("unchanged", own.unchanged().get(0))));
            own.conditions()
                    .forEach(condition ->
                            rows.add(row(condition.kind(), condition.metrics().get(0))));
            blocks.add(new Figure(new ForestPlot(
                    metric + " if inputs are worse",
                    "The " + metric + " of inputs as they are (the first line) and under each condition, with its"
                            + " interval.",
                    metric,
                    rows)));
        }
        List<String> names = new ArrayList<>(List.of("Inputs", "Strength"));
        own.unchanged().forEach(estimate -> names.addAll(List.of(estimate.name(), "change")));
        List<List<String>> rows = new ArrayList<>();
        List<String> first = new ArrayList<>(List.of("unchanged", ""));
        own.unchanged().forEach(estimate -> first.addAll(List.of(Texts.inCell(estimate), "")));
        rows.add(first);
        for (Condition condition : own.conditions()) {
            List<String> row = new ArrayList<>(List.of(condition.kind(), condition.strength()));
            for (int i = 0; i < condition.metrics().size(); i++) {
                row.add(Texts.inCell(condition.metrics().get(i)));
                row.add(Texts.inCell(condition.changes().get(i)));
            }
            rows.add(row);
        }
        blocks.add(new Table(
                        "Scores under each condition, and how they differ from those of the unchanged inputs",
                        names,
                        IntStream.range(0, names.size()).mapToObj(i -> i > 1).toList(),
                        rows)
                .atMost(MOST_PARTS));
        return new Section("Robustness", blocks);
    }

    private static ForestPlot.Row row(String name, Estimate estimate) {
        return new ForestPlot.Row(
                name,
                "",
                estimate.score().orNaN(),
                estimate.interval().map(Interval::low).orElse(Double.NaN),
                estimate.interval().map(Interval::high).orElse(Double.NaN),
                "");
    }

    Facts facts() {
        List<String> groups = new ArrayList<>();
        for (Subgroups column : columns) {
            groups.add(column.column() + ": "
                    + String.join(
                            ", ",
                            column.parts().stream()
                                    .limit(MOST_PARTS)
                                    .map(part ->
                                            part.name() + " " + part.estimate().name() + " "
                                                    + Texts.withInterval(part.estimate())
                                                    + part.tooSmall()
                                                            .map(why -> " [" + why + "]")
                                                            .orElse(""))
                                    .toList()));
        }
        List<String> worse = new ArrayList<>();
        conditions.ifPresent(own -> own.conditions().stream()
                .filter(condition -> !condition.metrics().isEmpty())
                .limit(MOST_PARTS)
                .forEach(condition -> worse.add(condition.kind() + " (" + condition.strength() + "): "
                        + condition.metrics().get(0).name() + " "
                        + Texts.withInterval(condition.metrics().get(0)))));
        return Facts.none()
                .with(Fact.SUBGROUPS, String.join("; ", groups))
                .with(Fact.ROBUSTNESS, String.join("; ", worse));
    }
}
