package dev.graft.nn.train;

import dev.graft.nn.Freezing;
import dev.graft.nn.Module;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What of a model is frozen.
 *
 * @param modules the frozen ones, by name
 * @param parameters the names of the frozen ones
 */
record FrozenParts(Map<String, Freezing> modules, List<String> parameters) {

    static FrozenParts of(Module model) {
        Map<String, Freezing> modules = new LinkedHashMap<>();
        model.namedModules().forEach((name, module) -> {
            if (module.freezing() != Freezing.NONE) {
                modules.put(name, module.freezing());
            }
        });
        List<String> parameters = new ArrayList<>();
        model.namedParameters().forEach((name, parameter) -> {
            if (parameter.isFrozen()) {
                parameters.add(name);
            }
        });
        return new FrozenParts(modules, parameters);
    }

    /** Freezes and unfreezes the parts of a model of the same structure. */
    void apply(Module model) {
        // parents first, and their children after them: freezing a module freezes what is below it
        model.namedModules().forEach((name, module) -> module.freeze(modules.getOrDefault(name, Freezing.NONE)));
        HashSet<String> frozen = new HashSet<>(parameters);
        model.namedParameters().forEach((name, parameter) -> {
            if (parameter.isFrozen() != frozen.contains(name)) {
                parameter.freeze(frozen.contains(name));
            }
        });
    }

    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        Map<String, String> names = new LinkedHashMap<>();
        modules.forEach((name, how) -> names.put(name, how.name()));
        map.put("modules", names);
        map.put("parameters", parameters);
        return map;
    }

    /** @throws ClassCastException if it was damaged */
    static FrozenParts fromMap(Map<?, ?> map) {
        if (!(map.get("modules") instanceof Map<?, ?> saved) || !(map.get("parameters") instanceof List<?> names)) {
            throw new ClassCastException("what is frozen is no map");
        }
        Map<String, Freezing> modules = new LinkedHashMap<>();
        saved.forEach((name, how) -> modules.put((String) name, kind((String) how)));
        return new FrozenParts(modules, names.stream().map(String.class::cast).toList());
    }

    private static Freezing kind(String name) {
        for (Freezing how : Freezing.values()) {
            if (how.name().equals(name)) {
                return how;
            }
        }
        throw new ClassCastException("no freezing " + name);
    }
}
