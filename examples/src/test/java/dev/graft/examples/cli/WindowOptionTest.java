package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** 12-bit data in 16-bit PNG files: nearly black as it is, and told so once; told apart through a window. */
class WindowOptionTest {
    private static final int SIDE = 32;
    private static final String FEW_BITS = "use so few of their samples' bits";

    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void writeImages() throws IOException {
        data = folder.resolve("data");
        SplittableRandom random = new SplittableRandom(3);
        for (String name : List.of("left", "right")) {
            Files.createDirectories(data.resolve(name));
            for (int i = 0; i < 12; i++) {
                write(data.resolve(name).resolve(i + ".png"), name.equals("left"), random);
            }
        }
    }

    private static void write(Path file, boolean left, SplittableRandom random) throws IOException {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_USHORT_GRAY);
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                image.getRaster().setSample(x, y, 0, ((x < SIDE / 2) == left ? 3000 : 1000) + random.nextInt(900));
            }
        }
        ImageIO.write(image, "png", file.toFile());
    }

    private Cli finetune(String out, Object... more) {
        List<Object> all = new ArrayList<>(List.of(
                "finetune",
                "--data",
                data,
                "--model",
                "resnet20",
                "--weights",
                "none",
                "--epochs",
                2,
                "--batch",
                8,
                "--out",
                folder.resolve(out)));
        all.addAll(Arrays.asList(more));
        return Cli.run(all.toArray()).succeeded();
    }

    private static long lines(String text, String part) {
        return text.lines().filter(line -> line.contains(part)).count();
    }

    @Test
    void withoutAWindowOneLineSaysSoAndNamesTheOption() {
        for (String freeze : List.of("backbone", "none")) {
            Cli run = finetune("run-" + freeze, "--freeze", freeze);
            assertThat(lines(run.out() + run.err(), FEW_BITS))
                    .as("%s: %s", freeze, run.out())
                    .isEqualTo(1);
            assertThat(run.out())
                    .contains(": 24 (first ", "12 of its 16 bits)", "--window percentile or --window CENTRE:WIDTH");
        }
        Cli evaluation = Cli.run("evaluate", "--model", folder.resolve("run-none"), "--data", data)
                .succeeded();
        assertThat(lines(evaluation.out(), FEW_BITS)).isEqualTo(1);
        Cli prediction = Cli.run(
                        "predict",
                        "--model",
                        folder.resolve("run-none"),
                        data.resolve("left/0.png"),
                        data.resolve("left/1.png"))
                .succeeded();
        assertThat(lines(prediction.err(), FEW_BITS)).isEqualTo(1);
        assertThat(prediction.err()).contains(": 2 (first ");
    }

    @Test
    void theModelKeepsItsWindow() {
        Cli run = finetune("run", "--freeze", "none", "--window", "2500:4000");
        assertThat(lines(run.out() + run.err(), FEW_BITS)).isZero();
        Map<String, Object> card = Json.readObject(folder.resolve("run/model.json"));
        assertThat(Cli.map(card.get("preprocessing")).get("window")).isEqualTo("2500:4000");
        Object image = data.resolve("left/0.png");
        Cli own = Cli.run("predict", "--model", folder.resolve("run"), image).succeeded();
        Cli same = Cli.run("predict", "--model", folder.resolve("run"), "--window", "2500.0:4000", image)
                .succeeded();
        assertThat(same.out()).isEqualTo(own.out());
        assertThat(own.err()).doesNotContain(FEW_BITS);
        Cli.run("predict", "--model", folder.resolve("run"), "--window", "percentile", image)
                .wrongUsage("--window percentile is not the model's: it was trained with --window 2500:4000");
        Cli.run("evaluate", "--model", folder.resolve("run"), "--window", "full", "--data", data)
                .wrongUsage("--window full is not the model's");
        Cli.run("evaluate", "--model", folder.resolve("run"), "--data", data).succeeded();
    }

    @Test
    void aFinetuningThatStartsFromAModelTakesItsWindow() {
        finetune("first", "--freeze", "none", "--window", "percentile");
        Cli.run(
                        "finetune",
                        "--data",
                        data,
                        "--model",
                        "resnet20",
                        "--weights",
                        folder.resolve("first/model.safetensors"),
                        "--epochs",
                        1,
                        "--batch",
                        8,
                        "--out",
                        folder.resolve("second"))
                .succeeded();
        assertThat(Cli.map(Json.readObject(folder.resolve("second/model.json")).get("preprocessing"))
                        .get("window"))
                .isEqualTo("percentile");
    }

    @Test
    void aResumedRunKeepsItsWindow() {
        finetune("run", "--freeze", "none", "--window", "percentile", "--epochs", 1);
        Cli.run("finetune", "--resume", "--out", folder.resolve("run"), "--epochs", 2)
                .succeeded();
        assertThat(Cli.map(Json.readObject(folder.resolve("run/model.json")).get("preprocessing"))
                        .get("window"))
                .isEqualTo("percentile");
        assertThat(Cli.run("finetune", "--resume", "--out", folder.resolve("run"), "--epochs", 3, "--window", "full")
                        .code())
                .as("another window")
                .isEqualTo(1);
    }

    @Test
    void aWindowThatNoImageNeedsIsSaid() throws IOException {
        data = TinyImages.folder(folder.resolve("eight bits"), 8, 1);
        assertThat(finetune("run", "--freeze", "none", "--window", "percentile")
                        .out()
                        .lines()
                        .filter(line -> line.startsWith("--window")))
                .containsExactly("--window percentile changed nothing: no image has more than 8 bits a sample");
    }

    @Test
    void aWindowThatCannotBeReadIsWrongUsage() {
        Cli.run(
                        "finetune",
                        "--data",
                        data,
                        "--model",
                        "resnet20",
                        "--weights",
                        "none",
                        "--out",
                        folder.resolve("run"),
                        "--window",
                        "wide")
                .wrongUsage("'wide' is not a window");
        assertThat(folder.resolve("run")).doesNotExist();
    }
}
