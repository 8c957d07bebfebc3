package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code explain}: the pictures, and what is said of them. */
class ExplainCommandTest {
    @TempDir
    private static Path root;

    @TempDir
    private Path folder;

    private static Path model;
    private static Path images;

    @BeforeAll
    static void train() throws IOException {
        model = root.resolve("run");
        images = TinyImages.folder(root.resolve("data"), 8, 1);
        Cli.finetune(images, model).succeeded();
    }

    @Test
    void everyMethodWritesAPictureOfEachImage() throws IOException {
        for (String method : List.of("grad-cam", "grad-cam++", "occlusion")) {
            Path out = folder.resolve(method);
            Map<String, Object> found = Cli.json(
                    folder.resolve("e.json"),
                    "explain",
                    "--model",
                    model,
                    "--method",
                    method,
                    "--out",
                    out,
                    images.resolve("left/image0.png"),
                    images.resolve("right/image0.png"));
            assertThat(found).containsEntry("method", method);
            List<?> entries = (List<?>) found.get("images");
            assertThat(entries).hasSize(2);
            for (Object entry : entries) {
                Map<?, ?> one = Cli.map(entry);
                assertThat(one.get("class")).isIn("left", "right");
                assertThat((Double) one.get("probability")).isBetween(0.5, 1.0);
                var picture = ImageIO.read(Path.of((String) one.get("picture")).toFile());
                assertThat(picture.getWidth())
                        .as("an image of 32 pixels, enlarged")
                        .isEqualTo(224);
            }
            try (var files = Files.list(out)) {
                assertThat(files).as("two images of one name").hasSize(2);
            }
        }
    }

    @Test
    void aClassIsChosenByItsNameAndMapsAreCompared() {
        Path out = folder.resolve("maps");
        Cli run = Cli.run(
                        "explain",
                        "--model",
                        model,
                        "--class",
                        "right",
                        "--sanity",
                        "--out",
                        out,
                        images.resolve("left"))
                .succeeded();
        assertThat(run.out()).contains("  right ").doesNotContain("  left ").contains("sanity check of grad-cam");
        Map<String, Object> found = Cli.json(
                folder.resolve("e.json"),
                "explain",
                "--model",
                model,
                "--sanity",
                "--out",
                out,
                images.resolve("left"));
        assertThat(Cli.map(found.get("sanity_check"))).isNotEmpty();
    }

    @Test
    void whatCannotBeIsRefused() throws IOException {
        Path image = images.resolve("left/image0.png");
        Cli.run("explain", "--model", model, "--class", "rihgt", image).wrongUsage("Did you mean right?");
        Cli.run("explain", "--model", model, "--method", "lime", image).wrongUsage("--method lime is not known");
        Cli.run("explain", "--model", folder.resolve("none"), image).failedWith("none");
        Path broken = Files.writeString(folder.resolve("broken.png"), "no image");
        Cli run = Cli.run("explain", "--model", model, "--out", folder.resolve("maps"), broken, image)
                .failsNaming("broken.png");
        assertThat(run.out()).as("the other one is explained all the same").contains("image0.grad-cam.png");
    }

    /** Of labels each has a map of its own, and one that is not given can be asked for. */
    @Test
    void labelsAreExplainedOneByOne() throws IOException {
        StringBuilder rows = new StringBuilder("file,left,any\n");
        for (int i = 0; i < 8; i++) {
            rows.append("left/image" + i + ".png,1," + i % 2 + "\n");
            rows.append("right/image" + i + ".png,0," + (i / 2) % 2 + "\n");
        }
        Path list = Files.writeString(images.resolve("list.csv"), rows);
        Path run = folder.resolve("labels");
        Cli.finetune(list, run, "--label-columns", "left,any").succeeded();
        Path image = images.resolve("right/image3.png");
        Path answers = folder.resolve("p.json");
        Cli.run("predict", "--model", run, "--top", 2, "--json", answers, image).succeeded();
        String predicted = Files.readString(answers);
        for (String method : List.of("grad-cam", "grad-cam++", "occlusion")) {
            for (String label : List.of("left", "any")) {
                Map<String, Object> found = Cli.json(
                        folder.resolve("e.json"),
                        "explain",
                        "--model",
                        run,
                        "--method",
                        method,
                        "--class",
                        label,
                        "--out",
                        folder.resolve("maps"),
                        image);
                Map<?, ?> one = Cli.map(((List<?>) found.get("images")).get(0));
                assertThat(one.get("class")).isEqualTo(label);
                float probability = ((Number) one.get("probability")).floatValue();
                assertThat(predicted)
                        .as("the sigmoid of its own logit, not a share of all labels")
                        .contains(String.valueOf(probability).substring(0, 6));
            }
        }
    }
}
