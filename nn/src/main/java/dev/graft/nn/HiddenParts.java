package dev.graft.nn;

import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Modules, parameters and buffers inside another object, such as a list, a map, an array or a record. The state dict,
 * the optimizer and a move to another device would silently leave them out.
 */
final class HiddenParts {
    private final List<Object> found = new ArrayList<>();
    private final Set<Object> seen = ModuleTree.identitySet();

    private HiddenParts() {}

    static List<Object> in(Object value) {
        HiddenParts parts = new HiddenParts();
        parts.look(value);
        return parts.found;
    }

    private void look(@Nullable Object value) {
        if (value instanceof Module || value instanceof Parameter || value instanceof Buffer) {
            found.add(value);
        } else if (value != null && isHolder(value) && seen.add(value)) {
            lookInto(value);
        }
    }

    private static boolean isHolder(Object value) {
        return value instanceof Object[]
                || value instanceof Collection<?>
                || value instanceof Map<?, ?>
                || value instanceof Map.Entry<?, ?>
                || value instanceof Optional<?>
                || value instanceof AtomicReference<?>
                || value instanceof Record;
    }

    private void lookInto(Object holder) {
        if (holder instanceof Object[] array) {
            lookAtAll(array);
        } else if (holder instanceof Collection<?> collection) {
            lookAtAll(collection.toArray());
        } else if (holder instanceof Map<?, ?> map) {
            lookAtAll(map.keySet().toArray());
            lookAtAll(map.values().toArray());
        } else if (holder instanceof Map.Entry<?, ?> entry) {
            look(entry.getKey());
            look(entry.getValue());
        } else if (holder instanceof Optional<?> optional) {
            look(optional.orElse(null));
        } else if (holder instanceof AtomicReference<?> reference) {
            look(reference.get());
        } else {
            lookAtFields(holder);
        }
    }

    private void lookAtAll(Object[] values) {
        for (Object value : values) {
            look(value);
        }
    }

    private void lookAtFields(Object holder) {
        for (Field field : holder.getClass().getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) || field.getType().isPrimitive()) {
                continue;
            }
            try {
                field.setAccessible(true);
                look(field.get(holder));
            } catch (InaccessibleObjectException | IllegalAccessException e) {
                // A record in a module that is not open to this one: its parts are refused when a formula uses them.
                return;
            }
        }
    }
}
