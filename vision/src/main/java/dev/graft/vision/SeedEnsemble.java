package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.AtomicText;
import dev.graft.message.SettingException;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.json.Json;
import dev.graft.nn.metric.ScoreSpread;
import dev.graft.nn.metric.decision.Validation;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.SubgroupFile;
import dev.graft.nn.train.Evaluation;
import dev.graft.nn.train.Evaluator;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.nn.uncertainty.Ensemble;
import dev.graft.tensor.Device;
import dev.graft.vision.data.ImageNpz;
import dev.graft.vision.image.transform.ImagePipeline;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * One fine-tuning from several seeds: how far their scores are apart, and a model whose probabilities are the mean of
 * theirs. All that {@code graft finetune --seeds} does.
 *
 * <pre>{@code
 * SeedEnsemble.of(FineTuning.of(Path.of("photos")).out(Path.of("ensemble")), 5).run();
 * ImageClassifier classifier = ImageClassifier.load(Path.of("ensemble"));
 * }</pre>
 *
 * <p>The folder {@code out} holds a run's folder for each seed, {@code seed-1} and so on; {@code ensemble.json}, which
 * names them, so that the folder is a model like any other; and {@code metrics.json}. All are validated on the same
 * images: where none are given, those that are held back are listed in {@code training.csv} and {@code validation.csv}.
 * A resume trains no finished seed again.
 */
public final class SeedEnsemble {
    private static final String METRICS = "metrics.json";
    private static final List<String> SCORES = List.of("accuracy", "auroc", "loss");

    private final FineTuning tuning;
    private final int seeds;

    private SeedEnsemble(FineTuning tuning, int seeds) {
        this.tuning = tuning;
        this.seeds = seeds;
    }

    /**
     * Of a fine-tuning, whose {@code out} is the folder for all seeds, and whose own seed is the first.
     *
     * @param seeds how many, at least 2
     * @throws SettingException for fewer seeds, or a fine-tuning of one fold
     */
    public static SeedEnsemble of(FineTuning tuning, int seeds) {
        if (seeds < 2) {
            throw new SettingException(setting("seeds") + " must be at least 2, was " + seeds, "5 are usual");
        }
        if (tuning.values().hasFold()) {
            throw new SettingException(
                    setting("fold") + " holds back other images than " + setting("seeds") + " do", "leave one out");
        }
        return new SeedEnsemble(tuning, seeds);
    }

    /**
     * What came of it.
     *
     * @param isFinished whether all seeds are; else a resume continues
     * @param out the folder
     * @param metrics what {@code metrics.json} holds: {@code seeds}, with the scores of each; {@code spread}, of each
     *     score {@code mean}, {@code standard_deviation}, {@code min} and {@code max}; {@code ensemble}, its own scores
     *     on the validation images, except of a NumPy file. Empty if a seed was stopped
     */
    public record Result(boolean isFinished, Path out, Map<String, Object> metrics) {}

    /**
     * Trains all seeds that are not finished, and judges them together. An ensemble that is in the folder stays whole
     * until one of its members is replaced.
     *
     * @throws SettingException where settings lack, or contradict each other
     * @throws dev.graft.nn.run.RunException where the folders, the images or the weights cannot be used
     */
    public Result run() {
        Path out = tuning.values().out();
        check(out);
        FineTuningValues values = split(out);
        FineTuningSettings begun = asked(values, out);
        Map<String, Object> inputFiles = Provenance.inputFiles(begun); // as they are read, not hours later
        Optional<SubgroupFile> divided = begun.subgroups()
                .map(file -> SubgroupFile.read(file, begun.source().csvEncoding()));
        long first = values.of(FineTuningValues.SEED).orElse(0L);
        List<String> names = new ArrayList<>();
        List<Map<?, ?>> scores = new ArrayList<>();
        for (int i = 0; i < seeds; i++) {
            String name = folder(i);
            tuning.listeners().say("seed " + (first + i) + " (" + (i + 1) + " of " + seeds + "):");
            FineTuningValues own =
                    values.with(FineTuningValues.OUT, out.resolve(name)).with(FineTuningValues.SEED, first + i);
            boolean wasThere = Files.exists(out.resolve(name).resolve(ModelCard.FILE_NAME));
            FineTuning.Result result = tuning.with(own).run();
            if (wasThere && result.ending() == FineTuning.Ending.FINISHED) {
                EnsembleFolder.forget(out); // its member is replaced
            }
            if (!result.isFinished()) {
                return new Result(false, out, Map.of());
            }
            names.add(name);
            scores.add((Map<?, ?>) result.metrics().getOrDefault("best", Map.of()));
        }
        Map<String, Object> metrics = metrics(first, names, scores);
        EnsembleFolder ensemble = EnsembleFolder.ofRuns(out, names);
        Optional<Path> held = FixedSplit.givenValidation(values).filter(path -> !ImageNpz.isNpz(path));
        Map<String, Object> facts = new LinkedHashMap<>();
        Decision decision = held.isPresent()
                ? judged(ensemble, values, divided, metrics, facts)
                : DecisionRule.notFitted("the validation images of all members cannot be read again together");
        facts.put(
                ModelCard.COMMAND,
                Provenance.command(values.with(FineTuningValues.SEED, first).kept(asked(values, out))) + " --seeds "
                        + seeds);
        facts.put(ModelCard.INPUT_FILES, inputFiles);
        ensemble.write(decision, facts);
        AtomicText.write(out.resolve(METRICS), Json.write(metrics));
        return new Result(true, out, metrics);
    }

    private static String folder(int i) {
        return "seed-" + (i + 1);
    }

