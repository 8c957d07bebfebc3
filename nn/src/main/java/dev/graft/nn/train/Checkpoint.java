package dev.graft.nn.train;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.file.WeightFileException;
import dev.graft.nn.Module;
import dev.graft.nn.Stochastic;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A run's whole state in one safetensors file, so that it appears completely or not at all: tensors under
 * {@code model.} and {@code optimizer.}, everything else as JSON in the header.
 */
final class Checkpoint {
    private static final String KEY = "graft.training";
    private static final int VERSION = 1;
    static final String MODEL = "model.";
    private static final String OPTIMIZER = "optimizer.";

    private Checkpoint() {}

    static void save(
            Path file, Module model, Optimizer optimizer, TrainState state, DataLoader loader, Callbacks callbacks) {
        try (StateDict all = new StateDict();
                StateDict weights = model.stateDict();
                StateDict moments = optimizer.stateDict()) {
            weights.entries()
                    .forEach(entry ->
                            all.put(MODEL + entry.getKey(), entry.getValue().detach()));
            moments.entries()
                    .forEach(entry ->
                            all.put(OPTIMIZER + entry.getKey(), entry.getValue().detach()));
            Safetensors.save(all, file, Map.of(KEY, JSON.std.asString(toMap(model, state, loader, callbacks))));
        } catch (IOException e) {
            throw new TrainingException("checkpoint " + file + ": its state cannot be written as JSON", e);
        }
    }

    /**
     * Checks a whole checkpoint, then loads it. If it is refused, model and optimizer are unchanged.
     *
     * @param settings those of the run that continues
     * @throws TrainingException if the file is not a checkpoint, is damaged, or belongs to other data or settings
     * @throws IllegalArgumentException if its weights or moments do not fit the model or the optimizer
     */
    static TrainState load(
            Path file,
            Module model,
            Optimizer optimizer,
            DataLoader loader,
            String identity,
            RunSettings settings,
            Callbacks callbacks) {
        Map<String, Object> map = read(file);
        try (StateDict all = Safetensors.load(file);
                StateDict weights = part(all, MODEL);
                StateDict moments = part(all, OPTIMIZER)) {
            checkSameRun(file, map, identity);
            TrainState state = fromMap(map);
            ResumeCheck check = new ResumeCheck(file);
            check.state(state);
            check.data(child(map, "data"), state, loader);
            if (map.get("settings") instanceof Map<?, ?> then) {
                state.changed = check.settings(RunSettings.fromMap(then), settings, state);
            }
            if (map.get("trained") instanceof List<?> then) {
                check.trained(then, model, optimizer);
            }
            Map<Stochastic, long[]> random = check.random(child(map, "random"), model);
            state.trained = TrainedLayers.of(model, optimizer);
            state.frozen = FrozenParts.of(model);
            Optional<FrozenParts> frozen = map.get("frozen") instanceof Map<?, ?> parts
                    ? Optional.of(FrozenParts.fromMap(parts))
                    : Optional.empty();
            optimizer.check(moments);
            callbacks.restore(callbackStates(map));
            model.load(weights);
            optimizer.load(moments);
            random.forEach(Stochastic::restoreRandomState);
            frozen.ifPresent(parts -> parts.apply(model));
            return state;
        } catch (WeightFileException e) {
            throw notWhole(file, e);
        } catch (ClassCastException | NullPointerException | NumberFormatException e) {
            throw damaged(file, e);
        }
    }

    /** Checkpoints written before there were callbacks lack them. */
    private static Map<String, String> callbackStates(Map<?, ?> map) {
        Map<String, String> states = new LinkedHashMap<>();
        if (map.get("callbacks") instanceof Map<?, ?> saved) {
            saved.forEach((name, state) -> states.put((String) name, (String) state));
        }
        return states;
    }

    /** The reader's own advice is for files that came from elsewhere. */
    private static TrainingException notWhole(Path file, WeightFileException e) {
        return new TrainingException(
                "resume: the checkpoint " + file + " cannot be read: " + e.problem()
                        + ". Hint: put a whole copy of it back, or start over without resume.",
                e);
    }

    /** The identity that was given to the run of this checkpoint; empty if none was given. */
    static String identity(Path file) {
        return text(read(file), "identity");
    }

    /**
     * How far a run is.
     *
     * @param epoch that runs or comes next
     * @param batch how many of its batches are done
     */
    record Position(String run, int epoch, int batch) {}

    static Position position(Path file) {
        Map<String, Object> map = read(file);
        try {
            return new Position(
                    text(map, "run"),
                    number(map, "epoch").intValue(),
                    number(map, "batch").intValue());
        } catch (ClassCastException | NullPointerException e) {
            throw damaged(file, e);
        }
    }

    /** Whether a checkpoint belongs to the same run as another one, and is later. */
    static boolean isAhead(Path file, Path other) {
        Map<String, Object> map = read(file);
        Map<String, Object> otherMap = read(other);
        try {
            int epoch = number(map, "epoch").intValue();
            int otherEpoch = number(otherMap, "epoch").intValue();
            boolean later = epoch > otherEpoch
                    || (epoch == otherEpoch
                            && number(map, "batch").intValue()
                                    > number(otherMap, "batch").intValue());
            return later && text(map, "run").equals(text(otherMap, "run"));
        } catch (ClassCastException | NullPointerException e) {
            throw damaged(file, e);
        }
    }

