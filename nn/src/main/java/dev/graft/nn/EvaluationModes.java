package dev.graft.nn;

import java.util.IdentityHashMap;
import java.util.Objects;

/**
 * The modes of a network's modules as one thread sees them while it evaluates the network. At first, all are in
 * evaluation mode.
 */
final class EvaluationModes {
    private final Module root;
    /** Null for a module outside the network: which is searched for only once. */
    private final IdentityHashMap<Module, Boolean> training = new IdentityHashMap<>();

    EvaluationModes(Module root) {
        this.root = root;
        root.modules().forEach(module -> training.put(module, false));
    }

    /** Also true for a layer that the network has made since, in its first call. */
    boolean holds(Module module) {
        if (!training.containsKey(module)) {
            training.put(module, root.owns(module) ? Boolean.FALSE : null);
        }
        return training.get(module) != null;
    }

    boolean get(Module module) {
        return Objects.requireNonNull(training.get(module));
    }

    void set(Module module, boolean mode) {
        training.put(module, mode);
    }
}
