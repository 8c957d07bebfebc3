package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.json.Json;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model folder of which anything was changed is refused, or what may be changed is known. */
class TamperingTest {
    @TempDir
    private static Path folder;

    private static Path run;
    private static Map<String, Object> card;

    @BeforeAll
    static void trainOnce() throws IOException {
        run = folder.resolve("run");
        FineTuning.of(TinyImages.folder(folder.resolve("data"), 16, 1))
                .model("resnet20")
                .weights("none")
                .epochs(1)
                .batch(8)
                .valFraction(0.5)
                .threshold(DecisionRule.Threshold.parse("sensitivity=0.9"))
                .coverage(0.8)
                .abstainBelow(0.6)
                .out(run)
                .run();
        card = Json.readObject(run.resolve(ModelCard.FILE_NAME));
    }

    @Test
    void theCardHoldsWhatWasAskedFor() {
        Map<?, ?> decision = (Map<?, ?>) card.get("decision");
        assertThat(decision.containsKey("temperature")).isTrue();
        assertThat(decision.toString()).contains("sensitivity=0.9").contains("largest_score");
        try (ImageClassifier classifier = ImageClassifier.load(run)) {
            assertThat(classifier.decision().thresholds()).hasSize(1);
            assertThat(classifier.decision().abstention()).isPresent();
        }
    }

    /** Every way to change one value, or to remove one entry, somewhere in the card; by where it is. */
    private static Map<String, Map<String, Object>> changes() {
        Map<String, Map<String, Object>> changed = new LinkedHashMap<>();
        walk("", card, copy -> copy, changed);
        return changed;
    }

    private static void walk(
            String at,
            Map<?, ?> map,
            UnaryOperator<Map<String, Object>> around,
            Map<String, Map<String, Object>> changed) {
        map.forEach((name, value) -> {
            String path = at.isEmpty() ? (String) name : at + "." + name;
            Map<String, Object> without = copy(map);
            without.remove(name);
            changed.put("without " + path, around.apply(without));
            if (value instanceof Map<?, ?> inner) {
                walk(
                        path,
                        inner,
                        replaced -> {
                            Map<String, Object> outer = copy(map);
                            outer.put((String) name, replaced);
                            return around.apply(outer);
                        },
                        changed);
            } else {
                Map<String, Object> other = copy(map);
                other.put((String) name, otherThan(value));
                changed.put(path, around.apply(other));
            }
        });
    }

    private static Map<String, Object> copy(Map<?, ?> map) {
        Map<String, Object> copy = new LinkedHashMap<>();
        map.forEach((name, value) -> copy.put((String) name, value));
        return copy;
    }

    private static Object otherThan(Object value) {
        if (value instanceof Integer number) {
            return number + 1;
        }
        if (value instanceof Number number) {
            return number.doubleValue() * 0.999 + 1e-4;
        }
        if (value instanceof Boolean flag) {
            return !flag;
        }
        if (value instanceof List<?> list) {
            List<Object> other = new ArrayList<>(list);
            if (other.isEmpty()) {
                other.add("more");
            } else {
                other.set(0, otherThan(other.get(0)));
            }
            return other;
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> other = copy(map);
            other.put("more", 1);
            return other;
        }
        String text = String.valueOf(value);
        return text.matches("[0-9a-f]{64}") ? (text.charAt(0) == '0' ? "1" : "0") + text.substring(1) : text + "x";
    }

    private Path with(Map<String, Object> entries) throws IOException {
        Path copy = Files.createTempDirectory(folder, "copy");
        for (String name : List.of(ModelCard.WEIGHTS, "metrics.json")) {
            Files.copy(run.resolve(name), copy.resolve(name));
        }
        Files.writeString(copy.resolve(ModelCard.FILE_NAME), Json.write(entries));
        return copy;
    }

