package dev.graft.nn.json;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.graft.io.file.FileException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/** Reads and writes JSON as maps, lists, strings and numbers. */
public final class Json {
    private static final JSON MAPPER =
            JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT, JSON.Feature.WRITE_NULL_PROPERTIES);

    private Json() {}

    /** NaN and infinity, which JSON lacks, become null. */
    public static String write(Object value) {
        try {
            return MAPPER.asString(finite(value)) + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether two values are equal as JSON: numbers by their value, whatever their types and digits. */
    public static boolean same(Object one, Object other) {
        if (one instanceof Number a && other instanceof Number b) {
            return exact(a).compareTo(exact(b)) == 0;
        }
        if (one instanceof List<?> a && other instanceof List<?> b) {
            return a.size() == b.size() && IntStream.range(0, a.size()).allMatch(i -> same(a.get(i), b.get(i)));
        }
        if (one instanceof Map<?, ?> a && other instanceof Map<?, ?> b) {
            return a.keySet().equals(b.keySet()) && a.keySet().stream().allMatch(key -> same(a.get(key), b.get(key)));
        }
        return Objects.equals(one, other);
    }

    private static BigDecimal exact(Number number) {
        return new BigDecimal(number.toString());
    }

    private static Object finite(Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> copy = new LinkedHashMap<>();
            map.forEach((key, entry) -> copy.put((String) key, finite(entry)));
            return copy;
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Json::finite).toList();
        }
        boolean undefined =
                (value instanceof Double d && !Double.isFinite(d)) || (value instanceof Float f && !Float.isFinite(f));
        return undefined ? null : value;
    }

    /**
     * An object of a file.
     *
     * @throws FileException if the file is missing or is not a JSON object
     */
    public static Map<String, Object> readObject(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) { // opening a pipe waits, a device has no end
            throw new FileException(file + " is not a regular file", "check the path");
        }
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new FileException(
                    file + " cannot be read (" + e.getClass().getSimpleName() + ")", "check the path", e);
        }
        return parseObject(text, file);
    }

    /**
     * Reads a JSON object.
     *
     * @param file what to call the text's source in errors
     */
    public static Map<String, Object> parseObject(String text, Path file) {
        try {
            Map<String, Object> object = JSON.std.mapFrom(text);
            if (object == null) { // the document "null" is whole JSON
                throw new FileException(
                        file + " is not a JSON object (it is null)", "put the file back that Graft wrote");
            }
            return object;
        } catch (IOException e) {
            throw new FileException(
                    file + " is not a JSON object ("
                            + e.getMessage().lines().findFirst().orElse("") + ")",
                    "put the file back that Graft wrote",
                    e);
        }
    }
}
