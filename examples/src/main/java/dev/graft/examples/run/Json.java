package dev.graft.examples.run;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
                value instanceof Double d && !Double.isFinite(d) || value instanceof Float f && !Float.isFinite(f);
        return undefined ? null : value;
    }

    /**
     * An object of a file.
     *
     * @throws RunException if the file is missing or is not a JSON object
     */
    public static Map<String, Object> readObject(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) { // opening a pipe waits, a device has no end
            throw new RunException(file + " is not a regular file", "check the path");
        }
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new RunException(
                    file + " cannot be read (" + e.getClass().getSimpleName() + ")", "check the path", e);
        }
        return parseObject(text, file);
    }

    /** @param file what to call the text's source in errors */
    static Map<String, Object> parseObject(String text, Path file) {
        try {
            return JSON.std.mapFrom(text);
        } catch (IOException e) {
            throw new RunException(
                    file + " is not a JSON object ("
                            + e.getMessage().lines().findFirst().orElse("") + ")",
                    "it must come from graft finetune",
                    e);
        }
    }
}