    @Test
    void everyChangeOfTheCardIsDetected() throws IOException {
        Map<String, Map<String, Object>> changes = changes();
        assertThat(changes).hasSizeGreaterThan(100).containsKeys("decision.threshold.values", "preprocessing.mean");
        for (Map.Entry<String, Map<String, Object>> change : changes.entrySet()) {
            if (change.getKey().equals("without format_version")) {
                continue; // a card of format 0, see the next test
            }
            Path copy = with(change.getValue());
            assertThatThrownBy(() -> ModelCard.read(copy))
                    .as(change.getKey())
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("model.json");
        }
    }

    /**
     * Who knows of the hash can write another one, but the weights say what is answered, and the card has their hash.
     */
    @Test
    void whatChangesAnswersIsDetectedAlsoWithANewHash() throws IOException {
        Set<String> undetected = new TreeSet<>();
        for (Map.Entry<String, Map<String, Object>> change : changes().entrySet()) {
            Map<String, Object> entries = change.getValue();
            if (entries.containsKey("card_sha256")) {
                entries.put("card_sha256", ModelCard.sha256(entries));
            }
            Path copy = with(entries);
            try (ImageClassifier classifier = ImageClassifier.load(copy)) {
                undetected.add(change.getKey().replace("without ", "").replaceFirst("\\..*", ""));
                assertThat(classifier.classes()).isEqualTo(card.get("classes"));
            } catch (ModelException e) {
                assertThat(e).hasMessageContaining("Hint: ");
            }
        }
        // without its version, a card is read as one of format 0, but the weights still say what they answer
        assertThat(undetected)
                .isSubsetOf(
                        "card_sha256", // the hash itself, which was written anew
                        "command",
                        "input_files",
                        "data",
                        "files",
                        "format_version",
                        "run_sha256",
                        "seed",
                        "settings",
                        "start_weights",
                        "start_weights_sha256",
                        "versions");
    }

    @Test
    void anOlderFormatWithoutTheDecisionIsDetected() throws IOException {
        Map<String, Object> older = copy(card);
        older.put("format_version", 1);
        older.remove("card_sha256");
        older.remove("decision");
        Path copy = with(older);
        assertThatThrownBy(() -> ImageClassifier.load(copy)).hasMessageContaining("other decision");
    }

    @Test
    void theChangedEntryIsNamed() throws IOException {
        Map<String, Object> other = copy(card);
        Map<String, Object> decision = copy((Map<?, ?>) card.get("decision"));
        decision.put("threshold", Map.of("values", List.of(0.01)));
        other.put("decision", decision);
        Path copy = with(other);
        assertThatThrownBy(() -> ModelCard.read(copy))
                .hasMessageContaining("was changed after model.safetensors was written: other decision");
        Map<String, Object> seed = copy(card);
        seed.put("seed", 77);
        Path another = with(seed);
        assertThatThrownBy(() -> ModelCard.read(another)).hasMessageContaining("another SHA-256 than its card_sha256");
    }

    @Test
    void orderAndIndentationDoNotMatter() throws IOException {
        Map<String, Object> reversed = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(card.keySet());
        for (int i = names.size() - 1; i >= 0; i--) {
            reversed.put(names.get(i), card.get(names.get(i)));
        }
        Path copy = with(reversed);
        Path file = copy.resolve(ModelCard.FILE_NAME);
        Files.writeString(file, Files.readString(file).replaceAll("\\s*\\R\\s*", " "));
        ModelCard.read(copy);
    }

    @Test
    void aChangedBitOfTheWeightsIsDetected() throws IOException {
        Path copy = with(card);
        byte[] bytes = Files.readAllBytes(copy.resolve(ModelCard.WEIGHTS));
        bytes[bytes.length - 1] ^= 1;
        Files.write(copy.resolve(ModelCard.WEIGHTS), bytes);
        assertThatThrownBy(() -> ImageClassifier.load(copy)).hasMessageContaining("another SHA-256");
    }
}
