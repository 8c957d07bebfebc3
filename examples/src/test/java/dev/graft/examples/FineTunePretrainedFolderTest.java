package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.examples.cli.TimmFolders;
import dev.graft.examples.cli.TinyImages;
import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FineTunePretrainedFolderTest {
    @Test
    void theFiveStepsRun(@TempDir Path folder) throws IOException {
        Path pretrained = TimmFolders.write(folder.resolve("timm"), 3, false, "null");
        Path images = TinyImages.folder(folder.resolve("images"), 8, 1);
        Path test = TinyImages.folder(folder.resolve("test"), 4, 2);
        Path file = folder.resolve("model.safetensors");
        double accuracy = FineTunePretrainedFolder.fineTune(pretrained, images, test, 3, file);
        assertThat(accuracy).isBetween(0.5, 1.0);
        try (StateDict before = Safetensors.load(pretrained.resolve("model.safetensors"));
                StateDict saved = Safetensors.load(file)) {
            assertThat(saved.get("fc.weight").shape().toArray()).containsExactly(2, 512);
            assertThat(before.names()).allMatch(name -> saved.sha256(name).equals(before.sha256(name)));
        }
    }
}
