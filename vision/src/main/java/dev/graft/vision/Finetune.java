package dev.graft.vision;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.Versions;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.run.RunIdentity;
import dev.graft.nn.run.Stopped;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Device;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.file.Window;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One fine-tuning from the start weights to the run's folder.
 *
 * <pre>{@code
 * try (Finetune finetune = Finetune.open(settings, options, log); StopSignal stop = StopSignal.onShutdown()) {
 *     Finetune.Outcome outcome = finetune.run(Progress.lines(System.err), stop);
 * }
 * }</pre>
 */
public final class Finetune implements AutoCloseable {
    private final FinetuneSettings settings;
    private final Recipe recipe;
    private final Map<String, Object> options;
    private final PrintWriter log;
    private final RunFolder folder;
    private final StartingPoint start;

    private boolean saidWindow;

    private Finetune(
            FinetuneSettings settings,
            Map<String, Object> options,
            PrintWriter log,
            RunFolder folder,
            StartingPoint start) {
        this.settings = settings;
        this.recipe = settings.recipe();
        this.options = options;
        this.log = log;
        this.folder = folder;
        this.start = start;
    }

    /** How a fine-tuning ended. */
    public enum Ending {
        /** The result is in the folder. */
        FINISHED,
        /** The result was in the folder already. */
        ALREADY_FINISHED,
        /** Stopped, and to be gone on with by resuming. */
        STOPPED,
        /** Stopped before anything was trained; what was in the folder is still there. */
        STOPPED_EARLY
    }

    /**
     * What came of it.
     *
     * @param metrics what {@code metrics.json} holds; empty where the run was stopped
     */
    public record Outcome(Ending ending, Optional<Map<String, Object>> metrics) {}

    /**
     * Locks the folder, and finds or downloads the weights. Nothing is lost where this is killed.
     *
     * @param options how the settings were asked for; kept in the folder, see {@link #options}
     * @param log where people read what is done
     * @throws RunException where the folder, the data or the weights cannot be used
     */
    public static Finetune open(FinetuneSettings settings, Map<String, Object> options, PrintWriter log) {
        RunFolder folder = RunFolder.open(settings.out(), Map.of("jpeg", Image.jpegLibrary()));
        try {
            folder.checkIsNotOwn("--weights", settings.weightsFile());
            folder.check(settings.existing());
            settings.source().checkExists();
            return new Finetune(
                    settings,
                    options,
                    log,
                    folder,
                    StartingPoint.of(settings.model(), settings.weights(), settings.stateDict()));
        } catch (RuntimeException | Error e) {
            folder.close();
            throw e;
        }
    }

    /** How the run in a folder was asked for; empty where there is none that tells. */
    public static Map<String, Object> options(Path folder) {
        return RunFolder.options(folder);
    }

    /**
     * Answers early whether a folder holds a run that can be gone on with.
     *
     * @throws RunException where it holds none, or nothing tells what it was
     */
    public static void checkResumable(Path folder) {
        RunFolder.checkResumable(folder);
    }

    /** Whether a file is one that a run in this folder writes. */
    public static boolean writes(Path folder, Path file) {
        return RunFolder.isOwn(folder, file);
    }

