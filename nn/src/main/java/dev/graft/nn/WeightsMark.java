package dev.graft.nn;

import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Remembers which values a network's parameters and running statistics had, without copying them, and later says which
 * have changed. This shows whether everything in between was computed from a single state of the network.
 * {@link Module#markWeights()} makes one.
 */
public final class WeightsMark {
    private final Module module;
    private final Map<String, Value> values;

    /** A tensor and how often it had been changed in place. */
    private record Value(Tensor tensor, int version) {

        Value(Tensor tensor) {
            this(tensor, tensor.version());
        }

        boolean isSame(@Nullable Value other) {
            return other != null && tensor == other.tensor && version == other.version;
        }
    }

    WeightsMark(Module module) {
        this.module = module;
        this.values = valuesOf(module);
    }

    private static Map<String, Value> valuesOf(Module root) {
        Map<String, Value> values = new LinkedHashMap<>();
        for (ModuleTree.Visit visit : ModuleTree.walk(root)) {
            visit.members()
                    .parameters()
                    .forEach((name, parameter) ->
                            values.put(ModuleTree.join(visit.path(), name), new Value(parameter.tensor())));
            visit.module()
                    .runningStatistics()
                    .forEach((name, buffer) ->
                            values.put(ModuleTree.join(visit.path(), name), new Value(buffer.tensor())));
        }
        return values;
    }

    /**
     * The names of the parameters and running statistics that have been changed, replaced, moved, added or removed
     * since, by any thread.
     */
    public List<String> changes() {
        Map<String, Value> now = valuesOf(module);
        List<String> changed = new ArrayList<>();
        values.forEach((name, value) -> {
            if (!value.isSame(now.get(name))) {
                changed.add(name);
            }
        });
        now.keySet().stream().filter(name -> !values.containsKey(name)).forEach(changed::add);
        return changed;
    }
}
