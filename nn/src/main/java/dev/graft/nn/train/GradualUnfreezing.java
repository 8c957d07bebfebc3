package dev.graft.nn.train;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Unfreezes parts of a network at the beginning of given epochs (gradual unfreezing).
 *
 * <pre>{@code
 * model.freezeExcept("fc");
 * var adam = new AdamW(ParameterGroup.byDepth(model, depth -> AdamW.lr(1e-3 / Math.pow(10, depth)), "fc", "layer4", "layer3"));
 * Trainer.builder(model, loss, adam).epochs(10)
 *         .callback(GradualUnfreezing.at(3, "layer4").and(5, "layer3"))      // layer4 learns at 1e-4, layer3 at 1e-5
 *         .build().fit(train, validation);
 * }</pre>
 *
 * <p>The optimizer must hold the parameters from the start, although they are frozen:
 * {@link dev.graft.nn.optim.ParameterGroup#byDepth} gives them their learning rates. Until they are unfrozen, it leaves
 * them alone. A resumed training continues with what was unfrozen.
 *
 * @see <a href="https://arxiv.org/abs/1801.06146">Howard and Ruder 2018 (ULMFiT)</a>
 */
public final class GradualUnfreezing implements TrainerCallback {
    /** By epoch, in order. */
    private final Map<Integer, List<String>> parts;

    private GradualUnfreezing(Map<Integer, List<String>> parts) {
        this.parts = parts;
    }

    /**
     * Unfreezes these parts when an epoch begins: modules and all below them, or single parameters.
     *
     * @param paths as for {@link Module#unfreeze(String)}
     */
    public static GradualUnfreezing at(int epoch, String... paths) {
        return new GradualUnfreezing(Map.of()).and(epoch, paths);
    }

    /** Also unfreezes these parts at the beginning of another epoch, or of the same one. */
    public GradualUnfreezing and(int epoch, String... paths) {
        if (epoch < 1) {
            throw new IllegalArgumentException("gradual unfreezing: epochs count from 1, was " + epoch);
        }
        if (paths.length == 0) {
            throw new IllegalArgumentException("gradual unfreezing: no part is named for epoch " + epoch
                    + ". Hint: name modules, such as \"layer4\".");
        }
        Map<Integer, List<String>> more = new TreeMap<>(parts);
        List<String> all = new ArrayList<>(more.getOrDefault(epoch, List.of()));
        all.addAll(List.of(paths));
        more.put(epoch, List.copyOf(all));
        return new GradualUnfreezing(more);
    }

    /**
     * Checks all parts, so that a mistake shows in the first epoch.
     *
     * @throws TrainingException if the optimizer lacks a parameter
     * @throws IllegalArgumentException if there is no such part
     */
    @Override
    public void trainingStarted(Training training) {
        Set<Parameter> stepped = Set.copyOf(training.optimizer().parameters());
        for (Map.Entry<Integer, List<String>> entry : parts.entrySet()) {
            for (String path : entry.getValue()) {
                names(training.model(), path).forEach((name, parameter) -> {
                    if (!stepped.contains(parameter)) {
                        throw new TrainingException(
                                "gradual unfreezing: " + path + " is unfrozen in epoch "
                                        + entry.getKey() + ", but the optimizer lacks " + name
                                        + ". Hint: make the optimizer with ParameterGroup.byDepth, which includes what is frozen.");
                    }
                });
            }
        }
    }

    /** The parameters of a part, by their names in the network. */
    private static Map<String, Parameter> names(Module model, String path) {
        Set<Parameter> own = Set.copyOf(model.parameters(path));
        Map<String, Parameter> names = new LinkedHashMap<>();
        model.namedParameters().forEach((name, parameter) -> {
            if (own.contains(parameter)) {
                names.put(name, parameter);
            }
        });
        return names;
    }

    @Override
    public void epochStarted(Training training) {
        if (training.batch() == 0) {
            parts.getOrDefault(training.epoch(), List.of()).forEach(training.model()::unfreeze);
        }
    }

    /** The epochs and parts; they are a part of a run's settings. */
    @Override
    public String name() {
        return "GradualUnfreezing" + parts;
    }

    @Override
    public String toString() {
        return name();
    }
}
