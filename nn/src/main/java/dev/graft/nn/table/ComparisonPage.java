package dev.graft.nn.table;

import dev.graft.nn.report.chart.ForestPlot;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Bullets;
import dev.graft.nn.report.page.Figure;
import dev.graft.nn.report.page.Paragraph;
import dev.graft.nn.report.page.Report;
import dev.graft.nn.report.page.Section;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The report of a {@link TableComparison}: what the numbers say in words, then the numbers. */
record ComparisonPage(TableReport about, String cohort, List<TableComparison.Size> sizes, List<List<String>> asked) {
    /** Each way to a model, and what it is. */
    private static final List<List<String>> ARMS = List.of(
            List.of("transfer", "network of the population, adapted"),
            List.of("general", "network of the population, as it is"),
            List.of("scratch", "network from scratch, of the cohort"),
            List.of("logistic", "logistic regression, of the cohort"),
            List.of("general_logistic", "logistic regression, of the population"),
            List.of("none", "no information"));

    private static List<String> arms(TableComparison.Size size) {
        return ARMS.stream()
                .map(arm -> arm.get(0))
                .filter(size.arms()::containsKey)
                .toList();
    }

    String toHtml() {
        List<Section> sections = new ArrayList<>();
        List<Block> summary = new ArrayList<>(about.notes());
        summary.add(new Bullets(sizes.stream().map(size -> size.words() + ".").toList()));
        summary.add(new Paragraph(conclusion()));
        sections.add(new Section("Summary", summary));
        List<Block> arms = new ArrayList<>();
        arms.add(table());
        for (TableComparison.Size size : sizes) {
            arms.add(new Figure(new ForestPlot(
                    "AUROC with " + Numbers.count(size.size()) + " rows",
                    "Each way to a model, learnt from " + Numbers.count(size.size())
                            + " rows of the cohort where it learns from the cohort at all: the mean over seeds, with its"
                            + " interval by patient.",
                    "AUROC",
                    arms(size).stream()
                            .map(arm -> row(arm.replace('_', ' '), "", arm(size, arm)))
                            .toList())));
        }
        arms.add(Table.ofFacts(
                "What they are",
                ARMS.stream()
                        .map(arm -> List.of(arm.get(0).replace('_', ' '), arm.get(1)))
                        .toList()));
        sections.add(new Section("All ways to a model", arms));
        sections.add(Section.of(
                "Differences",
                differences("Adapted minus from scratch", TableComparison.Size::gain),
                differences("Adapted minus as it is", TableComparison.Size::overGeneral),
                differences("Adapted minus logistic regression of the cohort", TableComparison.Size::overLogistic)));
        sections.add(new Section("Data", about.findings()));
        sections.add(Section.of("Provenance", Table.ofFacts("What this result depends on", asked)));
        return new Report("What a population is worth to a cohort", cohort + ", of " + about.data(), sections).toHtml();
    }

    private String conclusion() {
        boolean adapting = sizes.stream().anyMatch(size -> size.overGeneral().lower() > 0);
        boolean worse = sizes.stream().anyMatch(size -> size.overGeneral().upper() < 0);
        return (adapting
                        ? "Adapting improved on the population's network at some size; see which."
                        : "No improvement by adapting on the population's network as it is was shown, at any size. The"
                                + " intervals say how large one may be.")
                + (worse ? " At some size it made it worse." : "")
                + " Intervals are of each size by itself; of many, some exclude 0 by chance. They are of these seeds and"
                + " draws of rows: how far others would differ is not in them.";
    }

    private static TableComparison.Arm arm(TableComparison.Size size, String name) {
        return Objects.requireNonNull(size.arms().get(name), name);
    }

    private Block table() {
        List<String> columns = new ArrayList<>(List.of("Rows"));
        arms(sizes.get(0)).forEach(arm -> columns.add(arm.replace('_', ' ')));
        return Table.ofNumbers(
                "AUROC on the cohort's test rows (95 % interval by patient)",
                columns,
                sizes.stream()
                        .map(size -> {
                            List<String> cells = new ArrayList<>(List.of(Numbers.count(size.size())));
                            arms(size).forEach(arm -> cells.add(text(arm(size, arm))));
                            return cells;
                        })
                        .toList());
    }

    private static String text(TableComparison.Arm arm) {
        return Numbers.score(arm.auroc()) + " (" + Numbers.score(arm.lower()) + " to " + Numbers.score(arm.upper())
                + ")";
    }

    private Block differences(
            String title, java.util.function.Function<TableComparison.Size, TableComparison.Arm> difference) {
        return new Figure(new ForestPlot(
                title,
                "Difference of AUROC by the number of rows of the cohort, with its interval, paired by patient.",
                "difference of AUROC",
                sizes.stream()
                        .map(size -> row(Numbers.count(size.size()) + " rows", "", difference.apply(size)))
                        .toList()));
    }

    private static ForestPlot.Row row(String name, String size, TableComparison.Arm arm) {
        return new ForestPlot.Row(name, size, arm.auroc(), arm.lower(), arm.upper(), "");
    }
}
