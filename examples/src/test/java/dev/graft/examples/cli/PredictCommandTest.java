package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PredictCommandTest {
    @TempDir
    private Path folder;

    private Path weights;
    private Path image;

    @BeforeEach
    void writeFiles() throws IOException {
        weights = folder.resolve("w.safetensors");
        try (CifarResNet model = CifarResNet.resnet20(3, new SplittableRandom(1));
                StateDict state = model.stateDict()) {
            Safetensors.save(state, weights);
        }
        image = TinyImages.write(folder.resolve("image.png"), true, new SplittableRandom(2));
    }

    @Test
    void namesClassesByALabelFile() throws IOException {
        Path labels = Files.writeString(folder.resolve("labels.txt"), "ant\nbee\ncat\n");
        Cli run = Cli.run(
                        "predict",
                        "--model",
                        "resnet20",
                        "--weights",
                        weights,
                        "--labels",
                        labels,
                        image,
                        "--json",
                        "-")
                .succeeded();
        assertThat(run.out()).startsWith("[ {").contains("\"label\" : \"bee\"");
        assertThat(run.err()).contains("image.png").contains("%");
        Path two = Files.writeString(folder.resolve("two.txt"), "ant\nbee\n");
        Cli.run("predict", "--model", "resnet20", "--weights", weights, "--labels", two, image)
                .failedWith("two.txt has 2 lines", "3 classes");
    }

    @Test
    void aLabelFileInAnotherEncodingIsRefused() throws IOException {
        Path latin =
                Files.write(folder.resolve("latin.txt"), "ant\nb\u00EAte\ncat\n".getBytes(StandardCharsets.ISO_8859_1));
        Cli.run("predict", "--model", "resnet20", "--weights", weights, "--labels", latin, image)
                .failedWith("latin.txt is not UTF-8", "save it as UTF-8");
        Path marked = Files.writeString(folder.resolve("marked.txt"), "\uFEFFant\nb\u00EAte\ncat\n");
        assertThat(Cli.run(
                                "predict",
                                "--model",
                                "resnet20",
                                "--weights",
                                weights,
                                "--labels",
                                marked,
                                image,
                                "--json",
                                "-")
                        .succeeded()
                        .out())
                .contains("\"ant\"", "\"b\u00EAte\"")
                .doesNotContain("\uFEFF");
    }

    @Test
    void anUnreadableImageDoesNotStopTheOthers() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken.png"), "no image");
        Path json = folder.resolve("out.json");
        Cli run = Cli.run("predict", "--model", "resnet20", "--weights", weights, broken, image, "--json", json);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("broken.png", "Hint: ");
        assertThat(run.out()).contains("image.png");
        assertThat(Files.readString(json)).contains("\"error\"", "\"top\"");
    }

    @Test
    void wrongUsageIsTold() {
        Cli.run("predict", "--model", "resnet20").wrongUsage("IMAGE");
        Cli.run("predict", "--model", folder, "--weights", weights, image).wrongUsage("are for a network's name");
        Cli.run("predict", "--model", folder, image).failedWith("holds no model.json");
        Cli.run("predict", "--model", "nonet", image).failedWith("nonet");
    }
}
