package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.file.Sha256;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.ModelCard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the card says of how the model was asked for, and a decision of its own for the mean over views. */
class CardFactsTest {
    @TempDir
    private static Path folder;

    private static Path list;
    private static Path ensemble;
    private static Path run;

    @BeforeAll
    static void train() throws Exception {
        Path data = TinyImages.folder(folder.resolve("da'ta"), 60, 1);
        StringBuilder lines = new StringBuilder("file,label,patient\n");
        for (String name : List.of("left", "right")) {
            for (int i = 0; i < 60; i++) {
                lines.append(data.resolve(name + "/image" + i + ".png"))
                        .append(',')
                        .append(name);
                lines.append(",Mrs Smith ").append(i).append('\n');
            }
        }
        list = Files.writeString(folder.resolve("my list.csv"), lines);
        ensemble = folder.resolve("ensemble");
        FineTuning tuning = FineTuning.of(list)
                .model("resnet20")
                .weights("none")
                .freeze(FineTuning.Freeze.NONE)
                .valFraction(0.4)
                .epochs(1)
                .tta(Averaging.Views.HFLIP)
                .log(line -> {})
                .out(ensemble);
        SeedEnsemble.of(tuning, 2).run();
        run = ensemble.resolve("seed-1");
    }

    @Test
    void theCardHoldsTheCommandAndAHashOfEachFile() {
        Map<String, Object> all = Json.readObject(ensemble.resolve("ensemble.json"));
        assertThat((String) all.get("command"))
                .startsWith("graft finetune ")
                .contains("/training.csv --val ", "--epochs 1 ", "--tta hflip", "--seeds 2");
        Map<String, Object> card = Json.readObject(run.resolve("model.json"));
        assertThat((String) card.get("command")).contains("--model resnet20", "--freeze none");
        assertThat(((Map<?, ?>) card.get("input_files")).get("data"))
                .isEqualTo(Sha256.of(ensemble.resolve("training.csv")));
        assertThat(((Map<?, ?>) card.get("input_files")).get("val"))
                .isEqualTo(Sha256.of(ensemble.resolve("validation.csv")));
        assertThat(Provenance.command(Map.of("--data", "my list.csv"))).endsWith(" --data 'my list.csv'");
        assertThat(Provenance.command(Map.of("--skip-bad", "true"))).endsWith(" --skip-bad");
        assertThat(Provenance.command(Map.of("--feature-cache", "false"))).endsWith(" --no-feature-cache");
        assertThat(Provenance.command(Map.of("--data", "it's"))).endsWith(" --data 'it'\\''s'");
    }

    @Test
    void noFileTellsAPatientsName() throws Exception {
        try (var files = Files.walk(ensemble)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain("Smith");
            }
        }
        // and yet an evaluation knows the patients by their names
        try (ImageClassifier classifier = ImageClassifier.load(ensemble)) {
            org.assertj.core.api.Assertions.assertThatThrownBy(() -> classifier.evaluate(list))
                    .hasMessageContaining("the model was fitted on images of 60 of the 60 patients");
        }
    }

    /** Fitted to the mean over views, and applied to it alone: calibrating what was not is undone by hand. */
    @Test
    void theMeanOverViewsHasATemperatureOfItsOwn() {
        Path image = folder.resolve("da'ta/left/image3.png");
        for (Path model : List.of(run, ensemble)) {
            ImageClassifierOptions views =
                    ImageClassifierOptions.defaults().averaging(Averaging.none().tta(Averaging.Views.HFLIP));
            ImageClassifierOptions other =
                    ImageClassifierOptions.defaults().averaging(Averaging.none().tta(Averaging.Views.FLIPS));
            try (ImageClassifier single = ImageClassifier.load(model);
                    ImageClassifier mean = ImageClassifier.load(model, views);
                    ImageClassifier flips = ImageClassifier.load(model, other)) {
                assertThat(single.notes()).isEmpty();
                assertThat(mean.notes()).as("nothing to warn of").isEmpty();
                assertThat(flips.notes()).hasSize(1);
                assertThat(flips.decision()).isEqualTo(single.decision());
                assertThat(mean.decision()).isNotEqualTo(single.decision());
                Map<?, ?> facts = (Map<?, ?>) mean.decision().facts().get("temperature");
                assertThat((Double) facts.get("log_loss_after"))
                        .isLessThanOrEqualTo((Double) facts.get("log_loss_before"));
                assertThat(facts.get("cases")).isEqualTo(48);
                assertThat(mean.predict(image).decision()).isEqualTo(mean.decision());
            }
        }
        Map<String, Object> card = Json.readObject(run.resolve("model.json"));
        assertThat(((Map<?, ?>) card.get("averaged_decision")).get("averaged")).isEqualTo("hflip");
        assertThat(ModelCard.read(run).averagedDecision("hflip")).isPresent();
        assertThat(ModelCard.read(run).averagedDecision("flips")).isEmpty();
        // what evaluate says of the validation images by the same views is what was fitted
        try (ImageClassifier mean = ImageClassifier.load(
                run,
                ImageClassifierOptions.defaults().averaging(Averaging.none().tta(Averaging.Views.HFLIP)))) {
            ImageEvaluation judged = mean.evaluate(
                    ensemble.resolve("validation.csv"),
                    ImageEvaluation.Options.defaults().keepDuplicates(true).allowSharedPatients(true));
            Map<?, ?> facts = (Map<?, ?>) mean.decision().facts().get("temperature");
            assertThat(judged.scores().loss()).isCloseTo((Double) facts.get("log_loss_after"), within(1e-4));
        }
    }

    @Test
    void aReportThatWasEditedIsSaidAndOneThatWasLeftBehindIsNot() throws Exception {
        Path copy = Files.createDirectories(folder.resolve("copy"));
        for (String name : List.of("model.json", "model.safetensors", "feature-space.safetensors", "model-card.md")) {
            Files.copy(run.resolve(name), copy.resolve(name));
        }
        try (ImageClassifier classifier = ImageClassifier.load(copy)) {
            assertThat(classifier.notes()).isEmpty();
        }
        Files.writeString(copy.resolve("model-card.md"), "Accuracy: 100 %", StandardOpenOption.APPEND);
        Files.writeString(copy.resolve("report.html"), "another");
        try (ImageClassifier classifier = ImageClassifier.load(copy)) {
            assertThat(classifier.notes()).hasSize(1);
            assertThat(classifier.notes().get(0).toString())
                    .contains("model-card.md", "report.html", "are not as the training wrote them");
        }
    }
}
