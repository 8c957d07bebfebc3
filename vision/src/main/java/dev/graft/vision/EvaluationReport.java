package dev.graft.vision;

import dev.graft.nn.metric.Cases;
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
import dev.graft.vision.image.Image;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
 */
public record EvaluationReport(
        Path model,
        Path data,
        ImageEvaluation evaluation,
        Study study,
        Optional<Robustness> robustness,
        List<Subgroups> subgroups) {
    private static final int LISTED = 100;

    /** Of an evaluation, with nothing besides. */
    public static EvaluationReport of(Path model, Path data, ImageEvaluation evaluation) {
        return new EvaluationReport(model, data, evaluation, Study.none(), Optional.empty(), List.of());
    }

    /** This with what people say of their study. */
    public EvaluationReport study(Study said) {
        return new EvaluationReport(model, data, evaluation, said, robustness, subgroups);
    }

    /** This with the scores on worse images. */
    public EvaluationReport robustness(Robustness tried) {
        return new EvaluationReport(model, data, evaluation, study, Optional.of(tried), subgroups);
    }

    /** This with the scores of parts of the images. */
    public EvaluationReport subgroups(List<Subgroups> columns) {
        return new EvaluationReport(model, data, evaluation, study, robustness, columns);
    }

    /**
     * The page.
     *
     * @param classifier that was judged
     * @throws dev.graft.nn.model.ModelException if the model's folder has no card
     */
    public String toHtml(ImageClassifier classifier) {
        ModelCard card = ModelCard.read(model);
        Cases cases = evaluation.scores().cases(evaluation.patients());
        ClassificationReport report = ClassificationReport.of(
                        "Evaluation of a " + card.architecture(), evaluation.classes())
                .subtitle("Images of " + data)
                .cases(cases, !evaluation.patients().isEmpty())
                .study(study)
                .flow(flow())
                .findings(findings())
                .notes(notes())
                .provenance(provenance(card));
        robustness.ifPresent(report::robustness);
        report.subgroups(subgroups);
        ImageReport.addThreshold(report, card);
        int[] indices = evaluation.scores().indices();
        Facts shown = classifier.explaining(explainer -> ImageReport.addImages(
                report,
                cases,
                evaluation.classes(),
                i -> shortName(evaluation.images().get(indices[i])),
                i -> image(classifier, evaluation.images().get(indices[i])),
                explainer));
        Facts facts = ImageReport.ofCard(card, ImageModels.preprocessing(card, model.resolve(ModelCard.FILE_NAME)))
                .and(shown)
                .and(facts(card));
        return report.facts(facts).build().toHtml();
    }

    /** Within its data set, as far as that can be told. */
    private String shortName(String file) {
        String folder = data.toString();
        return file.startsWith(folder) && file.length() > folder.length() + 1
                ? file.substring(folder.length() + 1)
                : file;
    }

    /** Images of arrays have no file of their own. */
    private static Optional<Image> image(ImageClassifier classifier, String file) {
        try {
            Path path = Path.of(file);
            return Files.isRegularFile(path) ? Optional.of(Image.read(path, classifier.decoding())) : Optional.empty();
        } catch (RuntimeException e) {
            return Optional.empty();
        }
    }

    private int count(String name) {
        return evaluation.duplicates().get(name) instanceof Number value ? value.intValue() : 0;
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
        if (Boolean.FALSE.equals(evaluation.duplicates().get("fitted_images_known"))) {
            notes.add(Note.warning(
                    "It is not known which images the model was fitted on, so some of them may be among" + " these."));
        }
        int left = count("left_out");
        if (left > 0) {
            notes.add(Note.of(left + " images that the model was fitted on, or further copies, were left out."));
        }
        int shared = count("shared_patients");
        if (shared > 0) {
            notes.add(new Note(
                    Note.Kind.BAD,
                    "The model was fitted on other images of " + shared + " of these patients: the scores"
                            + " flatter."));
        }
        return notes;
    }

    private Facts facts(ModelCard card) {
        Map<String, Object> before = card.facts().get("data") instanceof Map<?, ?> map
                ? Map.of(
                        "train", String.valueOf(map.get("train_images")),
                        "validation", String.valueOf(map.get("val_images")))
                : Map.of("train", "an unknown number of", "validation", "an unknown number of");
        return Facts.none()
                .with(
                        Fact.STUDY_PART,
                        "evaluation of a model on images that it was not trained on; whether they are external, only"
                                + " people know")
                .with(Fact.DATA, data.toString())
                .with(
                        Fact.QUALITY,
                        "every image was decoded before the evaluation and compared with the others and with the"
                                + " hashes of the training images")
                .with(Fact.MISSING, "every judged image has a label and all its pixels; nothing was imputed")
                .with(
                        Fact.UNUSABLE,
                        evaluation.unreadable().isEmpty()
                                ? "none: every image could be read"
                                : evaluation.unreadable().size() + " images could not be read and were left out")
                .with(
                        Fact.PARTITION,
                        "trained on " + before.get("train") + " images, selected by " + before.get("validation")
                                + " validation images, judged on these "
                                + evaluation.images().size())
                .with(
                        Fact.DISJOINTNESS,
                        "images that the model was fitted on found among these: " + count("fitted") + ", left out with"
                                + " further copies: " + count("left_out")
                                + (evaluation.patients().isEmpty()
                                        ? "; patients are not known"
                                        : "; shared patients: " + count("shared_patients")))
                .with(Fact.SELECTION, "by the validation images of the training; nothing was selected on these images")
                .with(
                        Fact.DIFFERENCES,
                        "development: " + before.get("train") + " training images; here: "
                                + evaluation.images().size() + " images; look like training images: "
                                + count("look_like_fitted"))
                .with(Fact.PROVENANCE, "model " + model + ", data " + data);
    }

    private List<List<String>> provenance(ModelCard card) {
        List<List<String>> rows = new ArrayList<>();
        ImageReport.add(rows, "Model", model.toAbsolutePath());
        ImageReport.add(rows, "Judged data", data.toAbsolutePath());
        rows.addAll(ImageReport.provenance(card));
        return rows;
    }
}
