package dev.graft.nn.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/** The callbacks of a training, and their states by name. */
final class Callbacks {
    private final List<TrainerCallback> callbacks;

    Callbacks(List<TrainerCallback> callbacks) {
        this.callbacks = List.copyOf(callbacks);
    }

    void each(Consumer<TrainerCallback> call) {
        callbacks.forEach(call);
    }

    /** A second callback of one name is called {@code name 2}. */
    private Map<String, TrainerCallback> named() {
        Map<String, TrainerCallback> named = new LinkedHashMap<>();
        for (TrainerCallback callback : callbacks) {
            String name = callback.name();
            for (int n = 2; named.containsKey(name); n++) {
                name = callback.name() + " " + n;
            }
            named.put(name, callback);
        }
        return named;
    }

    /** Those that are not empty. */
    Map<String, String> states() {
        Map<String, String> states = new LinkedHashMap<>();
        named().forEach((name, callback) -> {
            String state = callback.state();
            if (!state.isEmpty()) {
                states.put(name, state);
            }
        });
        return states;
    }

    /** @throws TrainingException if a callback with a state is missing, or refuses it */
    void restore(Map<String, String> states) {
        Map<String, TrainerCallback> named = named();
        List<String> missing = new ArrayList<>(states.keySet());
        missing.removeAll(named.keySet());
        if (!missing.isEmpty()) {
            throw new TrainingException("resume: the checkpoint has the state of a callback that this training lacks: "
                    + String.join(", ", missing) + ". Hint: add the callbacks of that run, in the same order.");
        }
        states.forEach((name, state) -> {
            try {
                Objects.requireNonNull(named.get(name)).restore(state);
            } catch (RuntimeException e) {
                throw new TrainingException(
                        "resume: the callback " + name + " refuses its state (" + e.getMessage()
                                + "). Hint: add the callbacks of that run, in the same order.",
                        e);
            }
        });
    }

    /** For the settings of a run; empty if there is none. */
    String describe() {
        return callbacks.isEmpty() ? "" : ", " + named().keySet();
    }
}
