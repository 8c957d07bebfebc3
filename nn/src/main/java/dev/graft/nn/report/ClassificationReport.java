package dev.graft.nn.report;

import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.interval.Comparison;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Robustness;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.metric.interval.Summary;
import dev.graft.nn.report.chart.FlowChart;
import dev.graft.nn.report.checklist.Checklist;
import dev.graft.nn.report.checklist.Claim;
import dev.graft.nn.report.checklist.Fact;
import dev.graft.nn.report.checklist.Facts;
import dev.graft.nn.report.checklist.Study;
import dev.graft.nn.report.checklist.TripodAi;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Headline;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Paragraph;
import dev.graft.nn.report.page.Report;
import dev.graft.nn.report.page.Section;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The report of a classifier, whatever its inputs are: images, tables, sequences. What the caller gives beyond the
 * cases takes its place among the standard sections; what it does not give is said to be missing.
 *
 * <pre>{@code
 * String html = ClassificationReport.of("Pneumonia", List.of("healthy", "sick"))
 *         .cases(Cases.of(probabilities, labels).groups(patients), true)
 *         .facts(Facts.none().with(Fact.ARCHITECTURE, "logistic regression"))
 *         .build()
 *         .toHtml();
 * }</pre>
 */
public final class ClassificationReport {
    private static final List<String> HEADLINE =
            List.of("AUROC", "AUPRC", "accuracy", "balanced accuracy", "F1", "Brier score", "calibration slope");

    private final String title;
    private final List<String> classes;
    private String subtitle = "";
    private Optional<Cases> cases = Optional.empty();
    private boolean arePatientsKnown;
    private Judged.Unit unit = Judged.PATIENT;
    private Intervals how = Intervals.defaults();
    private Facts facts = Facts.none();
    private Study study = Study.none();
    private List<Note> notes = List.of();
    private List<Epoch> history = List.of();
    private Optional<DecisionPart.Threshold> threshold = Optional.empty();
    private List<Subgroups> subgroups = List.of();
    private Optional<Robustness> robustness = Optional.empty();
    private Optional<Section> comparison = Optional.empty();
    private List<FlowChart.Step> flow = List.of();
    private List<Block> findings = List.of();
    private List<Block> examples = List.of();
    private List<Block> explanations = List.of();
    private List<Block> more = List.of();
    private List<List<String>> provenance = List.of();

    private ClassificationReport(String title, List<String> classes) {
        this.title = title;
        this.classes = List.copyOf(classes);
    }

    /**
     * A report that is to be filled.
     *
     * @param classes the names of the classes or labels
     */
    public static ClassificationReport of(String title, List<String> classes) {
        return new ClassificationReport(title, classes);
    }

    /** A line under the title, such as what was judged. */
    public ClassificationReport subtitle(String line) {
        subtitle = line;
        return this;
    }

    /**
     * What was judged. Without cases, the report says that nothing was.
     *
     * @param grouped whether the cases' groups are known to be patients
     */
    public ClassificationReport cases(Cases judged, boolean grouped) {
        cases = Optional.of(judged);
        arePatientsKnown = grouped;
        return this;
    }

    /**
     * What the groups of the cases are, if they are not patients, such as groups of near-identical sequences.
     *
     * @param one what one is called
     * @param many what several are called
     */
    public ClassificationReport groupsAre(String one, String many) {
        unit = new Judged.Unit(one, many);
        return this;
    }

    /** How to compute intervals and bands. */
    public ClassificationReport intervals(Intervals intervals) {
        how = intervals;
        return this;
    }

    /** What the caller knows of the run; it goes before what is derived from the cases. */
    public ClassificationReport facts(Facts known) {
        facts = known;
        return this;
    }

    /** What people say of their study. */
    public ClassificationReport study(Study said) {
        study = said;
        return this;
    }

    /** What a reader must know before any number. */
    public ClassificationReport notes(List<Note> first) {
        notes = List.copyOf(first);
        return this;
    }

    /** The epochs of the training. */
    public ClassificationReport history(List<Epoch> epochs) {
        history = List.copyOf(epochs);
        return this;
    }

    /**
     * The model's threshold for the second of two classes.
     *
     * @param rule how it was chosen
     */
    public ClassificationReport threshold(double value, String rule) {
        threshold = Optional.of(new DecisionPart.Threshold(value, rule));
        return this;
    }

    /** The same metric for parts of the cases, by one or several columns. */
    public ClassificationReport subgroups(List<Subgroups> columns) {
        subgroups = List.copyOf(columns);
        return this;
    }

    /** The scores under worse inputs. */
    public ClassificationReport robustness(Robustness conditions) {
        robustness = Optional.of(conditions);
        return this;
    }

    /**
     * How it differs from another model on the same cases.
     *
     * @param other what the other model is called
     */
    public ClassificationReport comparison(String other, Comparison differences) {
        return comparison(other, differences, List.of());
    }

    /**
     * As {@link #comparison(String, Comparison)}, with what a reader must know of the other model's answers, such as
     * that it has seen some of the cases.
     */
    public ClassificationReport comparison(String other, Comparison differences, List<Note> doubts) {
        comparison = Optional.of(new OtherModelPart(other, differences, doubts).section());
        return this;
    }

    /** The way of the cases, from what was found to what was judged. */
    public ClassificationReport flow(List<FlowChart.Step> steps) {
        flow = List.copyOf(steps);
        return this;
    }

