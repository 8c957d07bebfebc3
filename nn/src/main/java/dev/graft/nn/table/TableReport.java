package dev.graft.nn.table;

import dev.graft.nn.data.table.LeakageAudit;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.data.table.TableColumn;
import dev.graft.nn.data.table.TableSchema;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.report.ClassificationReport;
import dev.graft.nn.report.Epoch;
import dev.graft.nn.report.chart.BarChart;
import dev.graft.nn.report.chart.FlowChart;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.checklist.Fact;
import dev.graft.nn.report.checklist.Facts;
import dev.graft.nn.report.checklist.Study;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Bullets;
import dev.graft.nn.report.page.Figure;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Paragraph;
import dev.graft.nn.report.page.Section;
import dev.graft.nn.report.page.Table;
import dev.graft.nn.run.CardReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The reports of models of tables: one HTML file each, which needs no other.
 *
 * <pre>{@code
 * var result = TableCrossValidation.run(cases, folds, learner, fold -> {});
 * String html = TableReport.of(cases, "stays.csv").crossValidation("logistic regression", result);
 * }</pre>
 *
 * <p>Immutable; each method but those that make a page returns another.
 *
 * @param cases all that were there, before any were left out
 * @param data what they come from, for people
 * @param notes what a reader must know before any number
 * @param study what people say of their study
 */
public record TableReport(TableCases cases, String data, List<Note> notes, Study study) {
    private static final int MOST_INPUTS = 15;
    private static final int MOST_PARTS = 25;
    private static final Set<String> PEOPLE =
            Set.of("sex", "gender", "race", "ethnicity", "age", "age_band", "age_group", "insurance", "payer");

    public TableReport {
        notes = List.copyOf(notes);
    }

    /** With nothing besides. */
    public static TableReport of(TableCases cases, String data) {
        return new TableReport(cases, data, List.of(), Study.none());
    }

    /** This with a warning before all numbers. */
    public TableReport warning(String text) {
        List<Note> more = new ArrayList<>(notes);
        more.add(Note.warning(text));
        return new TableReport(cases, data, more, study);
    }

    /** This with what people say of their study. */
    public TableReport study(Study said) {
        return new TableReport(cases, data, notes, said);
    }

    /**
     * The page of a cross-validation.
     *
     * @param kind of model, in words
     */
    public String crossValidation(String kind, TableCrossValidation result) {
        ClassificationReport report = doubting(doubt())
                .begin("Cross-validation of a " + kind, Decision.NONE, cases, result.probabilities())
                .subtitle("All out-of-fold predictions for " + data)
                .flow(List.of(
                        found(),
                        new FlowChart.Step(
                                "Rows with an answer, each judged by a model that has not seen "
                                        + (arePatientsKnown() ? "its patient" : "this row"),
                                cases.size(),
                                List.of(),
                                List.of())))
                .more(List.of(folds(result.folds())))
                .provenance(List.of(List.of("Data", data)));
        Facts facts = facts().with(
                        Fact.STUDY_PART, "development of models, with internal evaluation by cross-validation")
                .with(Fact.ARCHITECTURE, kind)
                .with(
                        Fact.PARTITION,
                        result.folds().size() + " folds; each model was trained on all but one, and judged by it")
                .with(Fact.SELECTION, "nothing was selected on the rows that judge")
                .with(Fact.RECALIBRATION, "none: probabilities are the models' own");
        return report.facts(facts).build().toHtml();
    }

    private static Block folds(List<TableScores> folds) {
        return Table.ofNumbers(
                "Each fold",
                List.of("Fold", "Rows", "AUROC", "AUPRC", "Brier", "Slope", "Mean prediction", "Share of yes"),
                IntStream.range(0, folds.size())
                        .mapToObj(i -> {
                            TableScores fold = folds.get(i);
                            return List.of(
                                    Integer.toString(i),
                                    Numbers.count(fold.rows()),
                                    Numbers.score(fold.auroc().orNaN()),
                                    Numbers.score(fold.auprc().orNaN()),
                                    Numbers.score(fold.brier().orNaN()),
                                    Numbers.score(fold.slope().orNaN()),
                                    Numbers.score(fold.meanPrediction()),
                                    Numbers.score(fold.prevalence()));
                        })
                        .toList());
    }

