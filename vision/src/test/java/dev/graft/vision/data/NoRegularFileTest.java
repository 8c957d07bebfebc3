package dev.graft.vision.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.Safetensors;
import dev.graft.io.TorchCheckpoint;
import dev.graft.io.WeightFiles;
import dev.graft.vision.image.Image;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A device never ends and a pipe waits: what is no regular file is refused before it is opened. */
@Timeout(20)
class NoRegularFileTest {
    @TempDir
    private Path folder;

    private static final Map<String, Consumer<Path>> READERS = Map.of(
            "Image.read", Image::read,
            "WeightFiles.load", file -> WeightFiles.load(file).close(),
            "WeightFiles.load by name", file -> WeightFiles.load(file, "ema").close(),
            "WeightFiles.inspect", WeightFiles::inspect,
            "Safetensors.load", file -> Safetensors.load(file).close(),
            "Safetensors.metadata", Safetensors::metadata,
            "TorchCheckpoint.load", file -> TorchCheckpoint.load(file).close(),
            "ImageCsv.open", file -> ImageCsv.open(file, StandardCharsets.UTF_8, TestImages.PIPELINE),
            "ImageNpz.open", file -> ImageNpz.open(file, ImageNpz.Part.TRAIN, TestImages.PIPELINE),
            "ImageFolder.open", file -> ImageFolder.open(file, TestImages.PIPELINE));

    private Path pipe() throws IOException {
        Path pipe = folder.resolve("pipe.jpg");
        try {
            Process make = new ProcessBuilder("mkfifo", pipe.toString()).start();
            Assumptions.assumeTrue(make.waitFor() == 0, "skipped: mkfifo failed");
        } catch (IOException e) {
            Assumptions.abort("skipped: no mkfifo here");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return pipe;
    }

    @Test
    void devicesAndPipesAreRefusedAtOnce() throws IOException {
        Path zero = Path.of("/dev/zero");
        Assumptions.assumeTrue(Files.exists(zero), "skipped: no /dev/zero here");
        for (Path file : List.of(zero, Path.of("/dev/null"), pipe())) {
            READERS.forEach((name, reader) -> assertThatThrownBy(() -> reader.accept(file))
                    .as(name + " " + file)
                    .hasMessageContaining(file.toString())
                    .hasMessageMatching("(?s).*(not a regular file|is not a folder).*")
                    .hasMessageContaining("Hint: "));
        }
        assertThat(ImageNpz.isNpz(zero)).isFalse();
    }

    @Test
    void aFolderWithAnImagesNameIsCalledAFolder() throws IOException {
        Path named = Files.createDirectory(folder.resolve("folder.jpg"));
        assertThatThrownBy(() -> Image.read(named))
                .hasMessageContaining("it is a folder")
                .hasMessageContaining("Hint: ");
        assertThatThrownBy(() -> WeightFiles.load(named)).hasMessageContaining("is a folder");
        assertThatThrownBy(() -> ImageCsv.open(named, StandardCharsets.UTF_8, TestImages.PIPELINE))
                .hasMessageContaining("is not a regular file");
        assertThatThrownBy(() -> ImageNpz.open(named, ImageNpz.Part.TRAIN, TestImages.PIPELINE))
                .hasMessageContaining("is not a regular file");
    }
}
