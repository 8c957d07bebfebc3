package dev.graft.nn.run;

import dev.graft.io.file.Sha256;
import dev.graft.nn.json.Json;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Where the features of a pass outlive a stop or a kill of the program; see {@link RunFolder#keptFeatures}.
 *
 * @param file the file; what it holds of another {@code key}, or damaged, is thrown away
 * @param key a hash of all that the features depend on
 * @param log told, as lines of text, what was taken, thrown away, or cannot be kept
 */
public record KeptFeatures(Path file, String key, Consumer<String> log) {
    /**
     * With a hash of what the features depend on.
     *
     * @param facts what JSON can hold
     */
    static KeptFeatures of(Path file, Map<String, Object> facts, Consumer<String> log) {
        return new KeptFeatures(file, Sha256.of(Json.write(facts)), log);
    }
}
