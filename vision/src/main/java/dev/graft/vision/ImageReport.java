package dev.graft.vision;

import dev.graft.message.Message;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.report.ClassificationReport;
import dev.graft.nn.report.checklist.Fact;
import dev.graft.nn.report.checklist.Facts;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Section;
import dev.graft.nn.run.CardReport;
import dev.graft.vision.explain.ExplanationMethod;
import dev.graft.vision.explain.SanityCheck;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.zoo.PretrainedFolder;
import dev.graft.vision.report.CaseGallery;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the reports of a training and of an evaluation of images have in common. */
final class ImageReport {
    private static final int CHECKED = 8;
    private static final int LONGEST = 2000;
    private static final String ONE_NETWORK = "none: one network";
    private static final String INPUTS =
            "the pixels of one image at a time, all of them; no other predictor, and none was selected";

    private ImageReport() {}

    /**
     * Adds the images that a person should look at, and whether their maps can be believed.
     *
     * @param decision how the cases were decided
     * @param names of the cases, for people
     * @param images of the cases; empty for one that cannot be read
     * @return what the checklists say of explanations
     */
    static Facts addImages(
            ClassificationReport report,
            Cases cases,
            Decision decision,
            List<String> classes,
            IntFunction<String> names,
            IntFunction<Optional<Image>> images,
            Explainer explainer) {
        CaseGallery gallery = new CaseGallery(
                cases,
                classes,
                names,
                images,
                (image, i, explained, side) -> explainer
                        .explain(image, prediction(cases, decision, classes, i), ExplanationMethod.GRAD_CAM, explained)
                        .overlay(side));
        report.examples(gallery.blocks());
        List<Map.Entry<Integer, Image>> checked =
                gallery.shown().entrySet().stream().limit(CHECKED).toList();
        List<Block> blocks = new ArrayList<>();
        String said;
        try {
            SanityCheck check = explainer.sanityCheck(
                    checked.stream().map(Map.Entry::getValue).toList(),
                    checked.stream()
                            .map(entry -> prediction(cases, decision, classes, entry.getKey()))
                            .toList(),
                    ExplanationMethod.GRAD_CAM);
            said = check.toString();
            blocks.add(new Note(check.passes() ? Note.Kind.GOOD : Note.Kind.WARNING, said));
        } catch (IllegalArgumentException e) { // a network without maps
            said = "";
            blocks.add(Note.warning("not checked: " + e.getMessage()));
        }
        report.explanations(List.of(new Section("Can the maps be believed?", blocks)));
        return said.isEmpty()
                ? Facts.none()
                : Facts.none().with(Fact.EXPLANATION, "Grad-CAM maps of the images shown; " + said);
    }

    private static Prediction prediction(Cases cases, Decision decision, List<String> classes, int i) {
        return new Prediction(cases.probabilities(i), classes, cases.isMultiLabel(), decision, List.of());
    }

    /**
     * A model that was loaded from a folder, as far as the folder tells.
     *
     * @param name of its network
     * @param card what it was trained on and how; of an ensemble, what its members have in common, and each one's hash;
     *     none for weights of others, and for a run that is not finished
     * @param facts for the checklists
     */
    record Model(String name, Optional<ModelCard> card, Facts facts) {
        /**
         * Reads a folder.
         *
         * @param decision how the cases were decided: of the mean of several answers it is not the card's own
         * @throws dev.graft.nn.model.ModelException for a folder that is none any more
         */
        static Model of(Path folder, ImageClassifier classifier, Decision decision) {
            Model model = inside(folder, classifier, decision);
            String averaged = classifier.averaging().describe();
            return averaged.isEmpty()
                    ? model
                    : new Model(
                            model.name,
                            model.card,
                            model.facts.with(
                                    Fact.ENSEMBLE,
                                    model.facts.get(Fact.ENSEMBLE).orElse("") + "; its answer is the mean of "
                                            + averaged));
        }

        private static Model inside(Path folder, ImageClassifier classifier, Decision decision) {
            if (PretrainedFolder.isOne(folder)) {
                PretrainedFolder pretrained = PretrainedFolder.open(folder);
                String name = pretrained.architecture().name();
                return new Model(
                        name,
                        Optional.empty(),
                        uncarded(classifier)
                                .with(Fact.ARCHITECTURE, "convolutional neural network " + name)
                                .with(Fact.PREPROCESSING, text(pretrained.preprocessing())));
            }
            if (EnsembleFolder.isOne(folder)) {
                EnsembleFolder ensemble = EnsembleFolder.read(folder);
                ModelCard card = ensemble.card().withFact(ModelCard.DECISION, decision.toMap());
                for (String name : List.of("seed", ModelCard.HASH, ModelCard.RUN)) {
                    card = card.withFact(
                            name,
                            ensemble.members().values().stream()
                                    .map(member -> value(member.facts(), name))
                                    .collect(Collectors.joining(", ")));
                }
                return new Model(
                        card.architecture() + " ensemble",
                        Optional.of(card),
                        ofCard(card, ensemble.preprocessing())
                                .with(
                                        Fact.ENSEMBLE,
                                        "the mean of the probabilities of "
                                                + ensemble.members().size() + " networks, each trained by itself: "
                                                + String.join(
                                                        ", ", ensemble.members().keySet())));
            }
            if (!Files.isRegularFile(folder.resolve(ModelCard.FILE_NAME))) { // a run that is not finished
                return new Model("model", Optional.empty(), uncarded(classifier));
            }
            ModelCard card = ModelCard.read(folder).withFact(ModelCard.DECISION, decision.toMap());
            return new Model(
                    card.architecture(),
                    Optional.of(card),
                    ofCard(card, ImageModels.preprocessing(card, folder.resolve(ModelCard.FILE_NAME))));
        }

