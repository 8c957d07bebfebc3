package dev.graft.vision;

import dev.graft.nn.metric.Cases;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.report.ClassificationReport;
import dev.graft.nn.report.Epoch;
import dev.graft.nn.report.chart.FlowChart;
import dev.graft.nn.report.checklist.Fact;
import dev.graft.nn.report.checklist.Facts;
import dev.graft.nn.report.checklist.Study;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Bullets;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.run.CardReport;
import dev.graft.nn.train.Evaluation;
import dev.graft.tensor.Device;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The report of a fine-tuning, about its validation images.
 *
 * @param dataFacts what the card says of the data
 * @param command how the run was asked for
 */
record RunReport(
        FineTuningSettings settings,
        ImageData data,
        Preprocessing preprocessing,
        Backbone model,
        FineTuningTraining.Trained trained,
        Map<String, Object> dataFacts,
        Map<String, Object> command,
        Study study) {

    String toHtml(ModelCard card) {
        ClassificationReport report = ClassificationReport.of(
                        "Report of a fine-tuned " + card.architecture(), data.classes())
                .subtitle((isFold() ? "A fold of the images of " : "Validation images of ")
                        + settings.source()
                                .validation()
                                .orElse(settings.source().data()))
                .study(study)
                .history(history())
                .flow(flow())
                .subgroups(trained.subgroups())
                .findings(findings())
                .notes(notes())
                .provenance(provenance(card));
        Facts facts = ImageReport.ofCard(card, preprocessing).and(facts());
        if (trained.judging().isPresent()) {
            Evaluation answers = trained.judging().get();
            List<String> patients = isFold() ? data.foldPatients() : data.heldPatients();
            Cases cases = answers.cases(patients);
            report.cases(cases, !patients.isEmpty());
            int[] indices = answers.indices();
            Explainer explainer =
                    new Explainer(model, data.isMultiLabel(), preprocessing, Device.of(settings.device()));
            facts = facts.and(ImageReport.addImages(
                    report,
                    cases,
                    trained.decision(),
                    data.classes(),
                    i -> name(indices[i]),
                    i -> image(indices[i]),
                    explainer));
        }
        ImageReport.addThreshold(report, card);
        return report.facts(facts).build().toHtml();
    }

    /** Whether a fold judges the model; else the validation images do. */
    private boolean isFold() {
        return data.foldRows().length > 0;
    }

    private ImageDataset judged() {
        return isFold() ? data.all() : data.held();
    }

    private int[] judgedRows() {
        return isFold() ? data.foldRows() : data.heldRows();
    }

    private String name(int position) {
        return judged().names().get(judgedRows()[position]);
    }

    private Optional<Image> image(int position) {
        try {
            return Optional.of(judged().withNotes(note -> {}).image(judgedRows()[position]));
        } catch (RuntimeException e) {
            return Optional.empty();
        }
    }

    private List<Epoch> history() {
        List<Epoch> epochs = new ArrayList<>();
        if (trained.metrics().get("epochs") instanceof List<?> entries) {
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

    private static double number(Map<?, ?> map, String name) {
        return map.get(name) instanceof Number value ? value.doubleValue() : Double.NaN;
    }

    private List<FlowChart.Step> flow() {
        int unreadable = data.unreadable().size();
        int copies = data.kept()
                ? 0
                : data.findings().copies(ImageFindings.Side.VALIDATION).size()
                        + data.findings().copies(ImageFindings.Side.FOLD).size();
        long judged = judgedRows().length;
        long selecting = isFold() ? data.heldRows().length : 0;
        long trained = data.trainRows().length;
        List<FlowChart.LeftOut> first =
                unreadable == 0 ? List.of() : List.of(new FlowChart.LeftOut("that cannot be read", unreadable));
        List<FlowChart.LeftOut> second = new ArrayList<>();
        second.add(new FlowChart.LeftOut("used for training", trained));
        if (isFold()) {
            second.add(new FlowChart.LeftOut("used to choose epoch and decision", selecting));
        }
        if (copies > 0) {
            second.add(new FlowChart.LeftOut("copies of other images", copies));
        }
        return List.of(
                new FlowChart.Step(
                        "Images found", trained + selecting + judged + copies + unreadable, List.of(), first),
                new FlowChart.Step("Images that can be used", trained + selecting + judged + copies, List.of(), second),
                new FlowChart.Step(
                        (isFold() ? "Images of the fold" : "Validation images") + ", judged here",
                        judged,
                        List.of(),
                        List.of()));
    }

    private List<Block> findings() {
        List<Block> blocks = new ArrayList<>();
        blocks.add(new Bullets(data.describe().stream().map(ImageReport::plain).toList()));
        if (trained.metrics().get("warnings") instanceof List<?> warnings) {
            warnings.forEach(warning -> blocks.add(Note.warning("training: " + warning)));
        }
        return blocks;
    }

    private boolean isEpochChosen() {
        return trained.metrics().get("best") instanceof Map<?, ?> map && map.get("epoch") != null;
    }

    private List<Note> notes() {
        List<Note> notes = new ArrayList<>();
        notes.add(Note.warning(
                settings.source().fold().isPresent()
                        ? "These images are one fold of a cross-validation; see the report of all folds."
                        : CardReport.flattered("validation images", isEpochChosen(), trained.decision())
                                        .map(text -> text + " ")
                                        .orElse("")
                                + "Judge the model on other patients by graft evaluate --report, better on another"
                                + " hospital's."));
        int shared = data.patients().shared().size();
        if (shared > 0) {
            notes.add(new Note(
                    Note.Kind.BAD, shared + " patients are in both training and validation: the scores flatter."));
        }
        return notes;
    }

    /** By the user, or by the folders or arrays of a data set that is divided already. */
    private boolean areGivenApart() {
        return settings.source().resolved().validation().isPresent();
    }

    private Facts facts() {
        String best = trained.metrics().get("best") instanceof Map<?, ?> map && map.get("epoch") != null
                ? "the epoch with the best " + settings.toMap().getOrDefault("monitor", "score")
                        + " on the validation images: epoch " + map.get("epoch")
                : "the last epoch: nothing was monitored";
        int epochs = history().size();
        return Facts.none()
                .with(
                        Fact.STUDY_PART,
                        "development of a model, with internal evaluation on images that were held back; no external"
                                + " evaluation")
                .with(Fact.DATA, settings.source().data().toString())
                .with(Fact.DATA_HASH, String.valueOf(dataFacts.getOrDefault("sha256", "")))
                .with(
                        Fact.QUALITY,
                        "every image was decoded before the training and compared with all others; "
                                + ImageReport.entries(data.findings().counts()))
                .with(Fact.MISSING, "every image that was used has a label and all its pixels; nothing was imputed")
                .with(
                        Fact.UNUSABLE,
                        data.unreadable().isEmpty()
                                ? "none: every image could be read"
                                : data.unreadable().size() + " images could not be read and were left out")
                .with(
                        Fact.PARTITION,
                        counts()
                                + (areGivenApart()
                                        ? ", given as separate sets"
                                        : ", divided by the seed "
                                                + settings.recipe().seed() + ", each class in the same share"))
                .with(
                        Fact.DISJOINTNESS,
                        ImageReport.plain(data.patients().describe())
                                + "; copies of training images in the validation: "
                                + data.findings().counts().get("copies_across")
                                + (data.kept() ? ", kept" : ", left out"))
                .with(Fact.SAMPLE_SIZE, counts())
                .with(
                        Fact.IMBALANCE,
                        "class weights in the loss: "
                                + settings.toMap().getOrDefault("class_weights", "none") + "; "
                                + ImageReport.plain(data.describe().get(0)))
                .with(Fact.SELECTION, best + " of " + epochs)
                .with(
                        Fact.DIFFERENCES,
                        areGivenApart()
                                ? "" // of two given sets it is not measured
                                : "none: training and validation images are parts of one set")
                .with(
                        Fact.PROVENANCE,
                        "run.json and model.json in the model's folder, seed "
                                + settings.recipe().seed());
    }

    private String counts() {
        return data.trainRows().length + " training and " + data.heldRows().length + " validation images"
                + (isFold() ? ", and " + data.foldRows().length + " of a fold that judges" : "");
    }

    private List<List<String>> provenance(ModelCard card) {
        List<List<String>> rows = new ArrayList<>();
        ImageReport.add(rows, "Data", settings.source().data().toAbsolutePath());
        ImageReport.add(rows, "Asked for", ImageReport.entries(command));
        rows.addAll(ImageReport.provenance(card));
        return rows;
    }
}
