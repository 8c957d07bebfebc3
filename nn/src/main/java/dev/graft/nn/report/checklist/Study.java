package dev.graft.nn.report.checklist;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.FileException;
import dev.graft.message.SettingException;
import dev.graft.message.Similar;
import dev.graft.nn.json.Json;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What people say of their study: texts by the keys of {@link ChecklistItem#key}, or for one item alone, such as
 * {@code tripod.3a} and {@code claim.7}.
 */
public final class Study {
    private static final Study NONE = new Study(Map.of());
    private static final long MOST_BYTES = 1 << 20;
    private static final int LONGEST_KEY = 100;

    /** By the names in a card, the keys here that say the same. */
    private static final Map<String, String> CARD_KEYS = Map.of(
            "intended_use", "intended_use",
            "training_data", "data_sources",
            "ethical_considerations", "ethics",
            "caveats", "limitations");

    private final Map<String, String> texts;

    private Study(Map<String, String> texts) {
        this.texts = texts;
    }

    /** Nobody has said anything. */
    public static Study none() {
        return NONE;
    }

    /**
     * Texts by their keys; blank ones count as not said.
     *
     * @throws SettingException naming keys that do not exist
     */
    public static Study of(Map<String, String> texts) {
        Map<String, String> said = new LinkedHashMap<>();
        List<String> unknown = new ArrayList<>();
        Set<String> keys = keys();
        texts.forEach((key, text) -> {
            if (!keys.contains(key)) {
                unknown.add(key);
            } else if (!text.isBlank()) {
                said.put(key, text.strip());
            }
        });
        if (!unknown.isEmpty()) {
            throw new SettingException(
                    setting("study") + ": no such key: " + String.join(", ", unknown)
                            + similar(unknown.get(0), keys)
                                    .map(key -> " (is " + key + " meant?)")
                                    .orElse(""),
                    "the keys are " + String.join(", ", plainKeys())
                            + "; or an item's own, such as tripod.3a or claim.7");
        }
        return new Study(said);
    }

    /**
     * Reads a file: a JSON object of texts, or else properties in UTF-8, a line {@code key = text} for each.
     *
     * @throws SettingException if it cannot be read, or has keys that do not exist
     */
    public static Study read(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw new SettingException(
                        setting("study") + ": there is no file " + file, "name a JSON or .properties file");
            }
            if (Files.size(file) > MOST_BYTES) {
                throw new SettingException(
                        setting("study") + ": " + file + " has more than 1 MB", "give texts that people read");
            }
            String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
            return of(name.endsWith(".json") ? json(file) : properties(file));
        } catch (SettingException e) {
            throw e;
        } catch (IOException
                | FileException
                | IllegalArgumentException e) { // also a wrong Unicode escape in properties
            throw new SettingException(
                    setting("study") + ": " + file + " cannot be read ("
                            + String.valueOf(e.getMessage()).split(" Hint: ", 2)[0] + ")",
                    "write a JSON object of texts in UTF-8, or lines of the form key = text");
        }
    }

    private static Map<String, String> json(Path file) {
        Map<String, String> texts = new LinkedHashMap<>();
        Json.readObject(file).forEach((key, value) -> {
            if (!(value instanceof String || value instanceof Number)) {
                throw new SettingException(
                        setting("study") + ": " + key + " in " + file + " is no text", "put it in quotation marks");
            }
            texts.put(key, value.toString());
        });
        return texts;
    }

    private static Map<String, String> properties(Path file) throws IOException {
        Properties properties = new Properties();
        properties.load(new StringReader(Files.readString(file, StandardCharsets.UTF_8)));
        Map<String, String> texts = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> texts.put(key, properties.getProperty(key)));
        return texts;
    }

    /** All keys that a study file may have. */
    public static Set<String> keys() {
        Set<String> keys = new TreeSet<>(plainKeys());
        checklists().forEach(list -> list.items().forEach(item -> keys.add(list.prefix() + "." + item.number())));
        return keys;
    }

    /** The keys that are not of one item alone. */
    public static Set<String> plainKeys() {
        Set<String> keys = new TreeSet<>();
        checklists().forEach(list -> list.items().forEach(item -> keys.add(item.key())));
        return keys;
    }

    private static Stream<Checklist> checklists() {
        return Stream.of(TripodAi.checklist(), Claim.checklist());
    }

    private static Optional<String> similar(String key, Set<String> keys) {
        return key.length() > LONGEST_KEY ? Optional.empty() : Similar.of(key, keys);
    }

    /** What a model's card for people takes from it, as {@link dev.graft.nn.model.CardText#of} names it. */
    public Map<String, String> cardTexts() {
        Map<String, String> own = new LinkedHashMap<>();
        CARD_KEYS.forEach((name, key) -> get(key).ifPresent(text -> own.put(name, text)));
        return own;
    }

    /** Whether nobody has said anything. */
    public boolean isEmpty() {
        return texts.isEmpty();
    }

    /** What is said under a key. */
    public Optional<String> get(String key) {
        return Optional.ofNullable(texts.get(key));
    }
}
