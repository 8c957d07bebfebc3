package dev.graft.nn;

import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The fields of one module class that may hold a part of it, superclass first, in declaration order. Fields of types
 * that cannot, such as numbers, text and tensors, are left out once and for all.
 */
final class MemberFields {
    private static final ClassValue<MemberFields> OF_CLASS = new ClassValue<>() {
        @Override
        protected MemberFields computeValue(Class<?> type) {
            return new MemberFields(type);
        }
    };
    /**
     * The names that Java's and Kotlin's compilers give to a variable that an anonymous or local class uses: val$fc,
     * $fc, fc$1.
     */
    private static final Pattern CAPTURED = Pattern.compile("(?:val\\$|\\$)?(.+?)(?:\\$\\d+)?");

    private static final Set<Class<?>> WITHOUT_PARTS = Set.of(
            String.class,
            Boolean.class,
            Character.class,
            Byte.class,
            Short.class,
            Integer.class,
            Long.class,
            Float.class,
            Double.class,
            Class.class,
            Tensor.class,
            Shape.class,
            DType.class,
            Device.class);

    private final List<Slot> slots = new ArrayList<>();

    /** A field, the name of what it holds, and whether it is a captured variable rather than a declared field. */
    record Slot(Field field, String name, boolean captured) {

        Object read(Module module) {
            try {
                return field.get(module);
            } catch (IllegalAccessException e) {
                throw unreadable(module.getClass(), field, e);
            }
        }
    }

    private MemberFields(Class<?> module) {
        for (Class<?> type : hierarchy(module)) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())
                        && !isEnclosing(field)
                        && mayHold(field.getGenericType(), new ArrayDeque<>())) {
                    makeReadable(module, field);
                    slots.add(new Slot(field, nameOf(field), field.isSynthetic()));
                }
            }
        }
    }

    static List<Slot> of(Module module) {
        return OF_CLASS.get(module.getClass()).slots;
    }

    private static Iterable<Class<?>> hierarchy(Class<?> module) {
        Deque<Class<?>> types = new ArrayDeque<>();
        for (Class<?> type = module; type != Module.class && type != Container.class; type = type.getSuperclass()) {
            types.push(type);
        }
        return types;
    }

    /**
     * The enclosing object of an inner class's instance is not a part of it, though its layers can be used;
     * {@link CallContext} checks that.
     */
    private static boolean isEnclosing(Field field) {
        return field.isSynthetic() && field.getName().startsWith("this$");
    }

    private static String nameOf(Field field) {
        StateKey key = field.getAnnotation(StateKey.class);
        if (key != null) {
            checkName(field.getDeclaringClass().getSimpleName() + "." + field.getName(), key.value());
            return key.value();
        }
        Matcher captured = CAPTURED.matcher(field.getName());
        return field.isSynthetic() && captured.matches() ? captured.group(1) : field.getName();
    }

    /** A dot separates the names of a path. */
    static void checkName(String where, String name) {
        if (name.isEmpty() || name.indexOf('.') >= 0) {
            throw new IllegalArgumentException(
                    where + ": the name '" + name + "' of a layer or tensor must not be empty or contain a dot."
                            + " Hint: nest a Sequential for a dotted path.");
        }
    }

    private static void makeReadable(Class<?> module, Field field) {
        try {
            field.setAccessible(true);
        } catch (InaccessibleObjectException e) {
            throw unreadable(module, field, e);
        }
    }

    private static IllegalStateException unreadable(Class<?> module, Field field, Exception cause) {
        return new IllegalStateException(
                module.getName() + ": field '" + field.getName() + "' cannot be read. Hint: add `opens "
                        + module.getPackageName() + " to dev.graft.nn;` to module-info.java of "
                        + module.getModule().getName() + ".",
                cause);
    }

    /**
     * Whether a value of a declared type can be a module, parameter or buffer, or an object in which
     * {@link HiddenParts} looks for one.
     */
    private static boolean mayHold(Type type, Deque<Class<?>> within) {
        if (type instanceof ParameterizedType generic) {
            Class<?> raw = (Class<?>) generic.getRawType();
            if (raw.getName().startsWith("java.") && isHolder(raw)) {
                for (Type argument : generic.getActualTypeArguments()) {
                    if (mayHold(argument, within)) {
                        return true;
                    }
                }
                return false;
            }
            return mayHold(raw, within);
        }
        if (type instanceof GenericArrayType array) {
            return mayHold(array.getGenericComponentType(), within);
        }
        if (!(type instanceof Class<?> plain)) {
            return true;
        }
        if (plain.isArray()) {
            return mayHold(plain.getComponentType(), within);
        }
        if (plain.isPrimitive() || plain.isEnum() || WITHOUT_PARTS.contains(plain)) {
            return false;
        }
        if (plain.isRecord()) {
            return recordMayHold(plain, within);
        }
        return !Modifier.isFinal(plain.getModifiers()) || isPart(plain) || isHolder(plain);
    }

    private static boolean recordMayHold(Class<?> type, Deque<Class<?>> within) {
        if (within.contains(type)) {
            return false;
        }
        within.push(type);
        try {
            for (RecordComponent component : type.getRecordComponents()) {
                if (mayHold(component.getGenericType(), within)) {
                    return true;
                }
            }
            return false;
        } finally {
            within.pop();
        }
    }

    private static boolean isPart(Class<?> type) {
        return Module.class.isAssignableFrom(type)
                || Parameter.class.isAssignableFrom(type)
                || type == NamedParameters.class
                || Buffer.class.isAssignableFrom(type);
    }

    private static boolean isHolder(Class<?> type) {
        return Collection.class.isAssignableFrom(type)
                || Map.class.isAssignableFrom(type)
                || Map.Entry.class.isAssignableFrom(type)
                || type == Optional.class;
    }
}