    /**
     * The page of a model folder that was judged on rows.
     *
     * @param judged the rows
     * @param probabilities of them
     * @param folder of the model, for people
     */
    public String evaluation(TableClassifier model, String folder, TableCases judged, double... probabilities) {
        ModelCard card = model.card();
        int fitted = cases.size() - judged.size();
        boolean isKnown = model.knowsItsPatients() && arePatientsKnown();
        OptionalInt deciders = TableRun.deciders(model, judged);
        TableReport warned = isKnown
                ? this
                : warning("It is not known which of these rows are of patients whom the model was fitted on; the scores"
                        + " may be too good.");
        if (deciders.orElse(0) > 0) {
            warned = warned.warning(Numbers.count(deciders.orElse(0))
                    + " of these rows are of patients by whom the model's temperature and threshold were chosen, so"
                    + " calibration and decisions look somewhat too good.");
        }
        List<FlowChart.LeftOut> out = fitted == 0
                ? List.of()
                : List.of(new FlowChart.LeftOut("of patients whom the model was fitted on", fitted));
        List<List<String>> provenance = new ArrayList<>();
        CardReport.add(provenance, "Model", folder);
        CardReport.add(provenance, "Judged data", data);
        provenance.addAll(CardReport.provenance(card));
        ClassificationReport report = warned.begin(
                        "Evaluation of a " + words(card.architecture()), card.decision(), judged, probabilities)
                .subtitle("Rows of " + data)
                .flow(List.of(
                        found(),
                        new FlowChart.Step("Rows with an answer", cases.size(), List.of(), out),
                        new FlowChart.Step("Rows judged here", judged.size(), List.of(), List.of())))
                .examples(needed(TableImportance.of(model.model(), judged, 0)))
                .provenance(provenance);
        CardReport.addThreshold(report, card, "validation rows");
        Facts facts = CardReport.facts(card)
                .and(facts())
                .with(
                        Fact.STUDY_PART,
                        isKnown
                                ? "evaluation of a model on patients whom it was not fitted on; whether they are"
                                        + " external, only people know"
                                : "evaluation of a model on rows that may be of patients whom it was fitted on")
                .with(Fact.ARCHITECTURE, words(card.architecture()))
                .with(
                        Fact.DISJOINTNESS,
                        isKnown
                                ? Numbers.count(fitted) + " rows of patients whom the model was fitted on were left out"
                                : "it is not known which of these rows are of patients whom the model was fitted on"
                                        + (fitted == 0 ? "" : "; " + Numbers.count(fitted) + " that are were left out"))
                .with(Fact.SELECTION, selection(deciders));
        return report.facts(facts).build().toHtml();
    }

    private static String selection(OptionalInt deciders) {
        if (deciders.isEmpty()) {
            return "it is not known whether these rows are of patients by whom the temperature and the threshold were"
                    + " chosen";
        }
        return deciders.getAsInt() == 0
                ? "nothing was selected on these rows"
                : "the temperature and the threshold were chosen by patients of " + Numbers.count(deciders.getAsInt())
                        + " of these rows";
    }

    private boolean arePatientsKnown() {
        return !cases.schema().patient().isEmpty();
    }

    /** Why those who judge may have trained too, where the rows are divided without a look at patients. */
    private Optional<String> doubt() {
        return arePatientsKnown() ? Optional.empty() : Optional.of(TrainingPatients.NO_COLUMN);
    }