    private static Map<String, Object> read(Path file) {
        String json;
        try {
            json = Safetensors.metadata(file).get(KEY);
        } catch (WeightFileException e) {
            throw notWhole(file, e);
        }
        if (json == null) {
            throw new TrainingException("resume: " + file
                    + " holds weights, but no training to resume. Hint: resume from last.safetensors.");
        }
        try {
            return JSON.std.mapFrom(json);
        } catch (IOException e) {
            throw damaged(file, e);
        }
    }

    private static TrainingException damaged(Path file, Exception e) {
        return new TrainingException(
                "resume: the training state in " + file + " is damaged. Hint: start again without resume.", e);
    }

    /** Checkpoints written before runs had names lack these entries. */
    static String text(Map<?, ?> map, String key) {
        return map.get(key) instanceof String text ? text : "";
    }

    private static StateDict part(StateDict all, String prefix) {
        StateDict part = new StateDict();
        all.entries().forEach(entry -> {
            if (entry.getKey().startsWith(prefix)) {
                part.put(
                        entry.getKey().substring(prefix.length()),
                        entry.getValue().detach());
            }
        });
        return part;
    }

    private static Map<String, Object> toMap(Module model, TrainState state, DataLoader loader, Callbacks callbacks) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("version", VERSION);
        map.put("run", state.run);
        map.put("identity", state.identity);
        map.put("epoch", state.epoch);
        map.put("batch", state.batch);
        map.put("steps", state.steps);
        map.put("lossSum", exact(state.lossSum));
        map.put("lossWeight", exact(state.lossWeight));
        map.put("right", state.right);
        map.put("judged", state.judged);
        map.put("seen", state.seen);
        map.put("seconds", exact(state.seconds));
        map.put("learningRate", exact(state.learningRate));
        map.put("bestEpoch", state.bestEpoch.orElse(0));
        map.put("bestScore", exact(state.bestScore));
        map.put("history", state.history.stream().map(EpochRows::toMap).toList());
        map.put("settings", state.settings.toMap());
        map.put("trained", state.trained);
        FrozenParts frozen = FrozenParts.of(model);
        if (!frozen.equals(state.frozen)) {
            map.put("frozen", frozen.toMap());
        }
        map.put("stopped", state.stopped);
        map.put("callbacks", callbacks.states());
        map.put(
                "data",
                Map.of(
                        "examples",
                        loader.examples(),
                        "batches",
                        loader.batches(),
                        "seed",
                        loader.seed(),
                        "fingerprint",
                        Long.toHexString(loader.fingerprint(state.epoch))));
        Map<String, long[]> random = new LinkedHashMap<>();
        model.namedModules().forEach((name, module) -> {
            if (module instanceof Stochastic stochastic) {
                random.put(name, stochastic.randomState());
            }
        });
        map.put("random", random);
        return map;
    }

    private static TrainState fromMap(Map<String, Object> map) {
        TrainState state = new TrainState();
        state.run = text(map, "run");
        state.identity = text(map, "identity");
        state.epoch = number(map, "epoch").intValue();
        state.batch = number(map, "batch").intValue();
        state.steps = number(map, "steps").longValue();
        state.lossSum = decimal(map, "lossSum");
        state.right = number(map, "right").longValue();
        state.seen = number(map, "seen").longValue();
        // older checkpoints used the number of examples as the weight
        state.lossWeight = map.containsKey("lossWeight") ? decimal(map, "lossWeight") : state.seen;
        state.judged = map.containsKey("judged") ? number(map, "judged").longValue() : state.seen;
        state.seconds = decimal(map, "seconds");
        state.stopped = Boolean.TRUE.equals(map.get("stopped"));
        state.learningRate = map.containsKey("learningRate") ? decimal(map, "learningRate") : Double.NaN;
        int bestEpoch = number(map, "bestEpoch").intValue();
        state.bestEpoch = bestEpoch == 0 ? OptionalInt.empty() : OptionalInt.of(bestEpoch);
        state.bestScore = decimal(map, "bestScore");
        if (Double.isNaN(state.bestScore)) {
            state.bestEpoch = OptionalInt.empty(); // older programs accepted an undefined score as the best
        }
        for (Object row : Objects.requireNonNull((List<?>) map.get("history"))) {
            state.history.add(EpochRows.fromMap((Map<?, ?>) row));
        }
        return state;
    }

    private static void checkSameRun(Path file, Map<String, Object> map, String identity) {
        if (number(map, "version").intValue() != VERSION) {
            throw new TrainingException(
                    "resume: " + file + " has version " + map.get("version") + ", this program reads version " + VERSION
                            + ". Hint: resume with the program that wrote it, or start again.");
        }
        if (!text(map, "identity").equals(identity)) {
            throw new TrainingException("resume: " + file + " is a checkpoint of another run (then '"
                    + text(map, "identity") + "', now '" + identity
                    + "'). Hint: resume with the data and the settings of that run, or start again.");
        }
    }

    private static Map<?, ?> child(Map<?, ?> map, String key) {
        return Objects.requireNonNull((Map<?, ?>) map.get(key), key);
    }

    static Number number(Map<?, ?> map, String key) {
        return Objects.requireNonNull((Number) map.get(key), key);
    }

    /** JSON has no NaN, and readers have their own rules for its numbers; the shortest exact text is safe. */
    static String exact(double value) {
        return Double.toString(value);
    }

    static double decimal(Map<?, ?> map, String key) {
        return Double.parseDouble((String) map.get(key));
    }
}
