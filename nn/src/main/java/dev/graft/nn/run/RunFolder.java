package dev.graft.nn.run;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.AtomicText;
import dev.graft.io.file.FileException;
import dev.graft.io.file.Sha256;
import dev.graft.io.file.Swap;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.model.Versions;
import dev.graft.nn.train.FolderLock;
import dev.graft.nn.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The folder of a run: what is in it decides whether a new run may use it.
 *
 * <p>{@code run.json} says which run the checkpoints in the folder are of. {@code model.safetensors},
 * {@code metrics.json}, perhaps {@code fingerprints.csv} and {@code duplicates.csv}, and {@code model.json}, which
 * comes last, are a finished run's result; the card says which run that was. A run that starts over leaves an older
 * result alone until its own is complete.
 */
public final class RunFolder implements AutoCloseable {
    private static final String SETTINGS = "run.json";
    private static final String METRICS = "metrics.json";
    private static final String IDENTITY = "identity";
    private static final String OPTIONS = "options";
    private static final String MADE_BY = "made_by";
    /** In {@code run.json} and in the model's card: the run's {@link RunIdentity#hash}. */
    private static final String RUN = ModelCard.RUN;

    private static final String HEAD = " head";

    /** What a frozen part has made of the examples; no loss, for it can be computed again. */
    private static final List<String> FEATURES = List.of("features-training.bin", "features-validation.bin");

    /** What tells the examples that a model was fitted on from others; written with the result. */
    public static final String FINGERPRINTS = "fingerprints.csv";

    /** Examples that are there more than once; written with the result. */
    public static final String DUPLICATES = "duplicates.csv";

    /** What a fold's model answers to the examples that were held back; written with the result. */
    public static final String PREDICTIONS = "predictions.csv";

    private static final List<String> OWN = List.of(
            SETTINGS,
            FINGERPRINTS,
            DUPLICATES,
            PREDICTIONS,
            FEATURES.get(0),
            FEATURES.get(1),
            METRICS,
            "last.safetensors",
            "unvalidated.safetensors",
            "best.safetensors",
            "log.csv",
            ModelCard.FILE_NAME,
            ModelCard.WEIGHTS);

    /** What to do with a run that is there already. */
    public enum Existing {
        REFUSE,
        RESUME,
        OVERWRITE
    }

    /** What a run finds. */
    public enum Next {
        /** Nothing of this run: it trains from the first epoch. */
        BEGIN,
        /** A checkpoint of this run. */
        GO_ON,
        /** This run's result. */
        FINISHED
    }

    /**
     * What {@code run.json} holds.
     *
     * @param identity the run's {@link RunIdentity#entries}
     * @param hash the run's {@link RunIdentity#hash}
     * @param options how it was asked for
     * @param madeBy what computed it
     */
    private record Stored(
            Map<String, Object> identity, String hash, Map<String, Object> options, Map<String, Object> madeBy) {}

    private final Path folder;
    private final FolderLock lock;
    private final Map<String, Object> madeBy;
    /** The folders that did not exist before, the innermost first. */
    private List<Path> made = List.of();

    private boolean abandoned;

    private RunFolder(Path folder, FolderLock lock, Map<String, Object> madeBy) {
        this.folder = folder;
        this.lock = lock;
        this.madeBy = new LinkedHashMap<>(Versions.ofResults());
        this.madeBy.putAll(madeBy);
    }

