package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The schema of {@code model.json} and the code that reads and writes it say the same, by a validator not ours. */
class ModelSchemaTest {
    @TempDir
    private static Path folder;

    private static Path run;
    private static Schema schema;

    @BeforeAll
    static void trainOnce() throws IOException {
        run = folder.resolve("run");
        FineTuning.of(TinyImages.folder(folder.resolve("data"), 8, 1))
                .model("resnet20")
                .weights("none")
                .epochs(1)
                .batch(4)
                .out(run)
                .run();
        try (InputStream text = ModelCard.class.getResourceAsStream("model-2.schema.json")) {
            schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(new String(text.readAllBytes(), StandardCharsets.UTF_8), InputFormat.JSON);
        }
    }

    private static List<String> faults(Path card) throws IOException {
        return schema.validate(Files.readString(card), InputFormat.JSON).stream()
                .map(error -> error.toString())
                .sorted()
                .toList();
    }

    @Test
    void aNewCardIsAsTheSchemaSays() throws IOException {
        assertThat(faults(run.resolve(ModelCard.FILE_NAME))).isEmpty();
        ModelCard.read(run);
    }

    @Test
    void everyEntryOfANewCardIsDescribed() throws IOException {
        try (InputStream text = ModelCard.class.getResourceAsStream("model-2.schema.json")) {
            Map<?, ?> described = (Map<?, ?>) JSON.std.mapFrom(text).get("properties");
            for (String entry :
                    Json.readObject(run.resolve(ModelCard.FILE_NAME)).keySet()) {
                assertThat(described.get(entry)).as(entry).isNotNull();
            }
        }
    }

    @Test
    void anOldCardLacksOnlyTheVersionAndTheTask() throws IOException {
        assertThat(faults(OldRun.resource("old-run").resolve(ModelCard.FILE_NAME)))
                .hasSize(3)
                .anyMatch(fault -> fault.contains("card_sha256"))
                .anyMatch(fault -> fault.contains("format_version"))
                .anyMatch(fault -> fault.contains("task"));
    }

    private static Consumer<Map<String, Object>> put(String entry, Object value) {
        return card -> card.put(entry, value);
    }

    private static Consumer<Map<String, Object>> without(String entry) {
        return card -> card.remove(entry);
    }

    private static Consumer<Map<String, Object>> prepare(String entry, Object value) {
        return card -> {
            Map<String, Object> preprocessing = new LinkedHashMap<>();
            ((Map<?, ?>) card.get("preprocessing")).forEach((name, was) -> preprocessing.put((String) name, was));
            preprocessing.put(entry, value);
            card.put("preprocessing", preprocessing);
        };
    }

    private static Map<String, Consumer<Map<String, Object>>> broken() {
        Map<String, Consumer<Map<String, Object>>> cards = new TreeMap<>();
        for (String required : List.of(
                "format_version",
                "task",
                "architecture",
                "classes",
                "preprocessing",
                "weights_sha256",
                "card_sha256")) {
            if (!required.equals("format_version")) { // without it, a card is of format 0
                cards.put("without " + required, without(required));
            }
            cards.put(required + " is true", put(required, true));
        }
        cards.put("format_version is 0", put("format_version", 0));
        cards.put("format_version is 3", put("format_version", 3));
        cards.put("task is empty", put("task", ""));
        cards.put("architecture is empty", put("architecture", ""));
        cards.put("classes are none", put("classes", List.of()));
        cards.put("classes are numbers", put("classes", List.of(1, 2)));
        cards.put("classes are one text", put("classes", "left"));
        cards.put("classes are twice the same", put("classes", List.of("left", "left")));
        cards.put("preprocessing is a list", put("preprocessing", List.of(32)));
        for (String hash : List.of("weights_sha256", "run_sha256", "start_weights_sha256", "card_sha256")) {
            cards.put(hash + " is too short", put(hash, "0123abcd"));
            cards.put(hash + " is too long", put(hash, "0".repeat(65)));
            cards.put(hash + " is in capitals", put(hash, "A".repeat(64)));
            cards.put(hash + " is a number", put(hash, 5));
        }
        for (String object : List.of("settings", "versions", "data", "files", "decision", "inputs")) {
            cards.put(object + " is a text", put(object, "text"));
        }
        cards.put("versions holds a number", put("versions", Map.of("java", 17)));
        cards.put("start_weights is a number", put("start_weights", 1));
        cards.put("a threshold is 7", put("decision", Map.of("threshold", Map.of("values", List.of(7)))));
        cards.put("a threshold is a text", put("decision", Map.of("threshold", Map.of("values", List.of("a")))));
        cards.put("the temperature is 0", put("decision", Map.of("temperature", Map.of("value", 0))));
        cards.put("coverage is 1", put("decision", Map.of("sets", Map.of("method", "APS", "coverage", 1))));
        cards.put("the method is unknown", put("decision", Map.of("sets", Map.of("method", "X", "coverage", 0.5))));
        cards.put("confidence is 2", put("decision", Map.of("abstention", Map.of("confidence", 2))));
        cards.put("seed is a text", put("seed", "one"));
        cards.put("seed is a fraction", put("seed", 1.5));
        return cards;
    }

