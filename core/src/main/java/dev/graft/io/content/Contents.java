package dev.graft.io.content;

import java.util.List;
import java.util.Map;

/**
 * What a weight file holds, its tensors not yet read.
 *
 * @param tensors by name, in the file's order
 * @param unreadable tensors that this library cannot hold, with the reason; they are an error only where they are
 *     needed
 * @param skipped names of entries that are not weights: epoch, optimizer
 * @param metadata free text beside the tensors, as safetensors has
 */
public record Contents(
        WeightFormat format,
        Map<String, TensorSource> tensors,
        Map<String, String> unreadable,
        List<String> skipped,
        Map<String, String> metadata) {

    /** Why a tensor is among the {@code unreadable}: an element type that this library does not know. */
    public static String unknownType(String type) {
        return "has type " + type + ", which is not supported";
    }
}
