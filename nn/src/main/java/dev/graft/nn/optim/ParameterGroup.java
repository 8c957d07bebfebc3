package dev.graft.nn.optim;

import dev.graft.nn.Parameter;
import java.util.List;

/**
 * Parameters that share an optimizer's options, such as a backbone that learns more slowly than its head.
 *
 * @param <O> the optimizer's options
 */
public record ParameterGroup<O>(List<Parameter> parameters, O options) {

    public ParameterGroup {
        parameters = List.copyOf(parameters);
    }
}