    private static Path write(String name, Consumer<Map<String, Object>> change) throws IOException {
        Map<String, Object> card = new LinkedHashMap<>(Json.readObject(run.resolve(ModelCard.FILE_NAME)));
        Object before = card.get("card_sha256");
        change.accept(card);
        if (Objects.equals(before, card.get("card_sha256"))) {
            card.put("card_sha256", ModelCard.sha256(card)); // else every change would be refused for that alone
        }
        Path copy = Files.createDirectories(folder.resolve(name));
        Files.writeString(copy.resolve(ModelCard.FILE_NAME), Json.write(card));
        return copy;
    }

    @Test
    void theSchemaAndTheReaderRefuseTheSameCards() throws IOException {
        List<String> accepted = new ArrayList<>();
        for (Map.Entry<String, Consumer<Map<String, Object>>> card : broken().entrySet()) {
            Path copy = write(card.getKey(), card.getValue());
            if (faults(copy.resolve(ModelCard.FILE_NAME)).isEmpty()) {
                accepted.add("the schema: " + card.getKey());
            }
            try {
                ModelCard.read(copy);
                accepted.add("ModelCard.read: " + card.getKey());
            } catch (ModelException e) {
                assertThat(e).hasMessageContaining("Hint: ").hasMessageContaining(ModelCard.FILE_NAME);
            }
        }
        assertThat(accepted).isEmpty();
    }

    @Test
    void anEntryThatNobodyKnowsYetIsLeftAlone() throws IOException {
        Path copy = write("newer", put("colour", List.of(1)));
        assertThat(faults(copy.resolve(ModelCard.FILE_NAME))).isEmpty();
        assertThat(ModelCard.read(copy).facts()).containsEntry("colour", List.of(1));
    }

    @Test
    void theSchemaAndTheNetworkRefuseTheSamePreprocessing() throws IOException {
        Map<String, Consumer<Map<String, Object>>> cards = new TreeMap<>();
        for (String entry : List.of("resize_size", "crop_size", "interpolation", "divisor", "mean", "std", "window")) {
            cards.put(entry + " is true", prepare(entry, true));
        }
        cards.put("crop_size is 0", prepare("crop_size", 0));
        cards.put("resize_size is a fraction", prepare("resize_size", 1.5));
        cards.put("divisor is 0", prepare("divisor", 0));
        cards.put("mean is empty", prepare("mean", List.of()));
        cards.put("std holds 0", prepare("std", Arrays.asList(0.2, 0, 0.2)));
        cards.put("mean holds a text", prepare("mean", Arrays.asList("a", 0, 0.2)));
        for (Map.Entry<String, Consumer<Map<String, Object>>> card : cards.entrySet()) {
            Path copy = write(card.getKey(), card.getValue());
            assertThat(faults(copy.resolve(ModelCard.FILE_NAME)))
                    .as(card.getKey())
                    .isNotEmpty();
            assertThatThrownBy(() -> ImageModels.preprocessing(ModelCard.read(copy), copy))
                    .as(card.getKey())
                    .isInstanceOf(ModelException.class);
        }
    }

    /** What {@code docs/model-folder.md} says of {@code run.json}. */
    @Test
    void aRunsFileHoldsWhatIsDocumented() {
        Map<String, Object> map = Json.readObject(run.resolve("run.json"));
        assertThat(map).containsOnlyKeys("identity", "run_sha256", "options", "made_by");
        assertThat(map.get("run_sha256"))
                .isEqualTo(Json.readObject(run.resolve(ModelCard.FILE_NAME)).get("run_sha256"))
                .asString()
                .matches("[0-9a-f]{64}");
        for (String entry : List.of("identity", "options", "made_by")) {
            assertThat(map.get(entry)).as(entry).isInstanceOf(Map.class);
        }
        assertThat(((Map<?, ?>) map.get("options")).keySet()).allMatch(name -> ((String) name).startsWith("--"));
    }
}
