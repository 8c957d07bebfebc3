package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.data.Subset;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.decision.Validation;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.model.FeatureSpace;
import dev.graft.nn.model.InputProfile;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.run.AtFirstBatch;
import dev.graft.nn.run.FeatureCache;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.run.Stopped;
import dev.graft.nn.run.SubgroupFile;
import dev.graft.nn.train.Evaluation;
import dev.graft.nn.train.Evaluator;
import dev.graft.nn.train.History;
import dev.graft.nn.train.StopSignal;
import dev.graft.nn.train.Trainer;
import dev.graft.random.RandomStream;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * The training within a fine-tuning: of the whole network, or of its head on what a frozen backbone makes of each
 * image.
 *
 * @param progress told about each epoch, and what is odd about the images
 * @param begun called before the folder's checkpoints become this run's
 * @param key what this run's checkpoints are marked with
 */
record FineTuningTraining(
        FineTuningSettings settings,
        FineTuningListeners listeners,
        NotesAfterEpoch progress,
        StopSignal stop,
        RunFolder folder,
        Runnable begun,
        String key) {
    private static final long MEGABYTE = 1 << 20;
    private static final int MOST_FEATURES = 1000;

    /**
     * What a training has made of the network.
     *
     * @param metrics what {@code metrics.json} shall hold
     * @param decision how the network's probabilities become answers
     * @param inputs what the training images were like
     * @param space where their features lie; empty if there are too few images
     * @param answers those to the validation images; empty if there are none
     * @param fold those to the images that only judge; empty without a fold
     * @param subgroups the scores of parts of the images that judge: of the fold, or else of the validation
     * @param averaged how the mean over the views that are asked for becomes an answer; empty if none are
     */
    record Trained(
            Map<String, Object> metrics,
            Decision decision,
            InputProfile inputs,
            Optional<FeatureSpace> space,
            Optional<Evaluation> answers,
            Optional<Evaluation> fold,
            List<Subgroups> subgroups,
            Optional<Decision> averaged) {
        private Trained(
                Map<String, Object> metrics,
                Decision decision,
                InputProfile inputs,
                Optional<FeatureSpace> space,
                Optional<Evaluation> answers) {
            this(metrics, decision, inputs, space, answers, Optional.empty(), List.of(), Optional.empty());
        }

        private Trained judged(Optional<Evaluation> judged, List<Subgroups> parts) {
            return new Trained(metrics, decision, inputs, space, answers, judged, parts, averaged);
        }

        private Trained averaged(Optional<Decision> fitted) {
            return new Trained(metrics, decision, inputs, space, answers, fold, subgroups, fitted);
        }

        /** What the model is judged by. */
        Optional<Evaluation> judging() {
            return fold.or(() -> answers);
        }
    }

    /**
     * Trains, or continues.
     *
     * @return empty where a stop was asked for and a checkpoint is there
     * @throws Stopped where a stop was asked for before the first epoch
     */
    Optional<Trained> train(Backbone model, ImageData data, Preprocessing preprocessing, boolean resume) {
        Optional<SubgroupFile> divided = settings.subgroups()
                .map(file -> SubgroupFile.read(file, settings.source().csvEncoding()));
        divided.ifPresent(file -> check(file, data));
        return learnt(model, data, preprocessing, resume)
                .map(trained -> judged(trained, model, data, preprocessing, divided)
                        .averaged(averaged(trained, model, data, preprocessing)));
    }

    /** Of a fold any image may be named: it may be that none of its own is. */
    private static void check(SubgroupFile file, ImageData data) {
        ImageDataset images = data.foldRows().length > 0 ? data.all() : data.held();
        int[] rows =
                data.foldRows().length > 0 ? IntStream.range(0, images.size()).toArray() : data.heldRows();
        file.checkNames(
                IntStream.range(0, images.size()).mapToObj(images::describe).toList());
        file.check(
                Arrays.stream(rows).mapToObj(images::describe).toList(),
                images.groups()
                        .map(groups -> Arrays.stream(rows).mapToObj(groups::get).toList())
                        .orElse(List.of()));
    }

    /**
     * Judges the finished model: by the fold that is held back for that, which chose nothing; else by the validation
     * images, which chose epoch and decision, so that the numbers are somewhat too good.
     */
    private Trained judged(
            Trained trained,
            Backbone model,
            ImageData data,
            Preprocessing preprocessing,
            Optional<SubgroupFile> divided) {
        boolean folded = data.foldRows().length > 0;
        LabelledDataset images = folded ? data.fold(preprocessing.eval()) : data.validation(preprocessing.eval());
        List<String> patients = folded ? data.foldPatients() : data.heldPatients();
        if (images.size() == 0) {
            return trained;
        }
        Optional<Evaluation> fold = Optional.empty();
        if (folded) {
            try (DataLoader loader = settings.loader(images)) {
                fold = Optional.of(
                        trained.decision().apply(Evaluator.evaluate(model, loader, Recipe.validationLoss(images))));
            }
        }
        Evaluation answers = fold.or(trained::answers).orElseThrow();
        Cases cases = answers.cases(patients);
        List<Subgroups> parts = divided.map(file -> Subgroups.ofEach(
                        file.of(
                                Arrays.stream(answers.indices())
                                        .mapToObj(images::describe)
                                        .toList(),
                                patients.isEmpty()
                                        ? List.of()
                                        : Arrays.stream(answers.indices())
                                                .mapToObj(patients::get)
                                                .toList()),
                        cases,
                        Intervals.defaults()))
                .orElse(List.of());
        trained.metrics()
                .put(folded ? "fold" : "validation", Metrics.judged(cases, !patients.isEmpty(), data.classes(), parts));
        return trained.judged(fold, parts);
    }

    /**
     * The decision for the mean over views, on the validation images; the full network is asked, since no features are
     * kept.
     */
    private Optional<Decision> averaged(Trained trained, Backbone model, ImageData data, Preprocessing preprocessing) {
        LabelledDataset held = data.validation(preprocessing.eval());
        if (settings.tta() == Averaging.Views.NONE || held.size() == 0) {
            return Optional.empty();
        }
        try (DataLoader loader = settings.loader(held)) {
            Module views = Averaging.none().tta(settings.tta()).of(model, data.isMultiLabel());
            Evaluation scores = Evaluator.evaluate(views, loader, Recipe.validationLoss(held));
            Decision decision =
                    settings.decision().fit(Validation.of(scores.cases(data.heldPatients())), held.classes());
            trained.metrics().put(ModelCard.AVERAGED_DECISION, settings.tta().decision(decision));
            return Optional.of(decision);
        }
    }

    private Optional<Trained> learnt(Backbone model, ImageData data, Preprocessing preprocessing, boolean resume) {
        LabelledDataset train = data.train(settings.augment().train(preprocessing));
        LabelledDataset held = data.validation(preprocessing.eval());
        List<String> patients = data.heldPatients();
        boolean validates = held.size() > 0;
        settings.decision().check(held.classes(), data.isMultiLabel(), data.validationCounts(), held.size());
        if (validates) {
            settings.recipe().monitor().check(held, Recipe.validationLoss(held));
        }
        boolean cached = settings.usesFeatureCache()
                && !(resume && folder.checkpoint().equals(Optional.of(RunFolder.mark(key, false))));
        if (!cached) {
            folder.removeFeatures();
        }
        if (cached) {
            Map<String, Object> facts = featureFacts(model);
            long begin = System.nanoTime();
            try (FeatureCache trainFeatures = features(model, train, settings.views(), "training", facts);
                    FeatureCache heldFeatures = features(model, held, 1, "validation", facts)) {
                double seconds = (System.nanoTime() - begin) / 1e9;
                describe(trainFeatures, heldFeatures, seconds);
                return fit(
                        model.headNetwork(),
                        data,
                        trainFeatures,
                        trainFeatures,
                        heldFeatures,
                        patients,
                        resume,
                        true,
                        seconds);
            } catch (IOException e) {
                folder.removeFeatures();
                if (settings.cachedViews() > 0) {
                    throw new RunException(
                            setting("cachedViews", settings.cachedViews()) + ": " + e.getMessage(),
                            "ask for fewer views",
                            e);
                }
                if (resume) {
                    throw new RunException(
                            setting("resume")
                                    + ": the run trained on cached features, and there is no room for them now: "
                                    + e.getMessage(),
                            "free some disk space or memory",
                            e);
                }
                listeners.say("feature cache: not used, the backbone runs in every epoch (" + e.getMessage() + ")");
            }
        }
        return fit(model, data, train, data.train(preprocessing.eval()), held, patients, resume, false, 0);
    }

    /** All that the features depend on, besides what computes: what the run is, and what the backbone holds. */
    private Map<String, Object> featureFacts(Backbone model) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("run", key);
        facts.put("device", settings.device());
        facts.put("head", model.headModules());
        try (StateDict state = model.stateDict()) {
            for (String name : state.names()) {
                if (model.headModules().stream().noneMatch(head -> name.startsWith(head + "."))) {
                    facts.put("weights " + name, state.sha256(name));
                }
            }
        }
        return facts;
    }

    private void describe(FeatureCache trained, FeatureCache judged, double seconds) {
        int train = trained.size();
        int held = judged.size();
        long taken = (long) trained.taken() + judged.taken();
        if (taken > 0) {
            progress.someImagesWereNotRead();
            listeners.say(String.format(
                    Locale.ROOT,
                    "feature cache: %,d of %,d features were there from before",
                    taken,
                    (long) train * settings.views() + held));
        }
        boolean augmented = settings.augment().variesImages();
        int views = settings.views();
        long computed = (long) train * views + held - taken;
        listeners.say(String.format(
                Locale.ROOT,
                "feature cache: the frozen backbone ran once for each of %,d images%s (%skept %s); "
                        + "only the head is trained now%s",
                train + held,
                augmented ? " and " + views + " views of each training image" : "",
                computed == 0 ? "" : String.format(Locale.ROOT, "%.0f images/s, ", computed / seconds),
                trained.isInMemory() ? "in memory" : trained.keptBytes() > 0 ? "in a file" : "in a temporary file",
                augmented ? ", on a view drawn again in every epoch" : ", which gives the same numbers"));
        long bytes = trained.keptBytes() + judged.keptBytes();
        if (bytes > 0) {
            listeners.say(String.format(
                    Locale.ROOT,
                    "feature cache: keeps %s of features in %s until the run is finished",
                    bytes < MEGABYTE ? (bytes + 1023) / 1024 + " KB" : (bytes + MEGABYTE - 1) / MEGABYTE + " MB",
                    folder.path()));
        }
        progress.say();
    }

    private FeatureCache features(
            Backbone model, LabelledDataset images, int views, String name, Map<String, Object> facts)
            throws IOException {
        Path spill = folder.path();
        if (images.size() == 0) {
            return FeatureCache.ofNone(images, spill);
        }
        return FeatureCache.compute(
                model,
                model::features,
                images,
                settings.featureLoader(images, name),
                views,
                "features of " + name + " images",
                spill,
                Optional.of(folder.keptFeatures(name, facts, listeners::say)),
                stop,
                progress);
    }

    private Optional<Trained> fit(
            Module model,
            ImageData data,
            LabelledDataset train,
            LabelledDataset plain,
            LabelledDataset held,
            List<String> patients,
            boolean resume,
            boolean headOnly,
            double secondsBefore) {
        Recipe recipe = settings.recipe();
        try (DataLoader trainLoader = settings.trainLoader(train);
                DataLoader heldLoader = settings.loader(held.size() > 0 ? held : train);
                Optimizer optimizer = recipe.optimizer(model.trainableParameters())) {
            Stopped.check(stop);
            if (!resume) {
                begun.run();
            }
            Trainer trainer = recipe.configure(Trainer.builder(model, recipe.loss(train), optimizer), trainLoader)
                    .directory(folder.path(), folder.lock())
                    .identity(RunFolder.mark(key, headOnly))
                    .resume(resume)
                    .progress(new AtFirstBatch(progress, begun))
                    .stop(stop)
                    .build();
            History history = trainer.fit(trainLoader, held.size() > 0 ? Optional.of(heldLoader) : Optional.empty());
            if (history.ending() == History.Ending.INTERRUPTED) {
                return Optional.empty();
            }
            Map<String, Object> metrics = Metrics.of(history, train.size(), secondsBefore);
            return Optional.of(
                    held.size() == 0
                            ? new Trained(
                                    metrics,
                                    DecisionRule.notFitted("no image was held back"),
                                    quantities(data),
                                    Optional.empty(),
                                    Optional.empty())
                            : validated(metrics, model, quantities(data), plain, heldLoader, held, patients));
        }
    }

    /** Chooses what decides, and scores the validation images with it, with intervals. */
    private Trained validated(
            Map<String, Object> metrics,
            Module model,
            InputProfile quantities,
            LabelledDataset plain,
            DataLoader loader,
            LabelledDataset held,
            List<String> patients) {
        FeatureTap tap = tap(model);
        Evaluation scores = Evaluator.evaluate(tap, loader, Recipe.validationLoss(held));
        Decision decision = settings.decision().fit(Validation.of(scores.cases(patients)), held.classes());
        Evaluation answers = decision.apply(scores);
        if (settings.source().fold().isPresent()) { // else judged() does
            metrics.put(
                    "validation",
                    Metrics.judged(answers.cases(patients), !patients.isEmpty(), held.classes(), List.of()));
        }
        metrics.put("decision", decision.toMap());
        Optional<FeatureSpace> space = space(model, plain, tap.features().length);
        InputProfile inputs = space.map(known -> quantities.with(
                        known,
                        Arrays.stream(tap.features())
                                .mapToDouble(known::distance)
                                .toArray()))
                .orElse(quantities);
        return new Trained(metrics, decision, inputs, space, Optional.of(answers));
    }

    private static FeatureTap tap(Module model) {
        return model instanceof Backbone network ? FeatureTap.of(network) : FeatureTap.ofHead(model);
    }

    /** What the training images were like as files. */
    private InputProfile quantities(ImageData data) {
        InputProfile inputs = InputProfile.of(
                data.seen().stream()
                        .filter(image -> image.side() == ImageFindings.Side.TRAINING)
                        .map(ImageFindings.Seen::quantities)
                        .toList(),
                ImageQuantities.LEAST_MARGINS);
        inputs.note().ifPresent(text -> listeners.say("inputs: " + text));
        return inputs;
    }

    /** Where features of training images lie: of a sample of them, since more would say no more. */
    private Optional<FeatureSpace> space(Module model, LabelledDataset plain, int validated) {
        if (plain.size() < FeatureSpace.FEWEST || validated < FeatureSpace.FEWEST) {
            return Optional.empty();
        }
        int[] rows =
                plain.size() <= MOST_FEATURES ? IntStream.range(0, plain.size()).toArray() : sample(plain.size());
        FeatureTap tap = tap(model);
        Subset some = new Subset(plain, rows);
        try (DataLoader loader = settings.loader(some)) {
            Evaluator.evaluate(tap, loader, Recipe.validationLoss(plain));
        }
        return Optional.of(FeatureSpace.of(tap.features()));
    }

    private int[] sample(int size) {
        RandomGenerator random = RandomStream.of(settings.recipe().seed(), "finetune.features");
        int[] all = IntStream.range(0, size).toArray();
        for (int i = 0; i < MOST_FEATURES; i++) {
            int other = i + random.nextInt(size - i);
            int swapped = all[i];
            all[i] = all[other];
            all[other] = swapped;
        }
        return Arrays.stream(all, 0, MOST_FEATURES).sorted().toArray();
    }
}
