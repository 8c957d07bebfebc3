package dev.graft.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Parameters whose names depend on a module's settings, such as {@code weight_ih_l0}, {@code weight_ih_l1}. A module
 * that holds this in a field has them as its own, under these names; the field's name is no part of them.
 */
public final class NamedParameters {
    private final Map<String, Parameter> parameters;

    /** In the map's order: use a {@link LinkedHashMap}. */
    public NamedParameters(Map<String, Parameter> parameters) {
        parameters.keySet().forEach(name -> MemberFields.checkName("NamedParameters", name));
        this.parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /**
     * The parameter of a name.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public Parameter get(String name) {
        Parameter parameter = parameters.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("there is no parameter " + name + " among " + parameters.keySet() + ".");
        }
        return parameter;
    }

    Map<String, Parameter> all() {
        return parameters;
    }
}
