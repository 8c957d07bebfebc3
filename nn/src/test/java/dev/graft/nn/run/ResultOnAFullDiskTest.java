package dev.graft.nn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.model.ModelCard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Features that a run keeps for a resume must not take the room that its result needs. */
class ResultOnAFullDiskTest {
    private static final RunIdentity RUN = new RunIdentity(Map.of("seed", 1), false);

    @TempDir
    private Path folder;

    /** A result that does not fit beside the features, or never. */
    private RunFolder.Result result(Path features, boolean everFits) {
        return new RunFolder.Result() {
            @Override
            public void saveWeights(Path file) {
                if (!everFits || Files.exists(features)) {
                    throw new RunException("no space left on device", "free some");
                }
                try {
                    Files.writeString(file, "weights");
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }

            @Override
            public Map<String, Object> metrics() {
                return Map.of("best", Map.of("epoch", 1));
            }

            @Override
            public ModelCard card(String weightsSha256, Map<String, Object> run) {
                return new ModelCard(ModelCard.IMAGE_CLASSIFICATION, "tiny", List.of("a", "b"), Map.of(), run);
            }
        };
    }

    @Test
    void theResultTakesTheRoomOfTheFeatures() throws IOException {
        Path features = Files.writeString(folder.resolve("features-training.bin"), "large");
        try (RunFolder run = RunFolder.open(folder, Map.of())) {
            run.finish(RUN, Map.of(), result(features, true));
        }
        assertThat(folder.resolve(ModelCard.WEIGHTS)).hasContent("weights");
        assertThat(folder.resolve(ModelCard.FILE_NAME)).exists();
        assertThat(features).doesNotExist();
    }

    @Test
    void aDiskThatIsFullAllTheSameIsTold() throws IOException {
        Path features = Files.writeString(folder.resolve("features-training.bin"), "large");
        try (RunFolder run = RunFolder.open(folder, Map.of())) {
            assertThatThrownBy(() -> run.finish(RUN, Map.of(), result(features, false)))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining("no space left on device");
        }
        assertThat(folder.resolve(ModelCard.FILE_NAME)).doesNotExist();
    }
}