    /**
     * Makes the folder, writes a probe into it, and locks it: hours of training must not end at a folder that cannot be
     * written, or in another run's files.
     *
     * @param madeBy what may change the last bits of a result, besides what {@link Versions} tells
     */
    public static RunFolder open(Path folder, Map<String, Object> madeBy) {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new RunException(
                    setting("out") + " " + folder + " is a file, and a run's result is a folder",
                    "choose another name");
        }
        for (Path above = folder.toAbsolutePath().getParent(); above != null; above = above.getParent()) {
            if (Files.exists(above) && !Files.isDirectory(above)) {
                throw new RunException(
                        setting("out") + " " + folder + " cannot be written: " + above + " is a file",
                        "choose another folder");
            }
        }
        List<Path> missing = new ArrayList<>();
        for (Path above = folder.toAbsolutePath(); above != null && !Files.exists(above); above = above.getParent()) {
            missing.add(above);
        }
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, ".graft", ".probe"));
        } catch (IOException e) {
            throw new RunException(
                    setting("out") + " " + folder + " cannot be written ("
                            + e.getClass().getSimpleName() + ")",
                    "choose another folder, or fix its permissions",
                    e);
        }
        RunFolder opened = new RunFolder(folder, FolderLock.acquire(folder), madeBy);
        opened.made = List.copyOf(missing);
        opened.removeLeftovers();
        return opened;
    }

    /** A killed run leaves what it was writing; under the lock, no other run can own it. */
    private void removeLeftovers() {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(RunFolder::isLeftover).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            System.getLogger(RunFolder.class.getName())
                    .log(System.Logger.Level.WARNING, "temporary files left behind in " + folder, e);
        }
    }

    private static boolean isLeftover(Path file) {
        String name = file.getFileName().toString();
        String undotted = name.replaceFirst("^\\.+", "");
        boolean ofAnOwn = name.startsWith(".")
                && OWN.stream().anyMatch(own -> undotted.startsWith(own + "."))
                && (name.endsWith(".tmp") || name.endsWith(Swap.ENDING));
        return ofAnOwn || (name.startsWith(".graft") && name.endsWith(".probe")) || FeatureStore.isStore(name);
    }

    /** How the run in a folder was asked for, for a resume that does not say it again; empty if no run says. */
    public static Map<String, Object> options(Path folder) {
        Map<String, Object> options = new LinkedHashMap<>();
        stored(folder).map(Stored::options).orElse(Map.of()).forEach((name, value) -> {
            if (value instanceof String) { // graft writes nothing else
                options.put(name, value);
            }
        });
        return options;
    }

    /** Whether a run in this folder is not finished; a model beside it is an older run's then, or half in place. */
    public static boolean isUnfinished(Path folder) {
        return stored(folder).map(run -> !run.hash.equals(resultOf(folder))).orElse(false);
    }

    public Path path() {
        return folder;
    }

    public FolderLock lock() {
        return lock;
    }

    /** A file that the run writes itself cannot be what it reads: its name would soon mean something else. */
    public void checkIsNotOwn(String option, Optional<Path> file) {
        if (file.isPresent() && isOwn(folder, file.get())) {
            throw new RunException(
                    setting(option) + " " + file.get() + " is a file of the run in " + setting("out") + " " + folder
                            + ", which this run would replace",
                    "choose another " + setting("out"));
        }
    }

    /** Whether a file is one that a run in the folder writes. */
    public static boolean isOwn(Path folder, Path file) {
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null
                    && Files.isDirectory(parent)
                    && Files.isSameFile(parent, folder)
                    && OWN.contains(file.getFileName().toString())) {
                return true;
            }
            for (String name : OWN) {
                Path own = folder.resolve(name);
                if (Files.exists(own) && Files.exists(file) && Files.isSameFile(own, file)) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }

    /** Settings and features alone are no loss: their run ended before it trained. */
    public boolean isUsed() {
        return OWN.stream()
                .filter(name -> !name.equals(SETTINGS) && !FEATURES.contains(name))
                .anyMatch(name -> Files.exists(folder.resolve(name)));
    }

    /**
     * Where a pass over the frozen part of the network keeps its features until the run is finished, so that a stop or
     * a kill does not lose them.
     *
     * @param pass {@code training} or {@code validation}
     * @param facts all that the features depend on, as JSON can hold it; besides, they depend on what computes
     * @param log told what happens, as lines of text
     */
    public KeptFeatures keptFeatures(String pass, Map<String, Object> facts, Consumer<String> log) {
        String name = "features-" + pass + ".bin";
        if (!FEATURES.contains(name)) {
            throw new IllegalArgumentException("run folder: no pass is called " + pass);
        }
        Map<String, Object> all = new LinkedHashMap<>(facts);
        all.put("pass", pass);
        all.put(MADE_BY, madeBy);
        return KeptFeatures.of(folder.resolve(name), all, log);
    }

    /** Removes the features of all passes: they are no longer needed. */
    public void removeFeatures() {
        FEATURES.forEach(name -> FeatureFile.deleteQuietly(folder.resolve(name)));
    }

    /** Whether there are checkpoints or a result, and they are this run's. */
    public boolean holds(RunIdentity identity) {
        return isUsed()
                && stored(folder)
                        .filter(run -> run.hash.equals(identity.hash()))
                        .isPresent();
    }

    /** Whether the result is whole, and that of the run in {@code run.json}. */
    private boolean isFinished() {
        Optional<Stored> run = stored(folder);
        if (run.isEmpty()) {
            return Files.exists(folder.resolve(METRICS));
        }
        if (!run.get().hash.equals(resultOf(folder)) || !hasWholeMetrics()) {
            return false;
        }
        Path weights = folder.resolve(ModelCard.WEIGHTS);
        return Files.isRegularFile(weights)
                && ModelCard.read(folder).weightsSha256().equals(Optional.of(Sha256.of(weights)))
                && isUnchanged(folder);
    }

    /** A card that was edited since is refused by whoever loads the model, so it is written again. */
    private static boolean isUnchanged(Path folder) {
        try {
            ModelCard.read(folder).checkUnchanged(folder);
            return true;
        } catch (ModelException e) {
            return false;
        }
    }

    /** A damaged report is written again from the checkpoint, as a missing one. */
    private boolean hasWholeMetrics() {
        try {
            return Files.isRegularFile(folder.resolve(METRICS)) && metrics().get("best") instanceof Map;
        } catch (FileException e) {
            return false;
        }
    }

    /** The hash of the run whose model is here; empty if there is none, or one that does not say. */
    private static String resultOf(Path folder) {
        try {
            return Files.isRegularFile(folder.resolve(ModelCard.FILE_NAME))
                            && ModelCard.read(folder).facts().get(RUN) instanceof String hash
                    ? hash
                    : "";
        } catch (ModelException | FileException e) {
            return "";
        }
    }

    /** Answers early, before data is read, whether the folder can be used at all. */
    public void check(Existing existing) {
        if (existing == Existing.REFUSE && isUsed() && !isFinished()) {
            throw unfinished();
        }
    }

    private RunException unfinished() {
        return new RunException(
                setting("out") + " " + folder + " holds an unfinished run",
                "continue with " + setting("resume") + ", or start over with " + setting("overwrite"));
    }

    /**
     * What there is of this run. Changes nothing.
     *
     * @throws RunException where another run would be lost or mixed with this one
     */
    public Next find(Existing existing, RunIdentity identity) {
        boolean resume = existing == Existing.RESUME;
        boolean told = Files.exists(folder.resolve(SETTINGS));
        if (existing == Existing.OVERWRITE || (!isUsed() && !(resume && told))) {
            return Next.BEGIN;
        }
        Optional<Stored> before = stored(folder);
        if (before.isEmpty() && told) {
            throw damaged(folder, resume);
        }
        if (before.isEmpty()) {
            throw new RunException(
                    (resume ? setting("resume") + ": " : setting("out") + " ") + folder + " holds a run without a "
                            + SETTINGS + " that says what it was",
                    "choose another folder, or start over with " + setting("overwrite"));
        }
        List<String> differences = identity.differences(before.get().identity, resume);
        if (!differences.isEmpty()) {
            String listed = String.join("; ", differences);
            throw resume
                    ? new RunException(
                            setting("resume") + ": the run in " + folder + " had other settings or data: " + listed,
                            "leave out what has changed, for a resumed run has the options that it began with; or choose another "
                                    + setting("out"))
                    : new RunException(
                            setting("out") + " " + folder + " holds another "
                                    + (isFinished() ? "finished" : "unfinished") + " run: " + listed,
                            "choose another folder, or replace it with " + setting("overwrite")
                                    + (identity.differences(before.get().identity, true)
                                                    .isEmpty()
                                            ? ", or train it for longer with " + setting("resume")
                                            : ""));
        }
        if (before.get().hash.equals(identity.hash()) && isFinished()) {
            return Next.FINISHED;
        }
        if (!resume) {
            throw unfinished();
        }
        if (checkpoint().isEmpty() && hasBegun(before.get().hash)) {
            throw new RunException(
                    setting("resume") + ": " + folder
                            + " holds no checkpoint of the run that was begun there: last.safetensors is missing",
                    "put it back, or start over with " + setting("overwrite"));
        }
        // a checkpoint of another run is one that this run was to replace, and was killed before it could
        boolean own = checkpoint()
                .filter(mark -> mark.equals(mark(identity.key(), true)) || mark.equals(mark(identity.key(), false)))
                .isPresent();
        return own ? Next.GO_ON : Next.BEGIN;
    }

    /**
     * Whether checkpoints of this run were there: its first one comes before its log and its result, but a short first
     * epoch leaves its best weights before it.
     */
    private boolean hasBegun(String hash) {
        return Files.exists(folder.resolve("log.csv")) || hash.equals(resultOf(folder));
    }

    /** Whether the folder tells of a run, even of one that was stopped before its first checkpoint. */
    public boolean holdsRun() {
        return isUsed() || Files.exists(folder.resolve(SETTINGS));
    }

    /** Before data is read: whether there is a run to continue. */
    public static void checkResumable(Path folder) {
        Path settings = folder.resolve(SETTINGS);
        if (Files.exists(settings) && stored(folder).isEmpty()) {
            throw damaged(folder, true);
        }
        if (OWN.stream().noneMatch(name -> Files.exists(folder.resolve(name)))) {
            throw noRun(folder);
        }
    }

    private static RunException noRun(Path folder) {
        return new RunException(
                setting("resume") + ": " + folder
                        + (Files.exists(folder) ? " holds no run to continue" : " does not exist"),
                "name the folder of the run with " + setting("out") + ", or leave " + setting("resume")
                        + " out to start one");
    }

    private static RunException damaged(Path folder, boolean resume) {
        String why;
        try {
            Json.readObject(folder.resolve(SETTINGS));
            why = " lacks what says which run it is of";
        } catch (FileException e) {
            why = " cannot be read: it is not whole JSON";
        }
        return new RunException(
                setting(resume ? "resume" : "out") + ": " + folder.resolve(SETTINGS) + why
                        + ", so nothing tells which run the checkpoints in " + folder + " are of",
                "put the file back, choose another folder, or start over with " + setting("overwrite"));
    }

    /** What the newest checkpoint is marked with. */
    public Optional<String> checkpoint() {
        return Trainer.identity(folder);
    }

    /**
     * How to mark a run's checkpoints; those of the head alone do not fit the whole network, nor the other way round.
     */
    public static String mark(String key, boolean headOnly) {
        return key + (headOnly ? HEAD : " network");
    }

    /** Whether a checkpoint that is marked so holds the head alone. */
    public static boolean isOfHead(String mark) {
        return mark.endsWith(HEAD);
    }

    /** Says that the checkpoints which are now written are this run's. */
    public void record(RunIdentity identity, Map<String, Object> options) {
        String hash = identity.hash();
        if (stored(folder).filter(run -> run.hash.equals(hash)).isPresent()) {
            return;
        }
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(IDENTITY, identity.entries());
        map.put(RUN, hash);
        map.put(OPTIONS, options);
        map.put(MADE_BY, madeBy);
        AtomicText.write(folder.resolve(SETTINGS), Json.write(map));
    }

    /** One line where the run began on something else that may compute other bits. */
    public Optional<String> otherMaker() {
        List<String> changed = stored(folder)
                .map(Stored::madeBy)
                .map(before -> madeBy.keySet().stream()
                        .filter(name -> !String.valueOf(madeBy.get(name)).equals(String.valueOf(before.get(name))))
                        .map(name -> name + " was " + before.get(name) + ", is " + madeBy.get(name))
                        .toList())
                .orElse(List.of());
        return changed.isEmpty()
                ? Optional.empty()
                : Optional.of("resume: " + String.join("; ", changed)
                        + ": the result may differ from an unbroken run's in its last digits");
    }

    private static Optional<Stored> stored(Path folder) {
        Path file = folder.resolve(SETTINGS);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            Map<String, Object> map = Json.readObject(file);
            return map.get(RUN) instanceof String hash && map.containsKey(IDENTITY)
                    ? Optional.of(new Stored(object(map, IDENTITY), hash, object(map, OPTIONS), object(map, MADE_BY)))
                    : Optional.empty();
        } catch (FileException | ClassCastException e) {
            return Optional.empty();
        }
    }

    /** The entries of the identity of the run in a folder; empty if no run says. */
    public static Map<String, Object> identity(Path folder) {
        return stored(folder).map(Stored::identity).orElse(Map.of());
    }

    private static Map<String, Object> object(Map<String, Object> map, String key) {
        Map<String, Object> object = new LinkedHashMap<>();
        if (map.get(key) != null) {
            ((Map<?, ?>) map.get(key)).forEach((name, value) -> object.put((String) name, value));
        }
        return object;
    }

    /** What the finished run's {@code metrics.json} holds. */
    public Map<String, Object> metrics() {
        return Json.readObject(folder.resolve(METRICS));
    }

    /**
     * Puts a result in place: weights first, the card that says whose they are last. Features that were kept for a
     * resume are removed then, or before a second attempt if the first one fails: on a full disk they may take the room
     * that the result needs.
     */
    public void finish(RunIdentity identity, Map<String, Object> options, Result result) {
        try {
            putInPlace(identity, options, result);
        } catch (RuntimeException e) {
            if (FEATURES.stream().noneMatch(name -> Files.exists(folder.resolve(name)))) {
                throw e;
            }
            removeFeatures();
            putInPlace(identity, options, result);
        }
        removeFeatures();
    }

    private void putInPlace(RunIdentity identity, Map<String, Object> options, Result result) {
        try (Swap swap = new Swap()) {
            Path weights = swap.of(folder.resolve(ModelCard.WEIGHTS));
            Path metrics = swap.of(folder.resolve(METRICS));
            Path card = swap.of(folder.resolve(ModelCard.FILE_NAME));
            result.saveWeights(weights);
            result.files().forEach((name, text) -> {
                if (!OWN.contains(name)) {
                    throw new IllegalArgumentException("run folder: no file of a run is called " + name);
                }
                AtomicText.write(swap.of(folder.resolve(name)), text);
            });
            AtomicText.write(metrics, Json.write(result.metrics()));
            AtomicText.write(
                    card,
                    Json.write(result.card(Sha256.of(weights), Map.of(RUN, identity.hash()))
                            .toMap()));
            record(identity, options);
            swap.commit();
        }
    }

    /** What a run has learnt. */
    public interface Result {
        void saveWeights(Path file);

        Map<String, Object> metrics();

        /** Further files, by name, such as {@link RunFolder#FINGERPRINTS}. */
        default Map<String, String> files() {
            return Map.of();
        }

        /**
         * The model card to write beside the weights.
         *
         * @param run says which run this is
         */
        ModelCard card(String weightsSha256, Map<String, Object> run);
    }

    /**
     * The run failed. Where nothing of it is worth keeping, closing removes the folders that {@link #open} made: a
     * wrong option shall leave nothing behind.
     */
    public void abandon() {
        abandoned = true;
    }

    @Override
    public void close() {
        if (abandoned && !made.isEmpty() && !isUsed()) {
            removeMade(); // while the lock still keeps others out
        }
        lock.close();
    }

    private void removeMade() {
        try {
            removeFeatures();
            Files.deleteIfExists(folder.resolve(SETTINGS));
            Files.deleteIfExists(folder.resolve(FolderLock.FILE_NAME));
            for (Path empty : made) {
                Files.delete(empty);
            }
        } catch (IOException e) {
            // somebody else has put something there, or the system keeps the open lock file
            System.getLogger(RunFolder.class.getName())
                    .log(System.Logger.Level.DEBUG, "the folder " + folder + " stays", e);
        }
    }
}