    /**
     * Trains and writes the folder.
     *
     * @param progress told about each epoch
     * @param stop what may ask for a clean stop
     */
    public Outcome run(Progress progress, StopSignal stop) {
        Device device = Device.of(settings.device());
        ImageNotes notes = new ImageNotes();
        Preprocessing preprocessing = settings.preprocessing(start);
        ImageData data = ImageData.open(settings.source(), preprocessing.eval(), recipe.seed())
                .withImageNotes(notes);
        data.describe().forEach(log::println);
        start.notes().forEach(log::println);
        log.flush();
        try {
            Map<String, Object> facts = data.toMap(() -> Stopped.check(stop));
            RunIdentity identity = new RunIdentity(identity(data, facts, preprocessing), recipe.mayGrow());
            RunFolder.Next next = folder.find(settings.existing(), identity);
            if (next == RunFolder.Next.FINISHED) {
                log.println("already finished: the result of this run is in " + folder.path());
                return new Outcome(Ending.ALREADY_FINISHED, Optional.of(folder.metrics()));
            }
            if (next == RunFolder.Next.BEGIN && settings.resume()) {
                log.println(
                        folder.holdsRun()
                                ? "resume: the run was stopped before its first checkpoint, so it starts with its first epoch"
                                : "resume: " + folder.path()
                                        + " holds no run to go on with, so this one starts with its first epoch");
            }
            if (next == RunFolder.Next.GO_ON) {
                folder.otherMaker().ifPresent(log::println);
            } else if (!folder.isUsed()) {
                folder.record(identity, options);
            }
            try (Backbone model = prepare(data, device)) {
                FinetuneTraining training = new FinetuneTraining(
                        settings,
                        log,
                        new NotesAfterEpoch(progress, () -> sayAllNotes(notes)),
                        stop,
                        folder,
                        () -> folder.record(identity, options),
                        identity.key());
                Optional<Map<String, Object>> metrics =
                        training.train(model, data, preprocessing, next == RunFolder.Next.GO_ON);
                sayNotes(notes);
                metrics.ifPresent(result ->
                        folder.finish(identity, options, new Learnt(model, result, data, facts, preprocessing)));
                return new Outcome(metrics.isPresent() ? Ending.FINISHED : Ending.STOPPED, metrics);
            }
        } catch (Stopped e) {
            return new Outcome(Ending.STOPPED_EARLY, Optional.empty());
        }
    }

    /** Where the run takes place and how fast is its own affair; all that changes what it learns is here. */
    private Map<String, Object> identity(ImageData data, Map<String, Object> facts, Preprocessing preprocessing) {
        Map<String, Object> identity = settings.toMap();
        identity.remove("weights");
        identity.put("start weights", start.sha256().orElse("none"));
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
        if (settings.freezeBackbone()) {
            model.freezeBackbone();
        }
        model.to(device);
        long trained = model.trainableParameters().stream()
                .mapToLong(p -> p.shape().numel())
                .sum();
        log.printf(
                Locale.ROOT,
                "model: %s from %s; %,d of %,d parameters are trained%s%n",
                settings.model(),
                built.description(),
                trained,
                model.parameterCount(),
                settings.freezeBackbone() ? ", the backbone is frozen" : "");
        log.flush();
        return model;
    }

    /** What is odd about the images: after the first pass over them all, so that the counts are whole. */
    private void sayNotes(ImageNotes notes) {
        notes.takeLines().forEach(log::println);
        log.flush();
    }

    /**
     * After an epoch, when every image has been read once, a window that none of them went through is said, too; once.
     */
    private void sayAllNotes(ImageNotes notes) {
        if (!saidWindow) {
            saidWindow = true;
            settings.window()
                    .filter(window -> !window.equals(Window.full()) && notes.count(ImageNote.Kind.WINDOWED) == 0)
                    .ifPresent(window -> log.println(
                            "--window " + window + " changed nothing: no image has more than 8 bits a sample"));
        }
        sayNotes(notes);
    }

    /** The result of this run. */
    private final class Learnt implements RunFolder.Result {
        private final Backbone model;
        private final Map<String, Object> metrics;
        private final ImageData data;
        private final Map<String, Object> dataFacts;
        private final Preprocessing preprocessing;

        Learnt(
                Backbone model,
                Map<String, Object> metrics,
                ImageData data,
                Map<String, Object> dataFacts,
                Preprocessing preprocessing) {
            this.model = model;
            this.metrics = metrics;
            this.data = data;
            this.dataFacts = dataFacts;
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
                                ImageModels.card(settings.model(), data.classes(), preprocessing, Map.of())
                                        .binding()));
            }
        }

        @Override
        public Map<String, Object> metrics() {
            return metrics;
        }

        @Override
        public ModelCard card(String weightsSha256, Map<String, Object> run) {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("settings", settings.toMap());
            facts.put("seed", recipe.seed());
            facts.put("versions", versions());
            facts.put("start_weights", settings.weights());
            facts.put("start_weights_sha256", start.sha256().orElse("none"));
            facts.put(ModelCard.HASH, weightsSha256);
            facts.put("data", dataFacts);
            facts.putAll(run);
            return ImageModels.card(settings.model(), data.classes(), preprocessing, facts);
        }
    }

    private static Map<String, Object> versions() {
        Map<String, Object> versions = new LinkedHashMap<>(Versions.asMap());
        versions.put("jpeg", Image.jpegLibrary());
        return versions;
    }

    @Override
    public void close() {
        folder.close();
    }
}
