package dev.graft.nn.optim;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.IntFunction;

/**
 * Parameters that share an optimizer's options, such as a backbone that learns more slowly than its head.
 *
 * <p>Weight decay is usually for weights alone, not for biases and the scales of norms:
 *
 * <pre>{@code
 * new AdamW(ParameterGroup.of(model, (name, parameter) ->
 *         ParameterGroup.isBiasOrNorm(name, parameter) ? AdamW.lr(1e-3).weightDecay(0) : AdamW.lr(1e-3).weightDecay(0.05)))
 * }</pre>
 *
 * @param <O> the optimizer's options
 */
public record ParameterGroup<O>(List<Parameter> parameters, O options) {

    public ParameterGroup {
        parameters = List.copyOf(parameters);
    }

    /**
     * The parameters of a network that are not frozen, grouped by the options that a rule gives each. Groups come in
     * the order of their first parameter.
     *
     * @param rule the options of a parameter, from its name, such as {@code layer4.1.conv2.weight}; equal options share
     *     a group
     */
    public static <O> List<ParameterGroup<O>> of(Module model, BiFunction<String, Parameter, O> rule) {
        Map<O, List<Parameter>> members = new LinkedHashMap<>();
        model.namedParameters().forEach((name, parameter) -> {
            if (!parameter.isFrozen()) {
                members.computeIfAbsent(rule.apply(name, parameter), options -> new ArrayList<>())
                        .add(parameter);
            }
        });
        return members.entrySet().stream()
                .map(group -> new ParameterGroup<>(group.getValue(), group.getKey()))
                .toList();
    }

    /**
     * All parameters of a network, the frozen ones too, grouped by depth: the first named part has depth 0, the next
     * one depth 1, and so on; what no name covers comes last. This is for learning rates that fall with the distance
     * from the head, and for parts that are unfrozen during the training.
     *
     * <pre>
     * {@code ParameterGroup.byDepth(model, depth -> Sgd.lr(0.01 / Math.pow(2.6, depth)), "fc", "layer4", "layer3")}
     * </pre>
     *
     * @param options the options of each depth
     * @param fromHead paths of modules or names of parameters, the head first; a parameter under several belongs to the
     *     first
     * @throws IllegalArgumentException if there is no such part, or one has no parameter of its own
     */
    public static <O> List<ParameterGroup<O>> byDepth(Module model, IntFunction<O> options, String... fromHead) {
        Set<Parameter> left = new LinkedHashSet<>(model.parameters());
        List<ParameterGroup<O>> groups = new ArrayList<>();
        for (String path : fromHead) {
            Set<Parameter> own = Set.copyOf(model.parameters(path));
            List<Parameter> group = left.stream().filter(own::contains).toList();
            if (group.isEmpty()) {
                throw new IllegalArgumentException("parameter groups: '" + path
                        + "' has no parameter that is not in a group before it. Hint: name each part once, the head"
                        + " first.");
            }
            left.removeAll(own);
            groups.add(new ParameterGroup<>(group, options.apply(groups.size())));
        }
        if (!left.isEmpty()) {
            groups.add(new ParameterGroup<>(List.copyOf(left), options.apply(groups.size())));
        }
        return groups;
    }

    /**
     * Whether a parameter is a bias, or the scale or shift of a norm: what has at most one dimension, or a name that
     * ends in {@code bias}. This is timm's rule for what does not decay.
     */
    public static boolean isBiasOrNorm(String name, Parameter parameter) {
        return parameter.shape().rank() <= 1 || name.equals("bias") || name.endsWith(".bias");
    }
}
