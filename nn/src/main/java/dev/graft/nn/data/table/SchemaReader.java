package dev.graft.nn.data.table;

import dev.graft.message.Similar;
import dev.graft.nn.data.DataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One object of a schema file: its entries by name and type, and errors that say where they are. */
final class SchemaReader {
    private final String place;
    private final Map<String, Object> map;
    private final Set<String> read = new LinkedHashSet<>();

    SchemaReader(String place, Map<?, ?> map) {
        this.place = place;
        this.map = new LinkedHashMap<>();
        map.forEach((name, value) -> this.map.put(String.valueOf(name), value));
    }

    DataException wrong(String problem, String fix) {
        return new DataException("schema: " + place + " " + problem + ". Hint: " + fix + ".");
    }

    boolean has(String name) {
        read.add(name);
        return map.get(name) != null;
    }

    Map<String, Object> entries() {
        return map;
    }

    List<String> names() {
        return List.copyOf(map.keySet());
    }

    private <T> T value(String name, Class<T> type, String what) {
        read.add(name);
        Object value = map.get(name);
        if (!type.isInstance(value)) {
            throw wrong(
                    value == null
                            ? "lacks \"" + name + "\""
                            : "has \"" + name + "\": " + value + ", which is not " + what,
                    "give " + what);
        }
        return type.cast(value);
    }

    String text(String name) {
        return value(name, String.class, "a text in quotes");
    }

    int number(String name) {
        Number number = value(name, Number.class, "a whole number");
        if (number.doubleValue() != number.intValue()) {
            throw wrong("has \"" + name + "\": " + number, "give a whole number");
        }
        return number.intValue();
    }

    double real(String name) {
        return value(name, Number.class, "a number").doubleValue();
    }

    boolean flag(String name) {
        return value(name, Boolean.class, "true or false");
    }

    List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        for (Object each : value(name, List.class, "a list of texts, such as [\"a\", \"b\"]")) {
            if (!(each instanceof String text)) {
                throw wrong("has \"" + name + "\" with " + each + " in it", "put every value in quotes");
            }
            texts.add(text);
        }
        return texts;
    }

    List<Double> reals(String name) {
        List<Double> numbers = new ArrayList<>();
        for (Object each : value(name, List.class, "a list of numbers")) {
            if (!(each instanceof Number number)) {
                throw wrong("has \"" + name + "\" with " + each + " in it", "give numbers alone");
            }
            numbers.add(number.doubleValue());
        }
        return numbers;
    }

    Optional<String> optionalText(String name) {
        return has(name) ? Optional.of(text(name)) : Optional.empty();
    }

    List<String> optionalTexts(String name) {
        return has(name) ? texts(name) : List.of();
    }

    SchemaReader object(String name) {
        return new SchemaReader(place + " \"" + name + "\"", value(name, Map.class, "an object, { ... }"));
    }

    List<SchemaReader> objects(String name) {
        List<SchemaReader> objects = new ArrayList<>();
        for (Object each : value(name, List.class, "a list of objects, [{ ... }]")) {
            String where = place + " \"" + name + "\" number " + (objects.size() + 1);
            if (!(each instanceof Map<?, ?> object)) {
                throw wrong("has \"" + name + "\" with " + each + " in it", "give objects, { ... }");
            }
            objects.add(new SchemaReader(where, object));
        }
        return objects;
    }

    <E extends Enum<E>> E oneOf(String name, String word, E[] values) {
        for (E value : values) {
            if (value.name().equalsIgnoreCase(word)) {
                return value;
            }
        }
        throw wrong(
                "has \"" + name + "\": \"" + word + "\"",
                "it is one of "
                        + String.join(
                                ", ",
                                Arrays.stream(values)
                                        .map(v -> v.name().toLowerCase(Locale.ROOT))
                                        .toList()));
    }

    /** @throws DataException for an entry that nobody has read: mistyped, or of a newer version */
    void checkAllRead() {
        for (String name : map.keySet()) {
            if (!read.contains(name)) {
                throw wrong(
                        "has an entry \"" + name + "\" that means nothing",
                        Similar.of(name, read)
                                .map(near -> "did you mean \"" + near + "\"?")
                                .orElse("remove it")
                                .replaceFirst("\\?$", ""));
            }
        }
    }
}