    /** What was found in the data, such as copies and contradictions. */
    public ClassificationReport findings(List<Block> blocks) {
        findings = List.copyOf(blocks);
        return this;
    }

    /** Cases that a person should see: best, worst and least certain ones. */
    public ClassificationReport examples(List<Block> blocks) {
        examples = List.copyOf(blocks);
        return this;
    }

    /** Whether explanations can be believed. */
    public ClassificationReport explanations(List<Block> blocks) {
        explanations = List.copyOf(blocks);
        return this;
    }

    /** Whatever else belongs to the results, such as the folds of a cross-validation. */
    public ClassificationReport more(List<Block> blocks) {
        more = List.copyOf(blocks);
        return this;
    }

    /** Names and values of what the result depends on: hashes, versions, seed, command. */
    public ClassificationReport provenance(List<List<String>> rows) {
        provenance = rows.stream().map(List::copyOf).toList();
        return this;
    }

    /** The finished document. */
    public Report build() {
        Optional<Judged> judged = cases.map(own -> Judged.of(own, classes, arePatientsKnown, unit, how));
        List<Section> sections = new ArrayList<>();
        sections.add(summary(judged));
        Optional<CalibrationPart> calibration = judged.map(CalibrationPart::new);
        judged.ifPresent(own -> {
            sections.add(new PerformancePart(own).section());
            sections.add(calibration.orElseThrow().section());
            sections.add(new DecisionPart(own, threshold).section());
        });
        sections.add(new ComparisonPart(subgroups, robustness).subgroups());
        sections.add(new ComparisonPart(subgroups, robustness).robustness());
        comparison.ifPresent(sections::add);
        if (!more.isEmpty()) {
            sections.add(new Section("Parts of the evaluation", more));
        }
        if (!examples.isEmpty() || !explanations.isEmpty()) {
            sections.add(new Section(
                    "Cases to look at",
                    Stream.concat(examples.stream(), explanations.stream()).toList()));
        }
        if (!history.isEmpty()) {
            sections.add(new TrainingPart(history).section());
        }
        sections.add(new DataPart(judged, flow, findings).section());
        if (!provenance.isEmpty()) {
            sections.add(Section.of("Provenance", Table.ofFacts("What this result depends on", provenance)));
        }
        sections.add(checklists(allFacts(judged, calibration)));
        return new Report(title, subtitle, sections);
    }

    private Section summary(Optional<Judged> judged) {
        List<Block> blocks = new ArrayList<>();
        judged.map(Judged::summary).map(this::headline).ifPresent(blocks::add);
        if (judged.isEmpty()) {
            blocks.add(Note.warning("No case was held back, so nothing was judged: this report says nothing about how"
                    + " good the model is."));
        }
        blocks.addAll(notes);
        judged.ifPresent(own -> {
            int cases = own.cases().size();
            blocks.add(
                    new Paragraph(
                            own.arePatientsKnown()
                                    ? "These numbers are of " + Texts.cases(cases) + " of "
                                            + own.cases().groups().count() + " " + unit.many() + "; intervals count "
                                            + unit.many() + "."
                                    : "These numbers are of " + Texts.cases(cases)
                                            + ". Patients are not known, so every case"
                                            + " counts by itself; if there are several of a patient, intervals are too narrow."));
            new RunFacts(own, facts).doubts().ifPresent(text -> blocks.add(Note.warning(text)));
        });
        return new Section("Summary", blocks);
    }

    private Headline headline(Summary summary) {
        List<Headline.Entry> entries = new ArrayList<>();
        for (String name : HEADLINE) {
            Texts.find(summary.overall(), name)
                    .ifPresent(estimate -> entries.add(
                            new Headline.Entry(upper(estimate), Texts.value(estimate), Texts.interval(estimate))));
        }
        return new Headline(entries);
    }

    private static String upper(Estimate estimate) {
        return Character.toUpperCase(estimate.name().charAt(0))
                + estimate.name().substring(1);
    }

    /** All that the checklists are filled from. */
    Facts allFacts() {
        Optional<Judged> judged = cases.map(own -> Judged.of(own, classes, arePatientsKnown, unit, how));
        return allFacts(judged, judged.map(CalibrationPart::new));
    }

    private Facts allFacts(Optional<Judged> judged, Optional<CalibrationPart> calibration) {
        Facts derived = judged.map(own -> new RunFacts(own, facts).derived(calibration.orElseThrow()))
                .orElse(Facts.none())
                .and(new ComparisonPart(subgroups, robustness).facts());
        if (judged.isPresent()) {
            derived = derived.with(Fact.UTILITY, new DecisionPart(judged.get(), threshold).utility());
        }
        if (threshold.isPresent()) {
            derived = derived.with(
                    Fact.THRESHOLD,
                    threshold.get().value() + ": " + threshold.get().rule());
        }
        if (!flow.isEmpty()) {
            derived = derived.with(Fact.FLOW, DataPart.text(flow));
        }
        return derived.and(facts);
    }

    private Section checklists(Facts all) {
        List<Block> blocks = new ArrayList<>();
        blocks.add(new Paragraph("What guidelines ask of a report such as this one. What the software knows of the run"
                + " is filled in; what only people know comes from the study file. Nothing is invented: where nobody has"
                + " answered, it says NOT PROVIDED."));
        for (Checklist list : List.of(TripodAi.checklist(), Claim.checklist())) {
            blocks.add(list.section(all, study));
        }
        return new Section("Checklists", blocks);
    }
}