    /** All that can be refused before anything is written. */
    private void check(Path out) {
        for (String file : List.of(ModelCard.FILE_NAME, "run.json")) {
            if (Files.exists(out.resolve(file))) {
                throw new RunException(
                        setting("out") + " " + out + " holds a single run, whose " + file
                                + " would lie beside the list of an ensemble",
                        "choose another folder");
            }
        }
        FineTuningSettings settings = tuning.values()
                .with(FineTuningValues.OUT, out.resolve(folder(0)))
                .withThoseOfTheRun()
                .resolve();
        settings.source().checkIsApart(out);
        settings.source().checkExists();
        StartingPoint.of(
                settings.model(),
                settings.weights(),
                settings.stateDict(),
                tuning.listeners().downloads());
    }

    /** The settings of every seed, with one split for all. */
    private FineTuningValues split(Path out) {
        FineTuningValues values = tuning.values();
        if (values.resumes() && !values.hasData()) {
            return values.with(FineTuningValues.OUT, out.resolve(folder(0))).withThoseOfTheRun();
        }
        boolean given = FixedSplit.givenValidation(values).isPresent()
                || values.of(FineTuningValues.DATA).filter(ImageNpz::isNpz).isPresent()
                || values.of(FineTuningValues.VAL_FRACTION)
                        .filter(share -> share == 0)
                        .isPresent();
        if (given) {
            return values;
        }
        FixedSplit split = FixedSplit.of(values);
        values.of(FineTuningValues.SUBGROUPS)
                .ifPresent(file -> SubgroupFile.read(
                                file, values.of(FineTuningValues.CSV_ENCODING).orElse(StandardCharsets.UTF_8))
                        .checkNames(IntStream.range(0, split.all().size())
                                .mapToObj(split.all()::describe)
                                .toList()));
        Path training = out.resolve("training.csv");
        Path validation = out.resolve("validation.csv");
        if (!values.overwrites()) {
            split.checkSame(out, training, split.train());
            split.checkSame(out, validation, split.held());
        }
        return split.listed(values, split.write(training, split.train()), split.write(validation, split.held()));
    }

    private static Map<String, Object> metrics(long first, List<String> names, List<Map<?, ?>> scores) {
        List<Object> each = new ArrayList<>();
        Map<String, Object> spread = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("seed", first + i);
            entry.put("folder", names.get(i));
            for (String score : SCORES) {
                entry.put(score, scores.get(i).get(score));
            }
            each.add(entry);
        }
        for (String score : SCORES) {
            double[] known = scores.stream()
                    .map(of -> of.get(score))
                    .filter(Number.class::isInstance)
                    .mapToDouble(value -> ((Number) value).doubleValue())
                    .filter(value -> !Double.isNaN(value))
                    .toArray();
            if (known.length > 0) {
                spread.put(score, ScoreSpread.of(known).toMap());
            }
        }
        Map<String, Object> metrics = new LinkedHashMap<>();
        metrics.put("seeds", each);
        metrics.put("spread", spread);
        return metrics;
    }

    private static FineTuningSettings asked(FineTuningValues values, Path out) {
        return values.with(FineTuningValues.OUT, out.resolve(folder(0)))
                .withThoseOfTheRun()
                .resolve();
    }

    /** Chooses what decides on the images that each member was validated on, and judges the ensemble with it. */
    private static Decision judged(
            EnsembleFolder ensemble,
            FineTuningValues values,
            Optional<SubgroupFile> divided,
            Map<String, Object> metrics,
            Map<String, Object> facts) {
        ModelCard card = ensemble.card();
        ImagePipeline pipeline = ensemble.preprocessing().eval();
        FineTuningSettings settings = asked(values, ensemble.folder());
        // as each member has it: without copies of training images, and without those that cannot be read
        ImageData data = new ImageCheck(settings.workers(), new StopSignal(), Progress.silent())
                .look(
                        ImageData.open(
                                settings.source(), pipeline, settings.recipe().seed()),
                        settings.skipBad())
                .data();
        LabelledDataset held = data.validation(pipeline);
        try (Ensemble network = ensemble.network();
                DataLoader loader = settings.loader(held)) {
            network.eval();
            network.to(Device.of(settings.device()));
            Evaluation scores = Evaluator.evaluate(network, loader, Recipe.validationLoss(held));
            List<String> patients = data.heldPatients();
            Decision decision = settings.decision().fit(Validation.of(scores.cases(patients)), card.classes());
            Evaluation decided = decision.apply(scores);
            Map<String, Object> own = new LinkedHashMap<>(Metrics.of(decided, card.classes()));
            List<String> files =
                    Arrays.stream(decided.indices()).mapToObj(held::describe).toList();
            List<String> ofEach = patients.isEmpty()
                    ? List.of()
                    : Arrays.stream(decided.indices()).mapToObj(patients::get).toList();
            List<Subgroups> parts = divided.map(file ->
                            Subgroups.ofEach(file.of(files, ofEach), decided.cases(patients), Intervals.defaults()))
                    .orElse(List.of());
            own.put("metrics", Metrics.judged(decided.cases(patients), !patients.isEmpty(), card.classes(), parts));
            own.put(ModelCard.DECISION, decision.toMap());
            if (settings.tta() != Averaging.Views.NONE) {
                Evaluation mean = Evaluator.evaluate(
                        Averaging.none().tta(settings.tta()).of(network, card.isMultiLabel()),
                        loader,
                        Recipe.validationLoss(held));
                Decision averaged = settings.decision().fit(Validation.of(mean.cases(patients)), card.classes());
                facts.put(ModelCard.AVERAGED_DECISION, settings.tta().decision(averaged));
                own.put(ModelCard.AVERAGED_DECISION, settings.tta().decision(averaged));
            }
            metrics.put("ensemble", own);
            return decision;
        }
    }
}
