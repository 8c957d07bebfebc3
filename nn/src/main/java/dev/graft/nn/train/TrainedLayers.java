package dev.graft.nn.train;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.optim.Optimizer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Which parameters a run trains, described by their layers. */
final class TrainedLayers {
    private static final int LISTED = 6;

    private TrainedLayers() {}

    /** The names of the parameters that an optimizer steps and that are not frozen, in the model's order. */
    static List<String> of(Module model, Optimizer optimizer) {
        Set<Parameter> stepped = Set.copyOf(optimizer.parameters());
        return model.namedParameters().entrySet().stream()
                .filter(entry -> !entry.getValue().isFrozen() && stepped.contains(entry.getValue()))
                .map(java.util.Map.Entry::getKey)
                .toList();
    }

    /**
     * What the two runs train differently; empty if they train the same.
     *
     * @param all the model's parameters
     */
    static String difference(Collection<String> all, Collection<String> then, Collection<String> now) {
        List<String> parts = new ArrayList<>();
        add(parts, layers(all, name -> !then.contains(name) && now.contains(name)), "frozen then, trained now");
        add(parts, layers(all, name -> then.contains(name) && !now.contains(name)), "trained then, frozen now");
        return String.join("; ", parts);
    }

    private static void add(List<String> parts, List<String> layers, String what) {
        if (!layers.isEmpty()) {
            parts.add(what + ": " + String.join(", ", layers.subList(0, Math.min(LISTED, layers.size())))
                    + (layers.size() > LISTED ? " and " + (layers.size() - LISTED) + " more" : ""));
        }
    }

    /** The largest layers whose parameters are all included, and the remaining single parameters. */
    private static List<String> layers(Collection<String> all, Predicate<String> meant) {
        Set<String> layers = new LinkedHashSet<>();
        for (String name : all) {
            if (meant.test(name)) {
                layers.add(largest(all, meant, name));
            }
        }
        return List.copyOf(layers);
    }

    private static String largest(Collection<String> all, Predicate<String> meant, String name) {
        for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
            String layer = name.substring(0, dot);
            if (all.stream().filter(other -> other.startsWith(layer + ".")).allMatch(meant)) {
                return layer;
            }
        }
        return name;
    }
}
