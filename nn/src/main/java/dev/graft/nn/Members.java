package dev.graft.nn;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a module's fields hold, by state-dict name: superclass first, in declaration order. The value of a field counts,
 * not its type. A null field is absent, as in a residual block without a down-sampling branch. A variable that an
 * anonymous or local class uses is a field of that class.
 */
record Members(
        Map<String, Parameter> parameters,
        Map<String, Buffer> buffers,
        Map<String, Module> children,
        List<Hidden> hidden) {

    /** A part inside another object that a field holds. */
    record Hidden(Module module, Field field, Object part) {

        IllegalStateException refusal() {
            String fix = part instanceof Module
                    ? "hold layers in a ModuleList or Sequential, and leave an absent one null"
                    : "hold each " + part.getClass().getSimpleName()
                            + " in a separate field, and leave an absent one null";
            return new IllegalStateException(nameOf(module.getClass()) + ": field '" + field.getName() + "' of type "
                    + field.getType().getSimpleName() + " hides a " + nameOf(part.getClass())
                    + " from the state dict. Hint: " + fix + ".");
        }
    }

    static Members of(Module module) {
        Members members =
                new Members(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>(), new ArrayList<>(0));
        if (module instanceof Container container) {
            members.children.putAll(container.elements());
        }
        for (MemberFields.Slot slot : MemberFields.of(module)) {
            members.add(module, slot);
        }
        return members;
    }

    /** The field with a child's name; empty if no field has it. */
    static Optional<MemberFields.Slot> field(Module module, String name) {
        return MemberFields.of(module).stream()
                .filter(slot -> slot.name().equals(name) && slot.read(module) instanceof Module)
                .findFirst();
    }

    /** A class's name for messages; for an anonymous class, that of its superclass. */
    static String nameOf(Class<?> type) {
        return type.isAnonymousClass() ? "anonymous " + type.getSuperclass().getSimpleName() : type.getSimpleName();
    }

    /** Whether there are parameters, buffers or layers. */
    boolean isEmpty() {
        return parameters.isEmpty() && buffers.isEmpty() && children.isEmpty();
    }

    private void add(Module module, MemberFields.Slot slot) {
        Object value = slot.read(module);
        if (value instanceof Module child) {
            put(children, module, slot.name(), child);
        } else if (value instanceof Parameter parameter) {
            put(parameters, module, slot.name(), parameter);
        } else if (value instanceof NamedParameters named) {
            named.all().forEach((name, parameter) -> put(parameters, module, name, parameter));
        } else if (value instanceof Buffer buffer) {
            put(buffers, module, slot.name(), buffer);
        } else if (value != null) {
            HiddenParts.in(value).forEach(part -> hidden.add(new Hidden(module, slot.field(), part)));
        }
    }

    private <T> void put(Map<String, T> members, Module module, String name, T value) {
        if (parameters.containsKey(name) || buffers.containsKey(name) || children.containsKey(name)) {
            throw new IllegalStateException(nameOf(module.getClass()) + ": two members are called '" + name
                    + "'. Hint: rename a field, or give it another @StateKey.");
        }
        members.put(name, value);
    }
}
