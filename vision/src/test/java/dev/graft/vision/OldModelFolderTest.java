package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.graft.nn.json.Json;
import dev.graft.nn.train.StopSignal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model folder that was written before the format had a version is loaded, and its run goes on. */
class OldModelFolderTest {
    @TempDir
    private Path folder;

    private Path run;
    private Path images;

    @BeforeEach
    void copy() throws IOException {
        run = OldRun.folder(folder);
        images = OldRun.images(folder);
    }

    /** As the run was asked for; its {@code --data} was a folder of another machine. */
    private FineTuning asked() {
        return FineTuning.of(images)
                .model("resnet20")
                .weights("none")
                .valFraction(0.25)
                .batch(4)
                .epochs(2)
                .seed(3)
                .lr(1e-5)
                .out(run);
    }

    @Test
    void predictsWhatItPredictedThen() throws IOException {
        List<Object> then = JSON.std.listFrom(Files.readString(OldRun.resource("old-run-predictions.json")));
        List<Path> files = OldRun.listed(images);
        try (ImageClassifier classifier = ImageClassifier.load(run)) {
            List<Prediction> now = classifier.predict(files);
            assertThat(then).hasSameSizeAs(now);
            for (int i = 0; i < now.size(); i++) {
                Map<?, ?> entry = (Map<?, ?>) then.get(i);
                assertThat(files.get(i))
                        .endsWith(Path.of((String) entry.get("file")).getFileName());
                Map<?, ?> best = (Map<?, ?>) ((List<?>) entry.get("top")).get(0);
                assertThat(now.get(i).label()).isEqualTo(best.get("label"));
                assertThat((double) now.get(i).probability())
                        .isCloseTo(((Number) best.get("probability")).doubleValue(), within(1e-5));
            }
        }
    }

    @Test
    void theSameRunIsAlreadyFinished() {
        assertThat(asked().run().ending()).isEqualTo(FineTuning.Ending.ALREADY_FINISHED);
    }

    @Test
    void goesOnForMoreEpochsWithTheSettingsThatItKept() throws IOException {
        FineTuning.Result grown = FineTuning.resume(run).data(images).epochs(3).run();
        assertThat(grown.ending()).isEqualTo(FineTuning.Ending.FINISHED);
        assertThat((List<?>) grown.metrics().get("epochs")).hasSize(3);
        FineTuning.Result straight =
                asked().epochs(3).out(folder.resolve("straight")).run();
        assertThat(grown.loss()).isEqualTo(straight.loss());
    }

    @Test
    void anInterruptedOneIsFinished() throws IOException {
        for (String name : List.of("model.safetensors", "model.json", "metrics.json")) {
            Files.delete(run.resolve(name));
        }
        assertThatThrownBy(() -> asked().run()).hasMessageContaining("unfinished");
        assertThat(asked().resume(true).run().ending()).isEqualTo(FineTuning.Ending.FINISHED);
        try (ImageClassifier classifier = ImageClassifier.load(run)) {
            assertThat(classifier.classes()).containsExactly("left", "right");
        }
    }

    @Test
    void anotherSeedIsAnotherRun() {
        try (StopSignal stop = new StopSignal()) {
            assertThatThrownBy(() -> asked().seed(4).resume(true).stop(stop).run())
                    .hasMessageContaining("seed was 3, is 4");
        }
        assertThat(Json.readObject(run.resolve("run.json"))).containsKey("identity");
    }

    @Test
    void aNewerFormatAndAnotherTaskAreRefused() throws IOException {
        Path file = run.resolve("model.json");
        String card = Files.readString(file);
        Files.writeString(file, card.replaceFirst("\\{", "{ \"format_version\": 99,"));
        assertThatThrownBy(() -> ImageClassifier.load(run))
                .hasMessageContaining("has format_version 99, and this version of Graft reads up to 2");
        Files.writeString(file, card.replaceFirst("\\{", "{ \"format_version\": 1, \"task\": \"regression\","));
        assertThatThrownBy(() -> ImageClassifier.load(run)).hasMessageContaining("for the task regression");
        Files.writeString(file, card.replaceFirst("\\{", "{ \"format_version\": \"1\","));
        assertThatThrownBy(() -> ImageClassifier.load(run)).hasMessageContaining("its format_version is 1");
    }
}