        /** What holds for every classifier; nothing is said of how it was trained. */
        private static Facts uncarded(ImageClassifier classifier) {
            return Facts.none()
                    .with(
                            Fact.TASK,
                            (classifier.isMultiLabel() ? ModelCard.IMAGE_MULTI_LABEL : ModelCard.IMAGE_CLASSIFICATION)
                                            .replace('-', ' ')
                                    + ", by deep learning")
                    .with(Fact.INPUTS, INPUTS)
                    .with(Fact.ENSEMBLE, ONE_NETWORK);
        }
    }

    private static String text(Preprocessing preprocessing) {
        return preprocessing.toMap().entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    /** What a model's card says, for the checklists. */
    static Facts ofCard(ModelCard card, Preprocessing preprocessing) {
        Decision decision = card.decision();
        Map<String, Object> facts = card.facts();
        return Facts.none()
                .with(Fact.TASK, card.task().replace('-', ' ') + ", by deep learning")
                .with(Fact.ARCHITECTURE, "convolutional neural network " + card.architecture())
                .with(Fact.INPUTS, INPUTS)
                .with(Fact.PREPROCESSING, text(preprocessing))
                .with(
                        Fact.START_WEIGHTS,
                        value(facts, "start_weights") + " (SHA-256 " + value(facts, "start_weights_sha256") + ")")
                .with(Fact.TRAINING, entries(facts.get("settings")) + ", seed " + value(facts, "seed"))
                .with(Fact.AUGMENTATION, setting(facts, "augment"))
                .with(Fact.ENSEMBLE, ONE_NETWORK)
                .with(
                        Fact.COMPUTATION,
                        "by Graft from the model's folder, which holds weights, classes and preprocessing together:"
                                + " graft predict, or ImageClassifier.load in Java")
                .with(Fact.MODEL_FILES, "model.safetensors with SHA-256 " + value(facts, ModelCard.HASH))
                .with(
                        Fact.RECALIBRATION,
                        decision.temperature().value() == 1
                                ? "none: probabilities are the network's own"
                                : "temperature " + decision.temperature().value()
                                        + ", fitted on validation data before this evaluation; nothing was updated after"
                                        + " it")
                .with(
                        Fact.THRESHOLD,
                        decision.thresholds().isEmpty()
                                ? card.isMultiLabel()
                                        ? "the usual one: a label is given from a probability of 0.5 on"
                                        : "none: the most probable class is the answer"
                                : CardReport.thresholds(card))
                .with(
                        Fact.INPUT_CHECKS,
                        "files that are no readable image are refused by name; predictions flag images unlike the"
                                + " training images where the model's card says what those were like")
                .with(Fact.SOFTWARE, entries(facts.get("versions")));
    }

    /** Adds the threshold of a model of two classes. */
    static void addThreshold(ClassificationReport report, ModelCard card) {
        CardReport.addThreshold(report, card, "validation images");
    }

    /** Names and values of provenance, from a model's card. */
    static List<List<String>> provenance(ModelCard card) {
        List<List<String>> rows = new ArrayList<>();
        add(rows, "Network", card.architecture());
        add(rows, "Seed", card.facts().get("seed"));
        add(rows, "SHA-256 of the weights", card.facts().get(ModelCard.HASH));
        add(rows, "Run", card.facts().get(ModelCard.RUN));
        add(rows, "Start weights", card.facts().get("start_weights"));
        add(rows, "SHA-256 of the start weights", card.facts().get("start_weights_sha256"));
        add(rows, "Versions", entries(card.facts().get("versions")));
        add(rows, "Command", card.facts().get(ModelCard.COMMAND));
        add(rows, "SHA-256 of the files given", entries(card.facts().get(ModelCard.INPUT_FILES)));
        add(rows, "Settings", entries(card.facts().get("settings")));
        add(rows, "Training data", entries(card.facts().get("data")));
        return rows;
    }

    static void add(List<List<String>> rows, String name, @Nullable Object value) {
        if (value != null && !value.toString().isBlank()) {
            rows.add(List.of(name, shortened(value.toString())));
        }
    }

    /** A line that names settings, as people read it. */
    static String plain(String marked) {
        return Message.of(marked).toString();
    }

    private static String value(Map<String, Object> facts, String name) {
        return String.valueOf(facts.getOrDefault(name, "not recorded"));
    }

    private static String setting(Map<String, Object> facts, String name) {
        return facts.get("settings") instanceof Map<?, ?> settings && settings.containsKey(name)
                ? String.valueOf(settings.get(name))
                : "";
    }

    /** Names and values in words; maps within it are in parentheses. */
    static String entries(@Nullable Object map) {
        return map instanceof Map<?, ?> entries ? shortened(words(entries)) : "";
    }

    private static String words(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream()
                    .map(entry -> entry.getKey().toString().replace('_', ' ')
                            + (entry.getValue() instanceof Map<?, ?>
                                    ? " (" + words(entry.getValue()) + ")"
                                    : " " + words(entry.getValue())))
                    .collect(Collectors.joining(", "));
        }
        if (value instanceof List<?> list) {
            return list.stream().map(ImageReport::words).collect(Collectors.joining("; "));
        }
        return String.valueOf(value);
    }

    private static String shortened(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + " ...";
    }
}
