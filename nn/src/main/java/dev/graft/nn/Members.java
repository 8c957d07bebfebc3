package dev.graft.nn;

import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a module's fields hold, by state-dict name: superclass first, in declaration order. A null field is absent, as for a
 * residual block without a down-sampling branch.
 */
record Members(Map<String, Parameter> parameters, Map<String, Buffer> buffers, Map<String, Module> children) {

    static Members of(Module module) {
        Members members = new Members(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
        if (module instanceof Container container) {
            members.children.putAll(container.elements());
        }
        for (Class<?> type : hierarchy(module)) {
            for (Field field : type.getDeclaredFields()) {
                members.add(module, field);
            }
        }
        return members;
    }

    /** The field behind a child's name; empty where no field has it. */
    static Optional<Field> field(Module module, String name) {
        for (Class<?> type : hierarchy(module)) {
            for (Field field : type.getDeclaredFields()) {
                if (isMember(field) && Module.class.isAssignableFrom(field.getType()) && nameOf(field).equals(name)) {
                    return Optional.of(field);
                }
            }
        }
        return Optional.empty();
    }

    private static Iterable<Class<?>> hierarchy(Module module) {
        Deque<Class<?>> types = new ArrayDeque<>();
        for (Class<?> type = module.getClass(); type != Module.class && type != Container.class; type = type.getSuperclass()) {
            types.push(type);
        }
        return types;
    }

    private static boolean isMember(Field field) {
        return !Modifier.isStatic(field.getModifiers()) && !field.isSynthetic();
    }

    private static String nameOf(Field field) {
        Key key = field.getAnnotation(Key.class);
        return key == null ? field.getName() : key.value();
    }

    private void add(Module module, Field field) {
        if (!isMember(field)) {
            return;
        }
        Class<?> type = field.getType();
        if (Module.class.isAssignableFrom(type)) {
            put(children, module, field, Module.class);
        } else if (Parameter.class.isAssignableFrom(type)) {
            put(parameters, module, field, Parameter.class);
        } else if (Buffer.class.isAssignableFrom(type)) {
            put(buffers, module, field, Buffer.class);
        } else {
            refuseHiddenMembers(module, field);
        }
    }

    private <T> void put(Map<String, T> members, Module module, Field field, Class<T> type) {
        T value = type.cast(read(module, field));
        if (value == null) {
            return;
        }
        String name = nameOf(field);
        if (parameters.containsKey(name) || buffers.containsKey(name) || children.containsKey(name)) {
            throw new IllegalStateException(module.getClass().getSimpleName() + ": two members are called '" + name
                    + "'. Hint: rename a field, or give it another @Key.");
        }
        members.put(name, value);
    }

    static Object read(Module module, Field field) {
        try {
            field.setAccessible(true);
            return field.get(module);
        } catch (InaccessibleObjectException | IllegalAccessException e) {
            String home = module.getClass().getPackageName();
            throw new IllegalStateException(module.getClass().getName() + ": field '" + field.getName()
                    + "' cannot be read. Hint: add `opens " + home + " to dev.graft.nn;` to module-info.java of "
                    + module.getClass().getModule().getName() + ".", e);
        }
    }

    /** A list of layers would be left out of the state dict, the optimizer and the device move without a word. */
    private static void refuseHiddenMembers(Module module, Field field) {
        Class<?> type = field.getType();
        if (type.isPrimitive() || !field.trySetAccessible()) {
            return;
        }
        Object value = read(module, field);
        Object first = null;
        if (value instanceof Map<?, ?> map) {
            first = map.values().stream().findFirst().orElse(null);
        } else if (value instanceof java.util.Collection<?> collection) {
            first = collection.stream().findFirst().orElse(null);
        } else if (value instanceof Object[] array) {
            first = array.length == 0 ? null : array[0];
        } else if (value instanceof Optional<?> optional) {
            first = optional.orElse(null);
        }
        if (first instanceof Module || first instanceof Parameter || first instanceof Buffer) {
            throw new IllegalStateException(module.getClass().getSimpleName() + ": field '" + field.getName() + "' of type "
                    + type.getSimpleName() + " hides a " + first.getClass().getSimpleName()
                    + " from the state dict. Hint: hold layers in a ModuleList or Sequential, and leave an absent one null.");
        }
    }
}
