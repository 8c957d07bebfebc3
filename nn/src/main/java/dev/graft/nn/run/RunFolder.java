package dev.graft.nn.run;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.AtomicText;
import dev.graft.io.file.FileException;
import dev.graft.io.file.Sha256;
import dev.graft.io.file.Swap;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.CardText;
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

/**
 * The folder of a run: what is in it decides whether a new run may use it.
 *
 * <p>{@code run.json} says which run the checkpoints in the folder are of. {@code model.safetensors},
 * {@code metrics.json}, further files as {@link ResultFiles} has them, and {@code model.json}, which comes last, are a
 * finished run's result; the card says which run that was. A run that starts over leaves an older result alone until
 * its own is complete.
 */
public final class RunFolder implements AutoCloseable {
    private static final String HEAD = " head";

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
        RunContents.removeLeftovers(folder);
        return opened;
    }

    /** How the run in a folder was asked for, for a resume that does not say it again; empty if no run says. */
    public static Map<String, Object> options(Path folder) {
        Map<String, Object> options = new LinkedHashMap<>();
        RunRecord.read(folder).map(RunRecord::options).orElse(Map.of()).forEach((name, value) -> {
            if (value instanceof String) { // graft writes nothing else
                options.put(name, value);
            }
        });
        return options;
    }

    /** Whether a run in this folder is not finished; a model beside it is an older run's then, or half in place. */
    public static boolean isUnfinished(Path folder) {
        return RunRecord.read(folder)
                .map(run -> !run.hash().equals(RunRecord.resultOf(folder)))
                .orElse(false);
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
        return RunContents.isOwn(folder, file);
    }

    /** Settings and features alone are no loss: their run ended before it trained. */
    public boolean isUsed() {
        return RunContents.isUsed(folder);
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
        if (!RunContents.FEATURES.contains(name)) {
            throw new IllegalArgumentException("run folder: no pass is called " + pass);
        }
        Map<String, Object> all = new LinkedHashMap<>(facts);
        all.put("pass", pass);
        all.put(RunRecord.MADE_BY, madeBy);
        return KeptFeatures.of(folder.resolve(name), all, log);
    }

    /** Removes the features of all passes: they are no longer needed. */
    public void removeFeatures() {
        RunContents.FEATURES.forEach(name -> FeatureFile.deleteQuietly(folder.resolve(name)));
    }

    /** Whether there are checkpoints or a result, and they are this run's. */
    public boolean holds(RunIdentity identity) {
        return isUsed()
                && RunRecord.read(folder)
                        .filter(run -> run.hash().equals(identity.hash()))
                        .isPresent();
    }

    /** Whether the result is whole, and that of the run in {@code run.json}. */
    private boolean isFinished() {
        Optional<RunRecord> run = RunRecord.read(folder);
        if (run.isEmpty()) {
            return Files.exists(folder.resolve(ResultFiles.METRICS));
        }
        if (!run.get().hash().equals(RunRecord.resultOf(folder)) || !hasWholeMetrics()) {
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
            return Files.isRegularFile(folder.resolve(ResultFiles.METRICS))
                    && metrics().get("best") instanceof Map;
        } catch (FileException e) {
            return false;
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
        boolean told = Files.exists(folder.resolve(RunRecord.FILE_NAME));
        if (existing == Existing.OVERWRITE || (!isUsed() && !(resume && told))) {
            return Next.BEGIN;
        }
        Optional<RunRecord> before = RunRecord.read(folder);
        if (before.isEmpty() && told) {
            throw damaged(folder, resume);
        }
        if (before.isEmpty()) {
            throw new RunException(
                    (resume ? setting("resume") + ": " : setting("out") + " ") + folder + " holds a run without a "
                            + RunRecord.FILE_NAME + " that says what it was",
                    "choose another folder, or start over with " + setting("overwrite"));
        }
        List<String> differences = identity.differences(before.get().identity(), resume);
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
                                    + (identity.differences(before.get().identity(), true)
                                                    .isEmpty()
                                            ? ", or train it for longer with " + setting("resume")
                                            : ""));
        }
        if (before.get().hash().equals(identity.hash()) && isFinished()) {
            return Next.FINISHED;
        }
        if (!resume) {
            throw unfinished();
        }
        if (checkpoint().isEmpty() && hasBegun(before.get().hash())) {
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
        return Files.exists(folder.resolve("log.csv")) || hash.equals(RunRecord.resultOf(folder));
    }

    /** Whether the folder tells of a run, even of one that was stopped before its first checkpoint. */
    public boolean holdsRun() {
        return isUsed() || Files.exists(folder.resolve(RunRecord.FILE_NAME));
    }

    /** Before data is read: whether there is a run to continue. */
    public static void checkResumable(Path folder) {
        Path settings = folder.resolve(RunRecord.FILE_NAME);
        if (Files.exists(settings) && RunRecord.read(folder).isEmpty()) {
            throw damaged(folder, true);
        }
        if (!RunContents.isAny(folder)) {
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
        return new RunException(
                setting(resume ? "resume" : "out") + ": " + folder.resolve(RunRecord.FILE_NAME)
                        + RunRecord.damage(folder) + ", so nothing tells which run the checkpoints in " + folder
                        + " are of",
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
        record(identity, options, List.of());
    }

    /** @param files the names of the further files of the result that is about to be written */
    private void record(RunIdentity identity, Map<String, Object> options, List<String> files) {
        String hash = identity.hash();
        Optional<RunRecord> before =
                RunRecord.read(folder).filter(run -> run.hash().equals(hash));
        if (before.isEmpty() || !before.get().files().containsAll(files)) {
            new RunRecord(
                            identity.entries(),
                            hash,
                            before.map(RunRecord::options).orElse(options),
                            before.map(RunRecord::madeBy).orElse(madeBy),
                            files)
                    .write(folder);
        }
    }

    /** One line where the run began on something else that may compute other bits. */
    public Optional<String> otherMaker() {
        List<String> changed = RunRecord.read(folder)
                .map(RunRecord::madeBy)
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

    /** The entries of the identity of the run in a folder; empty if no run says. */
    public static Map<String, Object> identity(Path folder) {
        return RunRecord.read(folder).map(RunRecord::identity).orElse(Map.of());
    }

    /** What the finished run's {@code metrics.json} holds. */
    public Map<String, Object> metrics() {
        return Json.readObject(folder.resolve(ResultFiles.METRICS));
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
            if (RunContents.FEATURES.stream().noneMatch(name -> Files.exists(folder.resolve(name)))) {
                throw e;
            }
            removeFeatures();
            putInPlace(identity, options, result);
        }
        removeFeatures();
    }

    private void putInPlace(RunIdentity identity, Map<String, Object> options, Result result) {
        Map<String, String> before = RunContents.listed(folder).orElse(Map.of());
        try (Swap swap = new Swap()) {
            Path weights = swap.of(folder.resolve(ModelCard.WEIGHTS));
            result.saveWeights(weights);
            ModelCard card = result.card(Sha256.of(weights), Map.of(ModelCard.RUN, identity.hash()));
            Map<String, Object> scores = result.metrics();
            AtomicText.write(swap.of(folder.resolve(ResultFiles.METRICS)), Json.write(scores));
            ResultFiles files = result.files(card);
            record(identity, options, files.unusualNames()); // so that what a kill leaves of them is known
            Map<String, Object> hashes = new LinkedHashMap<>();
            files.write(folder, swap).forEach((name, file) -> hashes.put(name, Sha256.of(file)));
            Path cardText = swap.of(folder.resolve(ResultFiles.CARD_TEXT));
            AtomicText.write(cardText, CardText.of(card, scores, result.cardTexts()));
            hashes.put(ResultFiles.CARD_TEXT, Sha256.of(cardText));
            AtomicText.write(
                    swap.of(folder.resolve(ModelCard.FILE_NAME)),
                    Json.write(card.withFact(ModelCard.FILES, hashes).toMap()));
            swap.commit(); // in the order of the calls above
            RunContents.removeExcept(folder, hashes.keySet(), before);
        }
    }

    /** What a run has learnt. */
    public interface Result {
        /** Writes the weights. */
        void saveWeights(Path file);

        /** What {@code metrics.json} shall hold. */
        Map<String, Object> metrics();

        /** What people say of the model, as {@link CardText#of} takes it. */
        default Map<String, String> cardTexts() {
            return Map.of();
        }

        /**
         * Further files, such as {@link ResultFiles#FINGERPRINTS} or {@link ResultFiles#REPORT}.
         *
         * @param card the card that will lie beside them; it does not list them yet
         */
        default ResultFiles files(ModelCard card) {
            return new ResultFiles();
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
            Files.deleteIfExists(folder.resolve(RunRecord.FILE_NAME));
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
