package dev.graft.nn.train;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.WeightFileException;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where a run keeps its checkpoints: a folder, or the memory for the best weights alone. */
final class RunFiles implements AutoCloseable {
    private static final String LAST = "last.safetensors";
    private static final String BEST = "best.safetensors";

    private final Optional<Path> directory;
    private final Module model;
    private Optional<StateDict> bestInMemory = Optional.empty();
    private boolean lastIsOurs;

    private RunFiles(Optional<Path> directory, Module model) {
        this.directory = directory;
        this.model = model;
    }

    /** @throws TrainingException where the folder cannot be written: better now than after an epoch */
    static RunFiles open(Optional<Path> directory, Module model) {
        directory.ifPresent(folder -> {
            try {
                Files.createDirectories(folder);
                Files.delete(Files.createTempFile(folder, "graft", ".part"));
            } catch (IOException e) {
                throw new TrainingException("training: the folder " + folder.toAbsolutePath() + " cannot be written (" + e
                        + "). Hint: choose another one, or mend its permissions.", e);
            }
        });
        return new RunFiles(directory, model);
    }

    Path last() {
        return directory.orElseThrow().resolve(LAST);
    }

    boolean hasLast() {
        return directory.isPresent() && Files.exists(last());
    }

    /** Goes on from the last checkpoint. */
    TrainState resume(Optimizer optimizer, DataLoader loader) {
        TrainState state = Checkpoint.load(last(), model, optimizer, loader);
        Path best = last().resolveSibling(BEST);
        if (state.bestEpoch.isPresent() && !Files.exists(best)) {
            throw new TrainingException("resume: " + last() + " says that epoch " + state.bestEpoch.getAsInt() + " was the best, but "
                    + best + " is missing. Hint: put it back, or start anew without resume.");
        }
        lastIsOurs = true;
        return state;
    }

    void saveLast(Optimizer optimizer, TrainState state, DataLoader loader) {
        directory.ifPresent(folder -> {
            Checkpoint.save(last(), model, optimizer, state, loader);
            lastIsOurs = true;
            EpochRows.writeCsv(folder.resolve("log.csv"), state.history);
        });
    }

    void saveBest() {
        try (StateDict live = model.stateDict()) {
            if (directory.isPresent()) {
                Safetensors.save(live, directory.get().resolve(BEST));
            } else {
                StateDict copy = new StateDict();
                live.entries().forEach(entry -> copy.put(entry.getKey(), entry.getValue().copy()));
                close();
                bestInMemory = Optional.of(copy);
            }
        }
    }

    void restoreBest() {
        if (bestInMemory.isPresent()) {
            model.load(bestInMemory.get());
            return;
        }
        Path file = directory.orElseThrow().resolve(BEST);
        try (StateDict best = Safetensors.load(file)) {
            model.load(best);
        } catch (WeightFileException e) {
            throw new TrainingException("training: the best weights cannot be read back; the model keeps the last epoch's. "
                    + e.getMessage(), e);
        }
    }

    String whatIsKept() {
        return lastIsOurs ? "the last good checkpoint is " + last() : "no checkpoint was written";
    }

    @Override
    public void close() {
        bestInMemory.ifPresent(StateDict::close);
        bestInMemory = Optional.empty();
    }
}
