package dev.graft.nn.run;

import dev.graft.io.file.AtomicText;
import dev.graft.io.file.FileException;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code run.json} holds.
 *
 * @param identity the run's {@link RunIdentity#entries}
 * @param hash the run's {@link RunIdentity#hash}
 * @param options how it was asked for
 * @param madeBy what computed it
 * @param files the further files of its result, once it begins to write them
 */
record RunRecord(
        Map<String, Object> identity,
        String hash,
        Map<String, Object> options,
        Map<String, Object> madeBy,
        List<String> files) {
    static final String FILE_NAME = "run.json";
    static final String MADE_BY = "made_by";

    private static final String IDENTITY = "identity";
    private static final String OPTIONS = "options";
    private static final String FILES = ModelCard.FILES;
    /** In {@code run.json} and in the model's card. */
    private static final String RUN = ModelCard.RUN;

    /** Of the run in a folder; empty if there is none, or its file cannot be used. */
    static Optional<RunRecord> read(Path folder) {
        Path file = folder.resolve(FILE_NAME);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            Map<String, Object> map = Json.readObject(file);
            return map.get(RUN) instanceof String hash && map.containsKey(IDENTITY)
                    ? Optional.of(new RunRecord(
                            object(map, IDENTITY), hash, object(map, OPTIONS), object(map, MADE_BY), files(map)))
                    : Optional.empty();
        } catch (FileException | ClassCastException e) {
            return Optional.empty();
        }
    }

    private static Map<String, Object> object(Map<String, Object> map, String key) {
        Map<String, Object> object = new LinkedHashMap<>();
        if (map.get(key) != null) {
            ((Map<?, ?>) map.get(key)).forEach((name, value) -> object.put((String) name, value));
        }
        return object;
    }

    private static List<String> files(Map<String, Object> map) {
        return map.get(FILES) instanceof List<?> names
                ? names.stream()
                        .map(String.class::cast)
                        .filter(ResultFiles::isPlain)
                        .toList()
                : List.of();
    }

    void write(Path folder) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(IDENTITY, identity);
        map.put(RUN, hash);
        map.put(OPTIONS, options);
        map.put(MADE_BY, madeBy);
        if (!files.isEmpty()) {
            map.put(FILES, files);
        }
        AtomicText.write(folder.resolve(FILE_NAME), Json.write(map));
    }

    /** Why the file cannot be used. */
    static String damage(Path folder) {
        try {
            Json.readObject(folder.resolve(FILE_NAME));
            return " lacks what says which run it is of";
        } catch (FileException e) {
            return " cannot be read: it is not whole JSON";
        }
    }

    /** The card of the result in a folder; empty if there is none that can be read. */
    static Optional<ModelCard> card(Path folder) {
        try {
            return Files.isRegularFile(folder.resolve(ModelCard.FILE_NAME))
                    ? Optional.of(ModelCard.read(folder))
                    : Optional.empty();
        } catch (ModelException | FileException e) {
            return Optional.empty();
        }
    }

    /** The hash of the run whose model is in a folder; empty text if there is none, or one that does not say. */
    static String resultOf(Path folder) {
        return card(folder)
                .map(card -> card.facts().get(RUN))
                .map(String.class::cast)
                .orElse("");
    }
}
