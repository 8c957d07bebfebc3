package dev.graft.vision.model.zoo;

import dev.graft.message.Explained;
import dev.graft.nn.model.ModelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads the entries of a JSON object that someone else wrote, and says where one is not what it must be. */
final class JsonEntries {
    static final String RESTORE = "restore the file as it was published, or correct it";

    private final Path file;
    private final String path;
    private final Map<String, Object> entries = new LinkedHashMap<>();
    private final Set<String> read = new HashSet<>();

    /** @param path of the object within the file, such as {@code pretrained_cfg}; empty for the whole */
    JsonEntries(Path file, String path, Map<?, ?> entries) {
        this.file = file;
        this.path = path;
        entries.forEach((key, value) -> {
            if (value != null) { // null is how Python writes that there is none
                this.entries.put(String.valueOf(key), value);
            }
        });
    }

    boolean has(String key) {
        return entries.containsKey(key);
    }

    private Optional<Object> get(String key) {
        read.add(key);
        return Optional.ofNullable(entries.get(key));
    }

    Optional<JsonEntries> object(String key) {
        return get(key).map(value -> {
            if (value instanceof Map<?, ?> map) {
                return new JsonEntries(file, path.isEmpty() ? key : path + "." + key, map);
            }
            throw wrong(key, value, "an object");
        });
    }

    Optional<String> text(String key) {
        return get(key).map(value -> {
            if (value instanceof String text) {
                return text;
            }
            throw wrong(key, value, "a text");
        });
    }

    Optional<Boolean> truth(String key) {
        return get(key).map(value -> {
            if (value instanceof Boolean truth) {
                return truth;
            }
            throw wrong(key, value, "true or false");
        });
    }

    Optional<Integer> whole(String key) {
        return get(key).map(value -> whole(key, value));
    }

    private Integer whole(String key, Object value) {
        if (value instanceof Integer number) {
            return number;
        }
        throw wrong(key, value, "a whole number");
    }

    Optional<List<Integer>> wholes(String key) {
        return list(key)
                .map(values -> values.stream().map(value -> whole(key, value)).toList());
    }

    Optional<Double> number(String key) {
        return get(key).map(value -> number(key, value));
    }

    private Double number(String key, Object value) {
        if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
            return number.doubleValue();
        }
        throw wrong(key, value, "a number");
    }

    Optional<List<Double>> numbers(String key) {
        return list(key)
                .map(values -> values.stream().map(value -> number(key, value)).toList());
    }

    Optional<List<String>> texts(String key) {
        return list(key)
                .map(values -> values.stream()
                        .map(value -> {
                            if (value instanceof String text && !text.isEmpty()) {
                                return text;
                            }
                            throw wrong(key, value, "a list of texts");
                        })
                        .toList());
    }

    private Optional<List<Object>> list(String key) {
        return get(key).map(value -> {
            if (value instanceof List<?> list) {
                return new ArrayList<>(list);
            }
            throw wrong(key, value, "a list");
        });
    }

    void ignore(String key) {
        read.add(key);
    }

    /** An entry that may be there, but whose other values mean something that is not known here. */
    void only(String key, String... values) {
        text(key).filter(value -> !Arrays.asList(values).contains(value)).ifPresent(value -> {
            throw wrong(key, value, values[0]);
        });
    }

    /** @throws ModelException for an entry that nobody asked for */
    void checkAllRead() {
        entries.keySet().stream().filter(key -> !read.contains(key)).findFirst().ifPresent(key -> {
            throw new ModelException(
                    file + ": " + path + " has \"" + key + "\", which Graft's networks do not have",
                    "build such a network in Java, and load its weight file");
        });
    }

    ModelException wrong(String key, Object value, String wanted) {
        return new ModelException(
                file + ": " + (path.isEmpty() ? "" : path + ".") + key + " is "
                        + (value instanceof String text ? "\"" + text + "\"" : value) + ", not " + wanted,
                RESTORE);
    }

    ModelException wrong(IllegalArgumentException e) {
        return new ModelException(file + ": " + path + ": " + Explained.problem(e), RESTORE, e);
    }
}
