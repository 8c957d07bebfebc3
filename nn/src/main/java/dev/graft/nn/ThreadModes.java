package dev.graft.nn;

import java.util.IdentityHashMap;
import java.util.Objects;

/**
 * The modes of a network's modules as one thread sees them while it evaluates the network, or trains it beside other
 * threads' modes. At first, all have one mode.
 */
final class ThreadModes {
    private final Module root;
    private final boolean first;
    /** Null for a module outside the network: which is searched for only once. */
    private final IdentityHashMap<Module, Boolean> training = new IdentityHashMap<>();

    ThreadModes(Module root, boolean first) {
        this.root = root;
        this.first = first;
        root.modules().forEach(module -> training.put(module, first));
    }

    /** Also true for a layer that the network has made since, in its first call. */
    boolean holds(Module module) {
        if (!training.containsKey(module)) {
            training.put(module, root.owns(module) ? first : null);
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
