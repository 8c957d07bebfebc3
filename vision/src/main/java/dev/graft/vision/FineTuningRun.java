package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.file.Sha256;
import dev.graft.message.Message;
import dev.graft.nn.model.FeatureSpace;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.Versions;
import dev.graft.nn.run.CardReport;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.ResultFiles;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.run.RunIdentity;
import dev.graft.nn.run.Stopped;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.nn.train.Trainer;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Device;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.file.Window;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A fine-tuning that has its folder and its start weights, and is ready to train; see {@link FineTuning#open()}. Close
 * it to give the folder back.
 */
public final class FineTuningRun implements AutoCloseable {
    private final FineTuningSettings settings;
    private final Recipe recipe;
    private final Map<String, Object> options;
    private final FineTuningListeners listeners;
    private final RunFolder folder;
    private final StartingPoint start;

    private boolean saidWindow;
    private boolean closed;

    private FineTuningRun(
            FineTuningSettings settings,
            Map<String, Object> options,
            FineTuningListeners listeners,
            RunFolder folder,
            StartingPoint start) {
        this.settings = settings;
        this.recipe = settings.recipe();
        this.options = options;
        this.listeners = listeners;
        this.folder = folder;
        this.start = start;
    }

    /**
     * Locks the folder, and finds or downloads the weights. Nothing is lost where this is killed.
     *
     * @param out the folder
     * @param options how the settings were asked for; kept in the folder
     * @param listeners who is told, and may stop the run
     * @throws RunException where the folder, the data or the weights cannot be used
     */
    static FineTuningRun open(
            FineTuningSettings settings, Path out, Map<String, Object> options, FineTuningListeners listeners) {
        settings.source().checkIsApart(out);
        if (settings.existing() == RunFolder.Existing.REFUSE && EnsembleFolder.isOne(out)) {
            throw new RunException(
                    setting("out") + " " + out + " holds an ensemble of several models",
                    "choose another folder, or replace it with " + setting("overwrite"));
        }
        RunFolder folder = RunFolder.open(out, Map.of("jpeg", Image.jpegLibrary()));
        try {
            folder.checkIsNotOwn("weights", settings.weightsFile());
            folder.check(settings.existing());
            settings.source().checkExists();
            return new FineTuningRun(
                    settings,
                    options,
                    listeners,
                    folder,
                    StartingPoint.of(
                            settings.model(), settings.weights(), settings.stateDict(), listeners.downloads()));
        } catch (RuntimeException | Error e) {
            folder.abandon();
            folder.close();
            throw e;
        }
    }

    /**
     * Trains and writes the folder.
     *
     * @throws IllegalStateException once closed
     * @throws RunException where the folder or the images cannot be used
     */
    public FineTuning.Result run() {
        return run(listeners.stop());
    }

    /** As {@link #run()}, stopped by another signal, such as one that begins to listen only now. */
    public FineTuning.Result run(StopSignal stop) {
        return run(listeners.progress(), stop);
    }

    /**
     * One at a time: the folder's lock keeps other runs out, but not this one from another thread.
     *
     * @throws IllegalStateException once closed, since the folder is given back
     */
    synchronized FineTuning.Result run(Progress progress, StopSignal stop) {
        if (closed) {
            throw new IllegalStateException(
                    "fine-tuning: this run was closed, and its folder may be another's. Hint: open it again.");
        }
        try {
            return train(progress, stop);
        } catch (RuntimeException | Error e) {
            folder.abandon();
            throw e;
        }
    }

    private FineTuning.Result train(Progress progress, StopSignal stop) {
        Device device = Device.of(settings.device());
        ImageNotes notes = new ImageNotes();
        Preprocessing preprocessing = settings.preprocessing(start);
        ImageData found = ImageData.open(settings.source(), preprocessing.eval(), recipe.seed())
                .withImageNotes(notes);
        try {
            ImageCheck.Checked checked =
                    new ImageCheck(settings.workers(), stop, progress).look(found, settings.skipBad());
            ImageData data = checked.data();
            data.describe().forEach(listeners::say);
            start.notes().forEach(listeners::say);
            Map<String, Object> facts = data.toMap(() -> Stopped.check(stop));
            RunIdentity identity = new RunIdentity(identity(data, facts, preprocessing), recipe.mayGrow());
            RunFolder.Next next = folder.find(settings.existing(), identity);
            if (next == RunFolder.Next.FINISHED) {
                folder.removeFeatures();
                listeners.say("already finished: the result of this run is in " + folder.path());
                sayWhatIsNotInResult();
                return result(FineTuning.Ending.ALREADY_FINISHED, folder.metrics());
            }
            checked.requireReadable();
            Map<String, Object> inputFiles = Provenance.inputFiles(settings); // as they are read, not hours later
            if (settings.overwrite() && folder.holds(identity)) {
                folder.removeFeatures(); // the run shall be done over; those of a run that replaces another go on
            }
            if (next == RunFolder.Next.BEGIN && settings.resume()) {
                listeners.say(
                        folder.holdsRun()
                                ? "resume: the run was stopped before its first checkpoint, so it starts with its first epoch"
                                : "resume: " + folder.path()
                                        + " holds no run to continue, so this one starts with its first epoch");
            }
            if (next == RunFolder.Next.GO_ON) {
                folder.otherMaker().ifPresent(listeners::say);
                Trainer.position(folder.path()).ifPresent(this::sayWhere);
            } else if (!folder.isUsed()) {
                folder.record(identity, options);
            }
            try (Backbone model = prepare(data, device)) {
                FineTuningTraining training = new FineTuningTraining(
                        settings,
                        listeners,
                        new NotesAfterEpoch(progress, allRead -> sayAllNotes(notes, allRead)),
                        stop,
                        folder,
                        () -> folder.record(identity, options),
                        identity.key());
                Optional<FineTuningTraining.Trained> trained =
                        training.train(model, data, preprocessing, next == RunFolder.Next.GO_ON);
                sayNotes(notes);
                if (!data.unreadable().isEmpty()) {
                    trained.ifPresent(result -> result.metrics()
                            .put("unreadable_images", data.unreadable().size()));
                }
                trained.ifPresent(result -> {
                    folder.finish(identity, options, new Learnt(model, result, data, facts, inputFiles, preprocessing));
                    EnsembleFolder.forget(folder.path()); // now that what replaces it is whole
                });
                return trained.map(result -> result(FineTuning.Ending.FINISHED, result.metrics()))
                        .orElseGet(() -> result(FineTuning.Ending.STOPPED, Map.of()));
            }
        } catch (Stopped e) {
            return result(FineTuning.Ending.STOPPED_EARLY, Map.of());
        }
    }

    /** What judges and describes a model is no part of what it learns, so that the run is the same without it. */
    private void sayWhatIsNotInResult() {
        settings.subgroups()
                .filter(file -> !wasJudgedBy(file))
                .ifPresent(file -> listeners.say("warning: the finished run was judged without " + setting("subgroups")
                        + " " + file + ", and is not judged again. Hint: judge its model with "
                        + setting("ImageClassifier.evaluate") + " "
                        + Message.inJava("and ImageEvaluation.subgroups", "subgroups") + ", or train it again with "
                        + setting("overwrite") + "."));
        if (!listeners.study().isEmpty()) {
            listeners.say("warning: the report of the finished run is not written again, so " + setting("study")
                    + " adds nothing to it. Hint: write a report of its model with "
                    + setting("ImageClassifier.evaluate") + " "
                    + Message.inJava("and EvaluationReport.study", "report") + ", or train it again with "
                    + setting("overwrite") + ".");
        }
    }

    private boolean wasJudgedBy(Path file) {
        Object before = ModelCard.read(folder.path()).facts().get(ModelCard.INPUT_FILES) instanceof Map<?, ?> files
                ? files.get("subgroups")
                : null;
        return (before == null || !Files.isRegularFile(file))
                ? file.toAbsolutePath()
                        .toString()
                        .equals(RunFolder.options(folder.path()).get(Message.option("subgroups")))
                : before.equals(Sha256.of(file));
    }

    private void sayWhere(Trainer.Position position) {
        listeners.say(
                position.epoch() > recipe.epochs()
                        ? "resume: all " + recipe.epochs() + " epochs are trained; the result is written"
                        : "resume: epoch " + position.epoch() + " of " + recipe.epochs()
                                + (position.batch() == 0 ? "" : ", after " + position.batch() + " batches of it"));
    }

    private FineTuning.Result result(FineTuning.Ending ending, Map<String, Object> metrics) {
        return new FineTuning.Result(ending, folder.path(), metrics);
    }

    /** Where the run takes place and how fast is its own affair; all that changes what it learns is here. */
    private Map<String, Object> identity(ImageData data, Map<String, Object> facts, Preprocessing preprocessing) {
        Map<String, Object> identity = settings.toMap();
        identity.remove("weights");
        identity.put("start weights", start.sha256().orElse("none"));
        if (settings.source().fold().isPresent()) {
            identity.put("fold", settings.source().fold().get().toString());
        }
        if (settings.source().resolved().validation().isEmpty()) {
            identity.put("val_fraction", settings.source().heldFraction());
        }
        identity.put(
                "preprocessing",
                preprocessing.toMap().entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue())
                        .toList());
        identity.putAll(data.identity(facts));
        return identity;
    }

    private Backbone prepare(ImageData data, Device device) {
        StartingPoint.Start built = start.build(data.classes(), RandomStream.of(recipe.seed(), "finetune.weights"));
        Backbone model = built.model();
        try {
            StartingPoint.checkCanDeny(model, data);
        } catch (RunException e) {
            model.close();
            throw e;
        }
        if (settings.freezeBackbone()) {
            model.freezeBackbone();
        }
        model.to(device);
        long trained = model.trainableParameters().stream()
                .mapToLong(p -> p.shape().numel())
                .sum();
        listeners.say(String.format(
                Locale.ROOT,
                "model: %s from %s; %,d of %,d parameters are trained%s",
                settings.model(),
                built.description(),
                trained,
                model.parameterCount(),
                settings.freezeBackbone() ? ", the backbone is frozen" : ""));
        return model;
    }

    /** What is odd about the images: after the first pass over them all, so that the counts are whole. */
    private void sayNotes(ImageNotes notes) {
        notes.takeLines().forEach(listeners.log());
    }

    /**
     * After an epoch, when every image has been read once, a window that none of them went through is said, too; once.
     */
    private void sayAllNotes(ImageNotes notes, boolean allRead) {
        if (!saidWindow && allRead) {
            saidWindow = true;
            settings.window()
                    .filter(window -> !window.equals(Window.full()) && notes.count(ImageNote.Kind.WINDOWED) == 0)
                    .ifPresent(window -> listeners.say(setting("window") + " " + window
                            + " changed nothing: no image has more than 8 bits a sample"));
        }
        sayNotes(notes);
    }

    /** The result of this run. */
    private final class Learnt implements RunFolder.Result {
        private final Backbone model;
        private final FineTuningTraining.Trained trained;
        private final ImageData data;
        private final Map<String, Object> dataFacts;
        private final Map<String, Object> inputFiles;
        private final String fingerprints;
        private final Preprocessing preprocessing;

        Learnt(
                Backbone model,
                FineTuningTraining.Trained trained,
                ImageData data,
                Map<String, Object> dataFacts,
                Map<String, Object> inputFiles,
                Preprocessing preprocessing) {
            this.model = model;
            this.inputFiles = inputFiles;
            this.trained = trained;
            this.data = data;
            this.dataFacts = dataFacts;
            this.fingerprints = TrainingImages.toCsv(data.seen());
            this.preprocessing = preprocessing;
        }

        @Override
        public void saveWeights(Path file) {
            try (StateDict weights = model.stateDict()) {
                Safetensors.save(
                        weights,
                        file,
                        Map.of(
                                "architecture",
                                model.architecture(),
                                ModelCard.BINDING,
                                ImageModels.card(task(), settings.model(), data.classes(), preprocessing, answers())
                                        .binding()));
            }
        }

        /** The entries of the card that change what is answered. */
        private Map<String, Object> answers() {
            Map<String, Object> answers = new LinkedHashMap<>();
            answers.put(ModelCard.DECISION, trained.decision().toMap());
            trained.averaged()
                    .ifPresent(decision -> answers.put(
                            ModelCard.AVERAGED_DECISION, settings.tta().decision(decision)));
            answers.put(ModelCard.INPUTS, trained.inputs().toMap());
            return answers;
        }

        @Override
        public Map<String, Object> metrics() {
            return trained.metrics();
        }

        @Override
        public Map<String, String> cardTexts() {
            return listeners.study().cardTexts();
        }

        @Override
        public ResultFiles files(ModelCard card) {
            ResultFiles files = new ResultFiles()
                    .text(ResultFiles.FINGERPRINTS, fingerprints)
                    .text(ResultFiles.DUPLICATES, data.findings().toCsv(data.kept()));
            trained.space().ifPresent(space -> files.file(FeatureSpace.FILE_NAME, space::save));
            trained.fold()
                    .ifPresent(answers -> files.text(
                            ResultFiles.PREDICTIONS,
                            FoldPredictions.toCsv(data.fold(preprocessing.eval()), data.foldPatients(), answers)));
            return files.text(
                    ResultFiles.REPORT,
                    CardReport.orReason(
                            () -> report().toHtml(card),
                            why -> listeners.say(
                                    "warning: the model is saved, but its report could not be made (" + why + ")")));
        }

        private RunReport report() {
            return new RunReport(settings, data, preprocessing, model, trained, dataFacts, options, listeners.study());
        }

        @Override
        public ModelCard card(String weightsSha256, Map<String, Object> run) {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.putAll(answers());
            facts.put("settings", settings.toMap());
            facts.put("seed", recipe.seed());
            facts.put("versions", versions());
            facts.put(ModelCard.COMMAND, Provenance.command(options));
            facts.put(ModelCard.INPUT_FILES, inputFiles);
            facts.put("start_weights", settings.weights());
            facts.put("start_weights_sha256", start.sha256().orElse("none"));
            facts.put(ModelCard.HASH, weightsSha256);
            Map<String, Object> images = new LinkedHashMap<>(dataFacts);
            images.put(TrainingImages.HASH, Sha256.of(fingerprints));
            facts.put("data", images);
            facts.putAll(run);
            return ImageModels.card(task(), settings.model(), data.classes(), preprocessing, facts);
        }

        private String task() {
            return data.isMultiLabel() ? ModelCard.IMAGE_MULTI_LABEL : ModelCard.IMAGE_CLASSIFICATION;
        }
    }

    private static Map<String, Object> versions() {
        Map<String, Object> versions = new LinkedHashMap<>(Versions.asMap());
        versions.put("jpeg", Image.jpegLibrary());
        return versions;
    }

    /** Waits for a {@link #run()} in another thread, then gives the folder back; a second call does nothing. */
    @Override
    public synchronized void close() {
        closed = true;
        folder.close();
    }
}
