package dev.graft.nn.train;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.file.WeightFileException;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Where a run keeps its checkpoints: in a folder, or only the best weights in memory.
 *
 * <p>A run's files name the run, so that a file of another run is never mistaken for its own. Each file is replaced as
 * a whole, and nothing of an older run is removed before the new run's first checkpoint is on the disk.
 */
final class RunFiles implements AutoCloseable {
    static final String LAST = "last.safetensors";
    static final String UNVALIDATED = "unvalidated.safetensors";
    static final String BEST = "best.safetensors";
    static final String LOG = "log.csv";

    private static final String BEST_KEY = "graft.best";

    private final Optional<Path> directory;
    private final Optional<FolderLock> lock;
    private final Module model;
    private final String identity;
    private final Callbacks callbacks;
    private Optional<StateDict> bestInMemory = Optional.empty();
    private boolean lastIsOurs;

    private RunFiles(
            Optional<Path> directory, Optional<FolderLock> lock, Module model, String identity, Callbacks callbacks) {
        this.directory = directory;
        this.lock = lock;
        this.model = model;
        this.identity = identity;
        this.callbacks = callbacks;
    }

    /**
     * Makes and locks the folder.
     *
     * @param held the folder's lock, if the caller already has it
     * @throws TrainingException if the folder is in use or cannot be written: better now than after an epoch
     */
    static RunFiles open(
            Optional<Path> directory, Optional<FolderLock> held, Module model, String identity, Callbacks callbacks) {
        if (directory.isEmpty()) {
            return new RunFiles(directory, Optional.empty(), model, identity, callbacks);
        }
        Path folder = directory.get();
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, "graft", ".part"));
            Optional<FolderLock> own = held.isPresent() && held.get().isOf(folder)
                    ? Optional.empty()
                    : Optional.of(FolderLock.acquire(folder));
            removeLeftovers(folder);
            return new RunFiles(directory, own, model, identity, callbacks);
        } catch (IOException e) {
            throw new TrainingException(
                    "training: the folder " + folder.toAbsolutePath() + " cannot be written (" + e
                            + "). Hint: choose another one, or fix its permissions.",
                    e);
        }
    }

    /** A killed run leaves the temporary file that it was writing. Under the lock, no run is using it. */
    private static void removeLeftovers(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(RunFiles::isLeftover).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static boolean isLeftover(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".tmp")
                && Stream.of(LAST, UNVALIDATED, BEST, LOG).anyMatch(own -> name.startsWith("." + own + "."));
    }

    Path last() {
        return directory.orElseThrow().resolve(LAST);
    }

    private static Path unvalidated(Path folder) {
        return folder.resolve(UNVALIDATED);
    }

    /**
     * The newest checkpoint: an epoch that was trained but not validated is later than the last one that was validated.
     */
    static Optional<Path> newest(Path folder) {
        Path last = folder.resolve(LAST);
        Path trained = unvalidated(folder);
        if (!Files.exists(trained)) {
            return Files.exists(last) ? Optional.of(last) : Optional.empty();
        }
        return Optional.of(!Files.exists(last) || Checkpoint.isAhead(trained, last) ? trained : last);
    }

    /** See {@link Trainer#saved}. */
    static Optional<SavedWeights> saved(Path folder) {
        Optional<Path> newest = newest(folder);
        if (newest.isEmpty()) {
            return Optional.empty();
        }
        Path best = folder.resolve(BEST);
        Checkpoint.Position position = Checkpoint.position(newest.get());
        String identity = Checkpoint.identity(newest.get());
        if (Files.exists(best)
                && facts(best).get("epoch") instanceof Integer epoch
                && position.run().equals(facts(best).get("run"))) {
            return Optional.of(new SavedWeights(best, "", identity, epoch, OptionalInt.of(epoch), position.batch()));
        }
        return Optional.of(new SavedWeights(
                newest.get(), Checkpoint.MODEL, identity, position.epoch(), OptionalInt.empty(), position.batch()));
    }

    /** Continues from the newest checkpoint if {@code resume} and there is one; else starts again. */
    TrainState begin(boolean resume, Optimizer optimizer, DataLoader loader, RunSettings settings) {
        Optional<Path> from = resume ? directory.flatMap(RunFiles::newest) : Optional.empty();
        if (from.isPresent()) {
            return resume(from.get(), optimizer, loader, settings);
        }
        TrainState state = new TrainState();
        state.run = UUID.randomUUID().toString();
        state.identity = identity;
        state.settings = settings;
        state.trained = TrainedLayers.of(model, optimizer);
        state.frozen = FrozenParts.of(model);
        directory.filter(RunFiles::holdsRun).ifPresent(folder -> {
            // this empty checkpoint replaces the old run's last one: from now on a resume continues the new run
            saveLast(optimizer, state, loader);
            delete(folder.resolve(BEST));
        });
        return state;
    }

    private static boolean holdsRun(Path folder) {
        return Stream.of(LAST, UNVALIDATED, BEST, LOG).anyMatch(name -> Files.exists(folder.resolve(name)));
    }

    private TrainState resume(Path from, Optimizer optimizer, DataLoader loader, RunSettings settings) {
        TrainState state = Checkpoint.load(from, model, optimizer, loader, identity, settings, callbacks);
        state.settings = settings;
        Path best = last().resolveSibling(BEST);
        if (state.bestEpoch.isPresent()) {
            checkBest(from, best, state);
        } else if (Files.exists(best) && facts(best).containsKey("run")) {
            delete(best); // a file of an older run, whose successor was killed before it could delete the file
        }
        lastIsOurs = true;
        // the run may have been killed between its checkpoint and the log
        EpochRows.writeCsv(last().resolveSibling(LOG), state.history);
        return state;
    }

    private static void checkBest(Path from, Path best, TrainState state) {
        int epoch = state.bestEpoch.getAsInt();
        if (!Files.exists(best)) {
            throw new TrainingException("resume: " + from + " says that epoch " + epoch + " was the best, but " + best
                    + " is missing. Hint: put it back, or start again without resume.");
        }
        Map<String, Object> made = facts(best);
        // Killed after this epoch's weights were saved and before its checkpoint was: the epoch is validated again,
        // with the same outcome.
        boolean fits = made.get("epoch") instanceof Integer kept && (kept == epoch || kept == state.epoch);
        if (!state.run.isEmpty() && !(fits && state.run.equals(made.get("run")))) {
            throw new TrainingException("resume: " + best + " does not hold the weights of epoch " + epoch
                    + " of the run in " + from + ". Hint: put the run's own file back, or start again without resume.");
        }
    }

    private static Map<String, Object> facts(Path best) {
        try {
            return JSON.std.mapFrom(Safetensors.metadata(best).getOrDefault(BEST_KEY, "{}"));
        } catch (IOException e) {
            return Map.of();
        }
    }

    /** Saves after an epoch, or within one. */
    void saveLast(Optimizer optimizer, TrainState state, DataLoader loader) {
        directory.ifPresent(folder -> {
            Checkpoint.save(last(), model, optimizer, state, loader, callbacks);
            lastIsOurs = true;
            delete(unvalidated(folder));
            EpochRows.writeCsv(folder.resolve(LOG), state.history);
        });
    }

    /**
     * Saves after an epoch's training, before its validation. It uses a separate file: if the validation shows that the
     * weights are useless, the previous checkpoint is still there.
     */
    void saveUnvalidated(Optimizer optimizer, TrainState state, DataLoader loader) {
        directory.ifPresent(folder -> Checkpoint.save(unvalidated(folder), model, optimizer, state, loader, callbacks));
    }

    /** Deletes what {@link #saveUnvalidated} wrote. */
    void dropUnvalidated() {
        directory.ifPresent(folder -> delete(unvalidated(folder)));
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new TrainingException(
                    "training: " + file + " is no longer valid and cannot be deleted (" + e
                            + "). Hint: delete it, then start again.",
                    e);
        }
    }

    void saveBest(TrainState state) {
        try (StateDict live = model.stateDict()) {
            if (directory.isPresent()) {
                Map<String, Object> made = new LinkedHashMap<>();
                made.put("run", state.run);
                made.put("epoch", state.epoch);
                Safetensors.save(live, directory.get().resolve(BEST), Map.of(BEST_KEY, JSON.std.asString(made)));
            } else {
                StateDict copy = live.copy();
                bestInMemory.ifPresent(StateDict::close);
                bestInMemory = Optional.of(copy);
            }
        } catch (IOException e) {
            throw new TrainingException("training: the best epoch's number cannot be written as JSON", e);
        }
    }

    void restoreBest(TrainState state) {
        if (bestInMemory.isPresent()) {
            model.load(bestInMemory.get());
            return;
        }
        Path file = directory.orElseThrow().resolve(BEST);
        Map<String, Object> made = facts(file);
        if (!state.run.isEmpty()
                && !(state.run.equals(made.get("run"))
                        && Integer.valueOf(state.bestEpoch.getAsInt()).equals(made.get("epoch")))) {
            throw new TrainingException(
                    "training: " + file + " does not hold the weights of epoch " + state.bestEpoch.getAsInt()
                            + ", the best one; the model keeps the last epoch's. Hint: a run that was killed was resumed with other settings; start again.");
        }
        try (StateDict best = Safetensors.load(file)) {
            model.load(best);
        } catch (WeightFileException e) {
            throw new TrainingException(
                    "training: the best weights cannot be read back; the model keeps the last epoch's. "
                            + e.getMessage(),
                    e);
        }
    }

    String whatIsKept() {
        return lastIsOurs && Files.exists(last())
                ? "the last good checkpoint is " + last()
                : "no checkpoint was written";
    }

    @Override
    public void close() {
        bestInMemory.ifPresent(StateDict::close);
        bestInMemory = Optional.empty();
        lock.ifPresent(FolderLock::close);
    }
}
