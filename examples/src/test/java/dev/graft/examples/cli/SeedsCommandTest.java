package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings that are repeated: {@code finetune --seeds} and {@code learning-curve}. */
class SeedsCommandTest {
    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void images() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 12, 1);
    }

    @Test
    void seedsSpreadAndTheirMeanIsAModel() throws IOException {
        Path out = folder.resolve("ensemble");
        Cli run = Cli.finetune(data, out, "--seeds", 2, "--seed", 5).succeeded();
        assertThat(run.out())
                .contains("seed 5 (1 of 2):")
                .contains("seed 6 (2 of 2):")
                .containsPattern("(?m)^seed +accuracy +AUROC +loss")
                .containsPattern("(?m)^5 +0\\.")
                .containsPattern("(?m)^mean +0\\.");
        Map<String, Object> metrics = Json.readObject(out.resolve("metrics.json"));
        assertThat((List<?>) metrics.get("seeds")).hasSize(2);
        assertThat(Cli.map(metrics.get("spread")).keySet().toString()).contains("accuracy", "loss");
        assertThat(Cli.map(metrics.get("ensemble"))).isNotEmpty();
        for (String seed : List.of("seed-1", "seed-2")) {
            assertThat(out.resolve(seed).resolve("report.html")).isRegularFile();
        }
        Path image = data.resolve("left/image0.png");
        Cli.run("predict", "--model", out, image).succeeded();
        Cli.run("explain", "--model", out, "--out", folder.resolve("maps"), image)
                .succeeded();
        assertThat(folder.resolve("maps/image0.grad-cam.png")).isRegularFile();
        assertThat(Cli.finetune(data, out, "--seeds", 2, "--seed", 5, "--resume")
                        .succeeded()
                        .out())
                .doesNotContain("epoch 1/1");
        Cli.finetune(data, folder.resolve("one"), "--seeds", 1).wrongUsage("--seeds must be at least 2");
        Cli.finetune(data, out.resolve("seed-1"), "--seeds", 2, "--overwrite").failedWith("holds a single run");
    }

    @Test
    void learningCurvesHaveAPointForEachSize() throws IOException {
        Path out = folder.resolve("curve");
        Object[] command = {
            "learning-curve",
            "--data",
            data,
            "--model",
            "resnet20",
            "--weights",
            "none",
            "--freeze",
            "none",
            "--epochs",
            1,
            "--train-sizes",
            "8,16",
            "--seeds",
            2,
            "--out",
            out
        };
        Cli run = Cli.run(command).succeeded();
        assertThat(run.out())
                .containsPattern("(?m)^start +images +metric +mean +deviation +95 % interval")
                .containsPattern("(?m) 8 +accuracy +")
                .containsPattern("(?m) 16 +AUROC +")
                .contains("the validation images, the draws of training images and the seeds leave open");
        assertThat(Files.readString(out.resolve("learning-curve.csv")).lines().count())
                .as("a header, and a line for each size")
                .isEqualTo(3);
        assertThat(Files.readString(out.resolve("learning-curve.json"))).contains("\"images\" : 16");
        assertThat(Files.readString(out.resolve("learning-curve.html"))).contains("<svg");
        Object[] again = java.util.Arrays.copyOf(command, command.length + 1);
        again[command.length] = "--resume";
        assertThat(Cli.run(again).succeeded().out()).doesNotContain("epoch 1/1");
        command[12] = "8,999";
        Cli.run(command).wrongUsage("--train-sizes asks for 999 images, and there are 19 to train on");
    }
}
