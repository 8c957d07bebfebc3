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

/** Folders as timm ships them, wherever the program takes weights. */
class PretrainedFolderCommandTest {
    @TempDir
    private Path folder;

    private Path data;
    private Path timm;

    @BeforeEach
    void write() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 5, 1);
        timm = TimmFolders.write(folder.resolve("timm"), 3, true, "[\"x\", \"y\", \"z\"]");
    }

    private Cli finetune(Object... more) {
        Object[] all = {
            "finetune", "--data", data, "--weights", timm, "--epochs", 1, "--batch", 4, "--out", folder.resolve("run")
        };
        Object[] both = java.util.Arrays.copyOf(all, all.length + more.length);
        System.arraycopy(more, 0, both, all.length, more.length);
        return Cli.run(both);
    }

    @Test
    void finetuneHasNetworkAndPreprocessingFromIt() {
        Cli run = finetune().succeeded();
        assertThat(run.out())
                .contains("model: " + TimmFolders.NETWORK + " from " + timm.resolve("model.safetensors")
                        + ", new head fc for 2 classes");
        Map<String, Object> card = Json.readObject(folder.resolve("run/model.json"));
        assertThat(card)
                .containsEntry("architecture", TimmFolders.NETWORK)
                .containsEntry("start_weights", timm.toString());
        assertThat(Cli.map(card.get("preprocessing")).get("resize_size")).isEqualTo(67);
        assertThat(Cli.map(card.get("preprocessing")).get("crop_size")).isEqualTo(64);
        assertThat(Cli.map(card.get("preprocessing")).get("interpolation")).isEqualTo("bicubic");
        assertThat(Cli.map(card.get("preprocessing")).get("mean")).isEqualTo(List.of(0.5, 0.4, 0.3));
        Cli.run("predict", "--model", folder.resolve("run"), data.resolve("left/image0.png"))
                .succeeded();
        Cli.run("evaluate", "--model", folder.resolve("run"), "--data", data).succeeded();
    }

    @Test
    void aRunIsResumedWithoutNamingThemAgain() {
        Cli.run("finetune", "--data", data, "--weights", timm, "--epochs", 1, "--out", folder.resolve("run"))
                .succeeded();
        Cli.run("finetune", "--resume", "--epochs", 2, "--out", folder.resolve("run"))
                .succeeded();
        finetune("--epochs", 2, "--resume", "--batch", 32).succeeded();
        assertThat(Cli.map(Json.readObject(folder.resolve("run/run.json")).get("options"))
                        .get("--model"))
                .isEqualTo(TimmFolders.NETWORK);
    }

    @Test
    void theFileInItMeansTheSame() {
        Cli.run(
                        "finetune",
                        "--data",
                        data,
                        "--weights",
                        timm.resolve("model.safetensors"),
                        "--epochs",
                        1,
                        "--out",
                        folder.resolve("run"))
                .succeeded();
        assertThat(Json.readObject(folder.resolve("run/model.json")))
                .containsEntry("architecture", TimmFolders.NETWORK);
    }

    @Test
    void anotherNetworkIsRefused() {
        finetune("--model", "resnet18")
                .failedWith(timm + " is a " + TimmFolders.NETWORK
                        + " by its config.json, not a resnet18. Hint: say --model " + TimmFolders.NETWORK
                        + ", or leave it out.");
        finetune("--model", TimmFolders.NETWORK).succeeded();
    }

    @Test
    void foldersThatAreNotOneAreRefused() throws IOException {
        finetune().succeeded();
        Cli.run("finetune", "--data", data, "--weights", folder.resolve("run"), "--out", folder.resolve("other"))
                .failedWith("is the folder of a model that Graft saved", "give the file");
        Cli.run("finetune", "--data", data, "--weights", data, "--out", folder.resolve("other"))
                .failedWith(data + " holds no config.json");
        Cli.run("finetune", "--data", data, "--weights", timm, "--out", timm, "--overwrite")
                .failedWith("is a file of the run in --out");
        Files.writeString(timm.resolve("config.json"), "{");
        Cli.run("finetune", "--data", data, "--weights", timm, "--out", folder.resolve("other"))
                .failedWith("config.json is not a JSON object");
        assertThat(folder.resolve("other")).doesNotExist();
    }

    @Test
    void aFolderWithAClassifierPredicts() {
        Path image = data.resolve("left/image0.png");
        Cli one = Cli.run("predict", "--model", timm, image).succeeded();
        assertThat(one.out()).contains(" x (0)", " y (1)", " z (2)");
        assertThat(Cli.run("predict", "--model", TimmFolders.NETWORK, "--weights", timm, image)
                        .succeeded()
                        .out())
                .isEqualTo(one.out());
        Cli.run("evaluate", "--model", timm, "--data", data).failedWith("the images have other classes than the model");
    }

    @Test
    void aFolderWithoutAClassifierDoesNot() throws IOException {
        Path backbone = TimmFolders.write(folder.resolve("backbone"), 3, false, "null");
        Cli.run("predict", "--model", backbone, data.resolve("left/image0.png"))
                .failedWith("holds a backbone without a classifier");
    }

    @Test
    void inspectSaysWhatItIs() throws IOException {
        Cli run = Cli.run("inspect", timm).succeeded();
        Map<String, Object> report = Json.readObject(Files.writeString(folder.resolve("out.json"), run.out()));
        assertThat(report)
                .containsEntry("file", "model.safetensors")
                .containsEntry("architecture", TimmFolders.NETWORK)
                .containsEntry("classes", List.of("x", "y", "z"))
                .containsEntry("format", "safetensors");
        assertThat(Cli.map(report.get("preprocessing")).get("crop_size")).isEqualTo(64);
        Cli.run("inspect", data).failedWith("holds no config.json");
    }
}