    /** This with such a doubt as a warning. */
    private TableReport doubting(Optional<String> doubt) {
        return doubt.map(text -> warning(text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1) + "."))
                .orElse(this);
    }

    /**
     * The page of a run.
     *
     * @param card of the model
     * @param train the rows that it was fitted on
     * @param held the rows that judge it
     * @param metrics of the run
     * @param doubt why those who judge may have trained the model too
     */
    String run(
            TableModel model,
            ModelCard card,
            TableCases train,
            TableCases held,
            Map<String, Object> metrics,
            Optional<String> doubt,
            double... probabilities) {
        List<List<String>> provenance = new ArrayList<>();
        CardReport.add(provenance, "Data", data);
        provenance.addAll(CardReport.provenance(card));
        boolean isAdapted = metrics.containsKey("before_adapting");
        boolean isNetwork = card.architecture().equals(TableClassifier.NETWORK);
        String division = arePatientsKnown() ? "by patient" : "by row, since patients are not known";
        TableReport doubted = doubting(doubt);
        TableReport told = CardReport.flattered("rows held back", false, card.decision())
                .map(text -> doubted.warning(text + " Nothing else was chosen by them"
                        + (isNetwork ? ": the network of the last epoch was kept." : ".")))
                .orElse(doubted);
        ClassificationReport report = told.begin(
                        (isAdapted ? "Report of an adapted " : "Report of a ") + words(card.architecture()),
                        card.decision(),
                        held,
                        probabilities)
                .subtitle(
                        arePatientsKnown()
                                ? "Patients of " + data + " who were held back"
                                : "Rows of " + data + " that were held back; patients are not known")
                .history(epochs(metrics))
                .flow(List.of(
                        found(),
                        new FlowChart.Step(
                                "Rows with an answer",
                                cases.size(),
                                List.of(),
                                List.of(new FlowChart.LeftOut("used for training", train.size()))),
                        new FlowChart.Step("Rows held back, judged here", held.size(), List.of(), List.of())))
                .examples(needed(TableImportance.of(model, held, 0)))
                .provenance(provenance);
        if (metrics.get("before_adapting") instanceof Map<?, ?> before
                && metrics.get("best") instanceof Map<?, ?> after) {
            report.more(List.of(beforeAdapting(before, after)));
        }
        CardReport.addThreshold(report, card, "validation rows");
        Facts facts = CardReport.facts(card)
                .and(facts())
                .with(
                        Fact.STUDY_PART,
                        "development of a model, with internal evaluation on "
                                + (arePatientsKnown() ? "patients who" : "rows that")
                                + " were held back; no external evaluation")
                .with(Fact.ARCHITECTURE, words(card.architecture()))
                .with(Fact.PARTITION, train.size() + " training and " + held.size() + " validation rows, " + division)
                .with(
                        Fact.SELECTION,
                        (isNetwork ? "the last epoch: " : "")
                                + "nothing was selected on the rows that judge but the temperature and the threshold")
                .with(Fact.DIFFERENCES, "none: training and validation rows are parts of one table")
                .with(Fact.PROVENANCE, "run.json and model.json in the model's folder");
        facts = doubt.isPresent() ? facts.with(Fact.DISJOINTNESS, doubt.get()) : facts;
        return report.facts(facts).build().toHtml();
    }

    private static Block beforeAdapting(Map<?, ?> before, Map<?, ?> after) {
        double gain = number(after, "auroc") - number(before, "auroc");
        return new Section(
                "Before and after adapting",
                List.of(
                        Table.ofNumbers(
                                "The same rows, judged by the model as it was and as it is now",
                                List.of("Model", "AUROC", "AUPRC", "Brier", "Slope"),
                                List.of(line("as it was", before), line("adapted", after))),
                        Double.isNaN(gain)
                                ? Note.of("These rows have no AUROC, so it does not tell whether adapting helped.")
                                : gain > 0
                                        ? Note.of(String.format(
                                                Locale.ROOT,
                                                "The AUROC rose by %.3f. Whether that is more than chance, graft readmission"
                                                        + " compare says, with intervals.",
                                                gain))
                                        : Note.warning(
                                                "Adapting did not raise the AUROC: by it, the model as it was is at least as"
                                                        + " good for these rows.")));
    }

    private static List<String> line(String name, Map<?, ?> scores) {
        return List.of(
                name,
                Numbers.score(number(scores, "auroc")),
                Numbers.score(number(scores, "auprc")),
                Numbers.score(number(scores, "brier")),
                Numbers.score(number(scores, "slope")));
    }

    private static double number(Map<?, ?> map, String name) {
        return map.get(name) instanceof Number value ? value.doubleValue() : Double.NaN;
    }

    private static List<Epoch> epochs(Map<String, Object> metrics) {
        List<Epoch> epochs = new ArrayList<>();
        if (metrics.get("epochs") instanceof List<?> entries) {
            for (Object entry : entries) {
                Map<?, ?> epoch = (Map<?, ?>) entry;
                epochs.add(new Epoch(
                        (int) number(epoch, "epoch"),
                        number(epoch, "train_loss"),
                        number(epoch, "train_accuracy"),
                        number(epoch, "val_loss"),
                        number(epoch, "val_accuracy"),
                        number(epoch, "val_auroc")));
            }
        }
        return epochs;
    }

    /**
     * The page of a comparison.
     *
     * @param cohort in words
     * @param asked how it was asked for, as names and values
     */
    public String comparison(String cohort, List<TableComparison.Size> sizes, List<List<String>> asked) {
        return new ComparisonPage(this, cohort, sizes, asked).toHtml();
    }

    /** What all pages have in common. */
    private ClassificationReport begin(String title, Decision decision, TableCases judged, double... probabilities) {
        Cases answers = TableRun.decided(decision, TableScores.twoClasses(judged, probabilities));
        return ClassificationReport.of(title, TableClassifier.CLASSES)
                .cases(answers, arePatientsKnown())
                .study(study)
                .notes(notes)
                .subgroups(subgroups(judged, answers))
                .findings(findings());
    }

    /** By the columns that tell who people are, if the table has any. */
    private static List<Subgroups> subgroups(TableCases judged, Cases answers) {
        List<Subgroups> parts = new ArrayList<>();
        for (String column : judged.table().header()) {
            if (PEOPLE.contains(column.toLowerCase(Locale.ROOT))
                    && judged.table().distinct(column).size() <= MOST_PARTS) {
                List<String> values = IntStream.range(0, judged.size())
                        .mapToObj(i -> judged.table().value(judged.row(i), column))
                        .toList();
                parts.add(
                        Subgroups.of(column, values, BinaryMetrics.auroc().ofClass(1), answers, Intervals.defaults()));
            }
        }
        return parts;
    }

    FlowChart.Step found() {
        int out = cases.table().size() - cases.size();
        return new FlowChart.Step(
                "Rows of the table",
                cases.table().size(),
                List.of(),
                out == 0
                        ? List.of()
                        : List.of(new FlowChart.LeftOut("excluded, without an answer, or not of the cohort", out)));
    }

    List<Block> findings() {
        List<Block> blocks = new ArrayList<>();
        if (!cases.notes().isEmpty()) {
            blocks.add(new Bullets(cases.notes()));
        }
        List<String> audit =
                LeakageAudit.of(cases).stream().map(LeakageAudit.Finding::text).toList();
        blocks.add(
                audit.isEmpty()
                        ? new Note(Note.Kind.GOOD, "The audit for leaks found nothing.")
                        : new Section("Audit for leaks", List.of(new Bullets(audit))));
        return blocks;
    }

    /** Which inputs the model needs. */
    private static List<Block> needed(TableImportance importance) {
        if (importance.inputs().isEmpty()) {
            return List.of();
        }
        List<TableImportance.Input> shown =
                importance.inputs().stream().limit(MOST_INPUTS).toList();
        return List.of(new Section(
                "Which inputs the model needs",
                List.of(
                        new Figure(new BarChart(
                                "AUROC lost without an input",
                                "By how much the AUROC falls when an input's values are dealt out anew among the rows.",
                                "AUROC lost",
                                shown.stream().map(TableImportance.Input::name).toList(),
                                List.of(new BarChart.Series(
                                        "AUROC lost",
                                        shown.stream()
                                                .mapToDouble(TableImportance.Input::loss)
                                                .toArray())))),
                        new Paragraph("Of " + Numbers.count(importance.rows()) + " rows, whose AUROC is "
                                + Numbers.score(importance.auroc())
                                + ". It says what the model uses, not what causes the outcome; inputs that tell the same"
                                + " share what they are worth."))));
    }

    private Facts facts() {
        TableSchema schema = cases.schema();
        return Facts.none()
                .with(Fact.TASK, "the probability of yes for each row of a table")
                .with(Fact.DATA, data)
                .with(
                        Fact.INPUTS,
                        schema.columns().stream().map(TableColumn::name).collect(Collectors.joining(", ")))
                .with(
                        Fact.PREPROCESSING,
                        "learnt from training rows alone: numbers are standardised; levels with fewer than "
                                + schema.rare()
                                + " rows, and those never seen, are \"other\"; codes become groups")
                .with(Fact.AUGMENTATION, "none")
                .with(
                        Fact.QUALITY,
                        "the audit for leaks looks for outcomes that make the answer impossible, columns that tell it,"
                                + " constant and empty columns, copies and contradictions")
                .with(
                        Fact.MISSING,
                        "a missing number becomes the mean of the training rows, and a second input says so; a missing"
                                + " category is a level; rows without an answer are left out")
                .with(Fact.UNUSABLE, "a value of the wrong type ends the run; none was left out for it")
                .with(
                        Fact.DISJOINTNESS,
                        schema.patient().isEmpty()
                                ? "patients are not known"
                                : "no patient is on both sides of a split; that is enforced")
                .with(Fact.ENSEMBLE, "none")
                .with(Fact.COMPUTATION, "by Graft: graft readmission predict, or TableClassifier.load in Java")
                .with(
                        Fact.INPUT_CHECKS,
                        "values of the wrong type are refused by line and column; levels that training has not seen"
                                + " are \"other\"");
    }

    /** Of a card's name of a kind of model. */
    private static String words(String architecture) {
        return architecture.equals(TableClassifier.NETWORK)
                ? "network of embeddings and layers"
                : architecture.replace('-', ' ');
    }
}
