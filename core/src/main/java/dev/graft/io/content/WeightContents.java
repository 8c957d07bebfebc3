package dev.graft.io.content;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The content of a weight file, before its tensors are read.
 *
 * @param tensors by name, in the file's order
 * @param unreadable tensors that this library cannot hold, with the reason; they are an error only if they are needed
 * @param skipped names of entries that are not weights: epoch, optimizer
 * @param candidates names of state dicts that fit the same networks, first the one in {@code tensors}; empty if there
 *     is no second one
 * @param metadata free text beside the tensors, as in safetensors
 */
public record WeightContents(
        WeightFormat format,
        Map<String, TensorSource> tensors,
        Map<String, String> unreadable,
        List<String> skipped,
        List<String> candidates,
        Map<String, String> metadata) {

    /** The entries whose names begin with a prefix, without it; all of them if no prefix is given. */
    public static <T> Map<String, T> under(Map<String, T> named, Optional<String> prefix) {
        if (prefix.isEmpty()) {
            return named;
        }
        Map<String, T> inside = new LinkedHashMap<>();
        named.forEach((name, value) -> {
            if (name.startsWith(prefix.get()) && name.length() > prefix.get().length()) {
                inside.put(name.substring(prefix.get().length()), value);
            }
        });
        return inside;
    }

    /** The reason of a tensor in {@code unreadable}: an element type that this library does not know. */
    public static String unknownType(String type) {
        return "has type " + type + ", which is not supported";
    }
}
