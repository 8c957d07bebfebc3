package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.StateDict;
import dev.graft.io.TorchCheckpoint;
import dev.graft.nn.model.ModelCard;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is left where files cannot be written half-way: a limit on a file's length stands for a full disk. */
@DisabledOnOs(OS.WINDOWS)
@Timeout(300)
class FullDiskTest {
    @TempDir
    private Path folder;

    private Path data;
    private Path out;

    @BeforeEach
    void writeImages() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 12, 1);
        out = folder.resolve("out");
    }

    private record Ended(int code, String said) {}

    /** @param blocks the longest file that may be written, in KiB */
    private Ended finetune(int blocks, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "bash",
                "-c",
                "ulimit -f " + blocks + "; exec \"$@\"",
                "limited",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx400m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dgraft.kernels=plain",
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                KillTest.Run.class.getName(),
                "finetune",
                "--data",
                data.toString(),
                "--model",
                "resnet20",
                "--batch",
                "6",
                "--threads",
                "1",
                "--out",
                out.toString()));
        command.addAll(Arrays.asList(arguments));
        Path said = folder.resolve("said");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("the program ends").isTrue();
        return new Ended(process.exitValue(), Files.readString(said));
    }

    private static String model(Path run) {
        ModelCard card = ModelCard.read(run);
        ImageClassifier.load(run).close();
        return card.weightsSha256().orElseThrow();
    }

    private void assertNoTemporaryFile() throws IOException {
        try (Stream<Path> files = Files.list(out)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .noneMatch(name -> name.endsWith(".tmp") || name.endsWith(".new"));
        }
    }

    @Test
    void aCheckpointThatCannotBeWrittenEndsTheRunAndLeavesTheOldModel() throws Exception {
        String[] recipe = {"--weights", "none", "--freeze", "none", "--epochs", "1"};
        assertThat(finetune(100_000, recipe).code()).isZero();
        String old = model(out);
        Ended full = finetune(800, with(recipe, "--seed", "3", "--overwrite"));
        assertThat(full.code()).as(full.said()).isEqualTo(1);
        assertThat(full.said()).contains("last.safetensors", "cannot be written", "space");
        assertThat(model(out)).isEqualTo(old);
        assertNoTemporaryFile();
        assertThat(finetune(100_000, with(recipe, "--seed", "3", "--resume")).code())
                .isZero();
        assertThat(model(out)).isNotEqualTo(old);
    }

    /** The checkpoints of a head are small; the whole model at the end is not. */
    @Test
    void aResultThatCannotBeWrittenLeavesTheOldOneAndIsWrittenByAResume() throws Exception {
        Path pretrained = folder.resolve("pretrained.pth");
        try (CifarResNet model = CifarResNet.resnet20(5, new SplittableRandom(5));
                StateDict state = model.stateDict()) {
            TorchCheckpoint.save(state, pretrained);
        }
        String[] recipe = {"--weights", pretrained.toString(), "--epochs", "3"};
        Ended first = finetune(800, recipe);
        assertThat(first.code()).as(first.said()).isEqualTo(1);
        assertThat(first.said()).contains("model.safetensors", "cannot be written");
        assertThat(out.resolve("model.safetensors")).doesNotExist();
        assertThat(out.resolve("metrics.json")).doesNotExist();
        assertNoTemporaryFile();
        Ended resumed = finetune(100_000, with(recipe, "--resume"));
        assertThat(resumed.code()).as(resumed.said()).isZero();
        String old = model(out);
        Ended second = finetune(800, with(recipe, "--seed", "3", "--overwrite"));
        assertThat(second.code()).as(second.said()).isEqualTo(1);
        assertThat(model(out)).isEqualTo(old);
        assertThat(finetune(100_000, with(recipe, "--seed", "3", "--resume")).code())
                .isZero();
        assertThat(model(out)).isNotEqualTo(old);
    }

    /**
     * SqueezeNet's features are longer than its weights: the disk takes those and the checkpoints, not the features.
     */
    @Test
    void featuresThatCannotBeKeptAreUsedAllTheSame() throws Exception {
        String[] recipe = {
            "--model",
            "squeezenet1_1",
            "--weights",
            "none",
            "--image-size",
            "224",
            "--epochs",
            "1",
            "--cached-views",
            "2",
            "--augment",
            "light"
        };
        Ended full = finetune(5_000, recipe);
        assertThat(full.code()).as(full.said()).isZero();
        assertThat(full.said())
                .contains(
                        "feature cache: a stop would lose the features of training images, whose file cannot be written")
                .contains("kept in memory");
        assertThat(out.resolve("features-training.bin")).doesNotExist();
        model(out);
    }

    private static String[] with(String[] recipe, String... more) {
        return Stream.concat(Arrays.stream(recipe), Arrays.stream(more)).toArray(String[]::new);
    }
}
