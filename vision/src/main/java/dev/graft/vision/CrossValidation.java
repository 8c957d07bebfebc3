package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.AtomicText;
import dev.graft.message.Message;
import dev.graft.message.SettingException;
import dev.graft.nn.data.FoldChoice;
import dev.graft.nn.json.Json;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.report.ClassificationReport;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.checklist.Fact;
import dev.graft.nn.report.checklist.Facts;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Table;
import dev.graft.nn.run.CardReport;
import dev.graft.nn.run.ResultFiles;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.run.SubgroupFile;
import dev.graft.nn.train.Evaluation;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * A k-fold cross-validation of a fine-tuning: each image is held back once, and judged by a model that was not trained
 * on it, nor on others of its patient where {@link FineTuning#group} tells them. Epoch, temperature and thresholds are
 * chosen on a share of the other images, so that the fold judges and chooses nothing. All that {@code graft kfold}
 * does.
 *
 * <pre>{@code
 * CrossValidation.Result result = CrossValidation.of(
 *                 FineTuning.of(Path.of("photos")).group("(patient\\d+)_").out(Path.of("folds")), 5)
 *         .run();
 * }</pre>
 *
 * <p>The folder {@code out} holds a run's folder for each fold, {@code fold-1} and so on, with {@code predictions.csv}
 * besides, {@code kfold.json} and {@code report.html}. Each fold is resumed as a fine-tuning is; folds that are
 * finished are not trained again.
 */
public final class CrossValidation {
    private static final String REPORT = "kfold.json";
    private static final int USUAL_FOLDS = 5;

    private final FineTuning tuning;
    private final int folds;

    private CrossValidation(FineTuning tuning, int folds) {
        this.tuning = tuning;
        this.folds = folds;
    }

    /**
     * Of a fine-tuning, whose {@code out} is the folder for all folds.
     *
     * @param folds how many, at least 2; at most as many as there are images, or patients
     * @throws SettingException for fewer folds, or a fine-tuning of one fold
     */
    public static CrossValidation of(FineTuning tuning, int folds) {
        if (folds < 2) {
            throw new SettingException(setting("folds") + " must be at least 2, was " + folds, "give another value");
        }
        if (tuning.values().hasFold()) {
            throw new SettingException(
                    setting("fold") + " is one fold, and a cross-validation trains them all", "leave it out");
        }
        return new CrossValidation(tuning, folds);
    }

    /**
     * As {@link #of(FineTuning, int)}, in 5 folds; where it resumes folds that are in {@code out}, in as many as those
     * are.
     */
    public static CrossValidation of(FineTuning tuning) {
        FineTuningValues values = tuning.values();
        Object begun = values.resumes()
                ? RunFolder.options(folder(values.out(), 1)).get(Message.option(FineTuningValues.FOLD.name()))
                : null;
        return of(
                tuning,
                begun == null ? USUAL_FOLDS : FoldChoice.parse(begun.toString()).folds());
    }

    /**
     * What came of it.
     *
     * @param isFinished whether all folds are; else a resume continues
     * @param out the folder
     * @param metrics what {@code kfold.json} holds: {@code folds}, {@code mean}, {@code standard_deviation},
     *     {@code pooled}; empty if a fold was stopped
     */
    public record Result(boolean isFinished, Path out, Map<String, Object> metrics) {}

    /**
     * Trains all folds that are not finished, and scores them.
     *
     * @throws SettingException where settings lack, or contradict each other
     * @throws dev.graft.nn.run.RunException where the folders, the images or the weights cannot be used
     */
    public Result run() {
        Path out = tuning.values().out();
        FineTuningValues values = asked(out);
        for (int fold = 1; fold <= folds; fold++) {
            tuning.listeners().say("fold " + fold + " of " + folds + ":");
            FineTuningValues own = values.with(FineTuningValues.OUT, folder(out, fold))
                    .with(FineTuningValues.FOLD, new FoldChoice(fold, folds));
            if (!tuning.with(own).run().isFinished()) {
                return new Result(false, out, Map.of());
            }
        }
        Map<String, Object> metrics = score(out);
        AtomicText.write(out.resolve(REPORT), Json.write(metrics));
        AtomicText.write(
                out.resolve(ResultFiles.REPORT),
                CardReport.orReason(
                        () -> report(out, metrics),
                        why -> tuning.listeners()
                                .say("warning: the folds are saved, but their report could not be made (" + why
                                        + ")")));
        return new Result(true, out, metrics);
    }

    private static Path folder(Path out, int fold) {
        return out.resolve("fold-" + fold);
    }

    /** Of the answers of all folds together, each image judged by a model that was not trained on it. */
    private String report(Path out, Map<String, Object> metrics) {
        ModelCard card = ModelCard.read(folder(out, 1));
        List<Evaluation> scores = new ArrayList<>();
        for (int fold = 1; fold <= folds; fold++) {
            scores.add(FoldPredictions.read(folder(out, fold), card.isMultiLabel(), card.classes()));
        }
        List<String> patients = patients(out, scores);
        Facts usual = ImageReport.ofCard(
                card, ImageModels.preprocessing(card, folder(out, 1).resolve(ModelCard.FILE_NAME)));
        List<List<String>> rows = new ArrayList<>();
        if (metrics.get("folds") instanceof List<?> entries) {
            entries.forEach(entry -> rows.add(row("fold " + ((Map<?, ?>) entry).get("fold"), entry)));
        }
        rows.add(row("mean", metrics.get("mean")));
        rows.add(row("standard deviation", metrics.get("standard_deviation")));
        return ClassificationReport.of("Cross-validation of a " + card.architecture(), card.classes())
                .subtitle(folds + " folds; each image is judged by the model that was not trained on it")
                .cases(FoldPredictions.pooled(scores, card.isMultiLabel()).cases(patients), !patients.isEmpty())
                .study(tuning.listeners().study())
                .facts(usual.with(
                                Fact.STUDY_PART,
                                "development of a model, with internal evaluation by cross-validation in " + folds
                                        + " folds")
                        .with(
                                Fact.RECALIBRATION,
                                "each fold's model has a temperature of its own, fitted on images that were held back from"
                                        + " its training and are none of its fold")
                        .with(
                                Fact.THRESHOLD,
                                card.decision().thresholds().isEmpty()
                                        ? usual.get(Fact.THRESHOLD).orElse("")
                                        : "each fold's model has thresholds of its own, chosen on images that were held"
                                                + " back from its training and are none of its fold")
                        .with(
                                Fact.PARTITION,
                                folds + " folds, each held back once to judge; of the other images a share is held back"
                                        + " to choose epoch, temperature and thresholds")
                        .with(Fact.ENSEMBLE, "none: one network for each fold, and each image judged by one"))
                .notes(List.of(Note.of("Each fold has a report of its own, with its images, in its folder.")))
                .more(List.of(Table.ofNumbers("Folds", List.of("Fold", "Images", "Accuracy", "AUROC", "Loss"), rows)))
                .provenance(ImageReport.provenance(card))
                .subgroups(subgroups(out, scores, card.isMultiLabel()))
                .build()
                .toHtml();
    }

    /** Of all folds' images together. */
    private List<Subgroups> subgroups(Path out, List<Evaluation> scores, boolean multiLabel) {
        List<String> files = new ArrayList<>();
        for (int fold = 1; fold <= folds; fold++) {
            files.addAll(FoldPredictions.files(folder(out, fold)));
        }
        List<String> patients = patients(out, scores);
        FineTuningValues values = asked(out);
        Charset charset = values.of(FineTuningValues.CSV_ENCODING).orElse(StandardCharsets.UTF_8);
        return values.of(FineTuningValues.SUBGROUPS)
                .map(file -> Subgroups.ofEach(
                        SubgroupFile.read(file, charset).of(files, patients),
                        FoldPredictions.pooled(scores, multiLabel).cases(patients),
                        Intervals.defaults()))
                .orElse(List.of());
    }

    /** What is asked for, and on a resume what was. */
    private FineTuningValues asked(Path out) {
        FineTuningValues values = tuning.values();
        return values.resumes() && !values.hasData()
                ? values.with(FineTuningValues.OUT, folder(out, 1)).withThoseOfTheRun()
                : values;
    }

    /** Of all folds' images, in their order; empty unless every fold tells them. */
    private static List<String> patients(Path out, List<Evaluation> scores) {
        List<String> all = new ArrayList<>();
        for (int fold = 1; fold <= scores.size(); fold++) {
            List<String> own = FoldPredictions.patients(folder(out, fold));
            if (own.size() != scores.get(fold - 1).probabilities().length) {
                return List.of();
            }
            all.addAll(own);
        }
        return all;
    }

    private static List<String> row(String name, @Nullable Object scores) {
        Map<?, ?> entry = scores instanceof Map<?, ?> map ? map : Map.of();
        List<String> row = new ArrayList<>(List.of(name));
        row.add(entry.get("images") instanceof Number count ? Numbers.count(count.longValue()) : "");
        for (String score : List.of("accuracy", "auroc", "loss")) {
            row.add(Numbers.score(entry.get(score) instanceof Number value ? value.doubleValue() : Double.NaN));
        }
        return row;
    }

    private Map<String, Object> score(Path out) {
        ModelCard card = ModelCard.read(folder(out, 1));
        boolean multiLabel = card.isMultiLabel();
        List<Evaluation> scores = new ArrayList<>();
        List<Object> entries = new ArrayList<>();
        for (int fold = 1; fold <= folds; fold++) {
            Evaluation own = FoldPredictions.read(folder(out, fold), multiLabel, card.classes());
            scores.add(own);
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("fold", fold);
            entry.put("images", own.probabilities().length);
            entry.put("accuracy", own.accuracy());
            entry.put("auroc", own.auroc());
            entry.put("loss", own.loss());
            entry.put("run", ModelCard.read(folder(out, fold)).facts().get(ModelCard.RUN));
            entries.add(entry);
        }
        Map<String, Object> mean = new LinkedHashMap<>();
        Map<String, Object> deviation = new LinkedHashMap<>();
        put("accuracy", Evaluation::accuracy, scores, mean, deviation);
        put("auroc", Evaluation::auroc, scores, mean, deviation);
        put("loss", Evaluation::loss, scores, mean, deviation);
        Map<String, Object> metrics = new LinkedHashMap<>();
        metrics.put("folds", entries);
        metrics.put("mean", mean);
        metrics.put("standard_deviation", deviation);
        Evaluation pooled = FoldPredictions.pooled(scores, multiLabel);
        Map<String, Object> together = new LinkedHashMap<>(Metrics.of(pooled, card.classes()));
        List<String> patients = patients(out, scores);
        together.put(
                "metrics",
                Metrics.judged(
                        pooled.cases(patients),
                        !patients.isEmpty(),
                        card.classes(),
                        subgroups(out, scores, multiLabel)));
        metrics.put("pooled", together);
        return metrics;
    }

    /** Of the folds where the score is defined; the deviation is that of a sample, by n - 1. */
    private static void put(
            String name,
            ToDoubleFunction<Evaluation> score,
            List<Evaluation> folds,
            Map<String, Object> mean,
            Map<String, Object> deviation) {
        double[] values = folds.stream()
                .mapToDouble(score)
                .filter(value -> !Double.isNaN(value))
                .toArray();
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        double average = sum / values.length;
        double squares = 0;
        for (double value : values) {
            squares += (value - average) * (value - average);
        }
        mean.put(name, average);
        deviation.put(name, values.length < 2 ? Double.NaN : Math.sqrt(squares / (values.length - 1)));
    }
}
