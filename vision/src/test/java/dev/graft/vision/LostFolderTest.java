package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.model.ModelCard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A run whose folder goes away while it trains. */
@DisabledOnOs(OS.WINDOWS)
class LostFolderTest {
    @TempDir
    private Path folder;

    private Path data;
    private Path out;

    @BeforeEach
    void writeImages() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 12, 1);
        out = folder.resolve("run");
    }

    /** An unplugged disk, or one that has become read-only: nothing can be written any more, by root neither. */
    @Test
    void aFolderThatGoesAwayEndsTheRunAtItsLastCheckpoint() throws IOException {
        Runs.Plan plan = new Runs(data).plan();
        Runs.run(folder.resolve("whole"), plan);
        Path away = folder.resolve("away");
        assertThatThrownBy(() -> Runs.run(out, plan, (event, stop) -> {
                    if (event.equals("batch 4")) {
                        move(out, away);
                    }
                }))
                .hasMessageContaining(".safetensors: cannot be written");
        move(away, out);
        Runs.run(out, plan.resume());
        assertThat(model(out)).isEqualTo(model(folder.resolve("whole")));
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String model(Path run) {
        ModelCard card = ModelCard.read(run);
        ImageModels.load(card, run).close();
        return card.weightsSha256().orElseThrow();
    }
}
