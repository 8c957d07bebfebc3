package dev.graft.vision;

import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.interval.Comparison;
import dev.graft.nn.metric.interval.Robustness;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.report.ClassificationReport;
import dev.graft.nn.report.chart.FlowChart;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.checklist.Fact;
import dev.graft.nn.report.checklist.Facts;
import dev.graft.nn.report.checklist.Study;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Bullets;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Table;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.ImageNpz;
import dev.graft.vision.image.Image;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The report of a model on other images than those that it was trained on, as {@code graft evaluate --report} writes
 * it: one HTML file that needs no other.
 *
 * <pre>{@code
 * Path model = Path.of("run1");
 * try (ImageClassifier classifier = ImageClassifier.load(model)) {
 *     Path data = Path.of("other-hospital");
 *     String html = EvaluationReport.of(model, data, classifier.evaluate(data)).toHtml(classifier);
 * }
 * }</pre>
 *
 * @param model the model's folder
 * @param data what was judged
 * @param study what people say of their study
 * @param robustness the scores on worse images, if they were tried
 * @param subgroups the scores of parts of the images
 * @param other the model that it was compared with
 */
public record EvaluationReport(
        Path model,
        Path data,
        ImageEvaluation evaluation,
        Study study,
        Optional<Robustness> robustness,
        List<Subgroups> subgroups,
        Optional<Other> other) {
    private static final int LISTED = 100;

    /**
     * A model that the first was compared with.
     *
     * @param folder of it
     * @param evaluation of it, on the same data
     * @param comparison how the first differs from it
     */
    public record Other(Path folder, ImageEvaluation evaluation, Comparison comparison) {}

    /** Of an evaluation, with nothing besides. */
    public static EvaluationReport of(Path model, Path data, ImageEvaluation evaluation) {
        return new EvaluationReport(
                model, data, evaluation, Study.none(), Optional.empty(), List.of(), Optional.empty());
    }

    /** This with what people say of their study. */
    public EvaluationReport study(Study said) {
        return new EvaluationReport(model, data, evaluation, said, robustness, subgroups, other);
    }

    /** This with the scores on worse images. */
    public EvaluationReport robustness(Robustness tried) {
        return new EvaluationReport(model, data, evaluation, study, Optional.of(tried), subgroups, other);
    }

    /** This with the scores of parts of the images. */
    public EvaluationReport subgroups(List<Subgroups> columns) {
        return new EvaluationReport(model, data, evaluation, study, robustness, columns, other);
    }

    /**
     * This with how the model differs from another.
     *
     * @param folder of the other model
     * @param judged the other model on the same data
     */
    public EvaluationReport comparison(Path folder, ImageEvaluation judged, Comparison differences) {
        return new EvaluationReport(
                model,
                data,
                evaluation,
                study,
                robustness,
                subgroups,
                Optional.of(new Other(folder, judged, differences)));
    }

    /**
     * The page.
     *
     * @param classifier that was judged
     * @throws dev.graft.nn.model.ModelException if the model's folder is none any more
     */
    public String toHtml(ImageClassifier classifier) {
        ImageReport.Model judged = ImageReport.Model.of(model, classifier, evaluation.decision());
        Cases cases = evaluation.scores().cases(evaluation.patients());
        ClassificationReport report = ClassificationReport.of("Evaluation of a " + judged.name(), evaluation.classes())
                .subtitle("Images of " + data)
                .cases(cases, !evaluation.patients().isEmpty())
                .study(study)
                .flow(flow())
                .findings(findings())
                .notes(notes())
                .provenance(provenance(judged.card()));
        robustness.ifPresent(report::robustness);
        report.subgroups(subgroups);
        other.ifPresent(second -> report.comparison(second.folder().toString(), second.comparison(), doubts(second)));
        judged.card().ifPresent(card -> ImageReport.addThreshold(report, card));
        int[] indices = evaluation.scores().indices();
        Function<String, Optional<Image>> images = reader(classifier);
        Facts shown = classifier.explaining(explainer -> ImageReport.addImages(
                report,
                cases,
                evaluation.decision(),
                evaluation.classes(),
                i -> shortName(evaluation.images().get(indices[i])),
                i -> images.apply(evaluation.images().get(indices[i])),
                explainer));
        Facts facts = judged.facts().and(shown).and(facts(judged.card()));
        return report.facts(facts).build().toHtml();
    }

    /** Within its data set, as far as that can be told. */
    private String shortName(String file) {
        String folder = data.toString();
        return file.startsWith(folder) && file.length() > folder.length() + 1
                ? file.substring(folder.length() + 1)
                : file;
    }

    /** Reads the judged images again, by their names; of one that is gone, none. */
    private Function<String, Optional<Image>> reader(ImageClassifier classifier) {
        if (ImageNpz.isNpz(data)) {
            return arrays(classifier);
        }
        return file -> readable(() -> Image.read(Path.of(file), classifier.decoding()));
    }

    private Function<String, Optional<Image>> arrays(ImageClassifier classifier) {
        Map<String, Integer> places = new HashMap<>();
        Optional<ImageDataset> images = readable(
                () -> ImageSets.open(data, StandardCharsets.UTF_8, List.of(), Optional.empty(), classifier.pipeline()));
        images.ifPresent(all -> IntStream.range(0, all.size()).forEach(i -> places.put(all.describe(i), i)));
        return name -> Optional.ofNullable(places.get(name)).flatMap(place -> images.map(all -> all.image(place)));
    }

    private static <T> Optional<T> readable(Supplier<T> read) {
        try {
            return Optional.of(read.get());
        } catch (RuntimeException e) {
            return Optional.empty();
        }
    }

    /** Whether the folder tells which images the model was fitted on; else nothing was compared with them. */
    private boolean areFittedKnown() {
        return areFittedKnown(evaluation);
    }

    private static boolean areFittedKnown(ImageEvaluation judged) {
        return !Boolean.FALSE.equals(judged.duplicates().get("fitted_images_known"));
    }

    private static boolean areSharedPatientsKnown(ImageEvaluation judged) {
        return Boolean.TRUE.equals(judged.duplicates().get("shared_patients_known"));
    }

    private int count(String name) {
        return count(evaluation, name);
    }

    private static int count(ImageEvaluation judged, String name) {
        return judged.duplicates().get(name) instanceof Number value ? value.intValue() : 0;
    }

    private List<FlowChart.Step> flow() {
        int judged = evaluation.images().size();
        int unreadable = evaluation.unreadable().size();
        int copies = count("left_out");
        List<FlowChart.LeftOut> out = new ArrayList<>();
        if (unreadable > 0) {
            out.add(new FlowChart.LeftOut("that cannot be read", unreadable));
        }
        if (copies > 0) {
            out.add(new FlowChart.LeftOut("copies, or images that the model was fitted on", copies));
        }
        return List.of(
                new FlowChart.Step("Images found", (long) judged + unreadable + copies, List.of(), out),
                new FlowChart.Step("Images judged", judged, List.of(), List.of()));
    }

    private List<Block> findings() {
        List<Block> blocks = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        evaluation.duplicates().forEach((name, value) -> {
            if (!(value instanceof List<?>)) {
                rows.add(List.of(name.replace('_', ' '), String.valueOf(value)));
            }
        });
        blocks.add(Table.ofFacts("Copies, and images of the training", rows));
        if (evaluation.duplicates().get("list") instanceof List<?> list && !list.isEmpty()) {
            List<String> lines = new ArrayList<>(list.stream()
                    .limit(LISTED)
                    .map(entry -> ImageReport.entries(entry))
                    .toList());
            if (list.size() > LISTED) {
                lines.add("and " + Numbers.count(list.size() - LISTED) + " more");
            }
            blocks.add(new Bullets(lines));
        }
        if (!evaluation.unreadable().isEmpty()) {
            blocks.add(Note.warning(ImageReport.plain(ImageCheck.line(evaluation.unreadable()))));
        }
        return blocks;
    }

    private List<Note> notes() {
        List<Note> notes = new ArrayList<>();
        int fitted = count("fitted_judged");
        if (fitted > 0) {
            notes.add(new Note(
                    Note.Kind.BAD,
                    "The model was fitted on " + fitted + " of these "
                            + evaluation.images().size()
                            + " images: the scores say what it remembers, not how good it is."));
        }
        if (!areFittedKnown()) {
            notes.add(Note.warning(
                    "It is not known which images the model was fitted on, so some of them may be among" + " these."));
        }
        int left = count("left_out");
        if (left > 0) {
            int known = count("fitted") - fitted;
            notes.add(Note.of(Numbers.count(left) + (left == 1 ? " image was" : " images were") + " left out: "
                    + Numbers.count(known) + " that the model was fitted on, and " + Numbers.count(left - known)
                    + " further copies."));
        }
        int shared = count("shared_patients");
        if (shared > 0) {
            notes.add(new Note(
                    Note.Kind.BAD,
                    "The model was fitted on images of " + shared + " of these patients: the scores" + " flatter."));
        }
        return notes;
    }

    /** Why the other model may look better than it is. */
    private static List<Note> doubts(Other second) {
        ImageEvaluation judged = second.evaluation();
        List<Note> notes = new ArrayList<>();
        int fitted = count(judged, "fitted_judged");
        if (fitted > 0) {
            notes.add(new Note(
                    Note.Kind.BAD,
                    "The other model was fitted on " + fitted + " of the "
                            + judged.images().size()
                            + " images that it was judged on: its scores say what it remembers, not how good it is."));
        }
        if (!areFittedKnown(judged)) {
            notes.add(Note.warning(
                    "It is not known which images the other model was fitted on, so some of them may be among these."));
        }
        int shared = count(judged, "shared_patients");
        if (shared > 0) {
            notes.add(new Note(
                    Note.Kind.BAD,
                    "The other model was fitted on images of " + shared + " of these patients: its scores flatter."));
        } else if (!judged.patients().isEmpty() && !areSharedPatientsKnown(judged)) {
            notes.add(Note.warning("It is not known of which patients the other model was fitted on images."));
        }
        return notes;
    }

    private Facts facts(Optional<ModelCard> card) {
        int judged = evaluation.images().size();
        Optional<String> trained = card.flatMap(own -> counts(own.facts().get("data")));
        return Facts.none()
                .with(Fact.STUDY_PART, studyPart())
                .with(Fact.DATA, data.toString())
                .with(
                        Fact.QUALITY,
                        "every image was decoded before the evaluation and compared with the others"
                                + (areFittedKnown() ? " and with the hashes of the training images" : ""))
                .with(Fact.MISSING, "every judged image has a label and all its pixels; nothing was imputed")
                .with(
                        Fact.UNUSABLE,
                        evaluation.unreadable().isEmpty()
                                ? "none: every image could be read"
                                : evaluation.unreadable().size() + " images could not be read and were left out")
                .with(
                        Fact.PARTITION,
                        trained.map(text -> text + ", judged on these " + judged)
                                .orElse("judged on these " + judged + " images; on which it was trained is not known"))
                .with(Fact.DISJOINTNESS, disjointness())
                .with(Fact.SELECTION, selection(trained.isPresent()))
                .with(
                        Fact.DIFFERENCES,
                        trained.map(text -> text + "; here: " + judged + " images"
                                        + (areFittedKnown()
                                                ? "; look like training images: " + count("look_like_fitted")
                                                : ""))
                                .orElse(""))
                .with(Fact.PROVENANCE, "model " + model + ", data " + data);
    }

    /** What a card says of the images of the training. */
    private static Optional<String> counts(@Nullable Object data) {
        return data instanceof Map<?, ?> map
                        && map.get("train_images") instanceof Number train
                        && map.get("val_images") instanceof Number held
                ? Optional.of("trained on " + train + " images, selected by " + held + " validation images")
                : Optional.empty();
    }

    private String studyPart() {
        int fitted = count("fitted_judged");
        int judged = evaluation.images().size();
        if (fitted > 0) {
            return fitted == judged
                    ? "the answers of a model to the images that it was fitted on; this is no evaluation of how good"
                            + " it is"
                    : "evaluation of a model on images of which " + fitted + " of " + judged
                            + " are among those that it was fitted on";
        }
        return (areFittedKnown()
                        ? "evaluation of a model on images that are none of those that it was fitted on"
                        : "evaluation of a model; whether it was fitted on some of these images is not known")
                + "; whether they are external, only people know";
    }

    private String disjointness() {
        List<String> texts = new ArrayList<>();
        if (areFittedKnown()) {
            texts.add("images that the model was fitted on found among these: " + count("fitted") + ", judged all the"
                    + " same: " + count("fitted_judged"));
        } else {
            texts.add("it is not known which images the model was fitted on");
        }
        texts.add("left out, with further copies: " + count("left_out"));
        if (evaluation.patients().isEmpty()) {
            texts.add("patients are not known");
        } else if (areSharedPatientsKnown(evaluation)) {
            texts.add("patients of whom the model was fitted on images: " + count("shared_patients"));
        } else {
            texts.add("of which patients the model was fitted on images is not known");
        }
        return String.join("; ", texts);
    }

    private String selection(boolean isCarded) {
        if (!isCarded) {
            return "";
        }
        String by = "by the validation images of the training; ";
        if (!areFittedKnown()) {
            return by + "whether they are among these images is not known";
        }
        return by
                + (count("fitted_judged") > 0
                        ? "images of the training are among these"
                        : "nothing was selected on these images");
    }

    private List<List<String>> provenance(Optional<ModelCard> card) {
        List<List<String>> rows = new ArrayList<>();
        ImageReport.add(rows, "Model", model.toAbsolutePath());
        ImageReport.add(rows, "Judged data", data.toAbsolutePath());
        card.map(ImageReport::provenance).ifPresent(rows::addAll);
        return rows;
    }
}
