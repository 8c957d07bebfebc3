package dev.graft.nn.optim;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

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
     * Whether a parameter is a bias, or the scale or shift of a norm: what has at most one dimension, or a name that
     * ends in {@code bias}. This is timm's rule for what does not decay.
     */
    public static boolean isBiasOrNorm(String name, Parameter parameter) {
        return parameter.shape().rank() <= 1 || name.equals("bias") || name.endsWith(".bias");
    }
}
