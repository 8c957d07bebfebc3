package dev.graft.nn.run;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import java.util.LinkedHashMap;
import java.util.Map;

/** The frozen parameters of a network, of which stored features are a function, and how often each had been changed. */
final class FrozenMark {
    private final Map<String, Parameter> parameters = new LinkedHashMap<>();
    private final int[] versions;

    private FrozenMark(Map<String, Parameter> all) {
        all.forEach((name, parameter) -> {
            if (parameter.isFrozen()) {
                parameters.put(name, parameter);
            }
        });
        versions = parameters.values().stream().mapToInt(FrozenMark::version).toArray();
    }

    static FrozenMark of(Module model) {
        return new FrozenMark(model.namedParameters());
    }

    static FrozenMark ofNothing() {
        return new FrozenMark(Map.of());
    }

    private static int version(Parameter parameter) {
        return parameter.value().version();
    }

    /** Cheap: it is called for each example. A closed network changes no more. */
    void check() {
        int i = 0;
        for (Map.Entry<String, Parameter> entry : parameters.entrySet()) {
            Parameter parameter = entry.getValue();
            if (!parameter.isFrozen()) {
                throw stale(entry.getKey() + " was unfrozen");
            }
            if (!parameter.isClosed() && version(parameter) != versions[i]) {
                throw stale(entry.getKey() + " was changed");
            }
            i++;
        }
    }

    private static IllegalStateException stale(String what) {
        return new IllegalStateException(
                "feature cache: " + what + " after the features were computed, so they are those"
                        + " of another network. Hint: keep the part before the features frozen, or train the whole network on"
                        + " the images.");
    }
}
