package dev.graft.nn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A module whose children are elements, named by their index or by given names, instead of fields. */
public abstract class Container extends Module {
    private final LinkedHashMap<String, Module> elements = new LinkedHashMap<>();

    protected Container(Map<String, ? extends Module> elements) {
        elements.forEach((name, module) -> {
            MemberFields.checkName(Members.nameOf(getClass()), name);
            this.elements.put(
                    name,
                    Objects.requireNonNull(
                            module, () -> "element '" + name + "' is null. Hint: leave an absent layer out."));
        });
    }

    /** Elements named 0, 1, 2 and so on. */
    protected static Map<String, Module> numbered(List<? extends Module> modules) {
        Map<String, Module> named = new LinkedHashMap<>();
        for (Module module : modules) {
            named.put(Integer.toString(named.size()), module);
        }
        return named;
    }

    final Map<String, Module> elements() {
        return elements;
    }

    /** The number of elements. */
    public final int size() {
        return elements.size();
    }

    /** The element at a position; negative positions count from the end. */
    public final Module get(int index) {
        int i = index < 0 ? index + elements.size() : index;
        if (i < 0 || i >= elements.size()) {
            throw new IllegalArgumentException(
                    getClass().getSimpleName() + ": no element " + index + ", there are " + elements.size());
        }
        return new ArrayList<>(elements.values()).get(i);
    }

    /** The elements in order. */
    public final List<Module> list() {
        return List.copyOf(elements.values());
    }

    final void replaceElement(String name, Module module) {
        elements.put(name, module);
    }
}
