package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.StateDict;
import dev.graft.io.TorchCheckpoint;
import dev.graft.nn.json.Json;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What new users try with runs: train on everything, look at a half-done model, have damaged files, mistype. */
@Timeout(120)
class RunsAsUsersTryThemTest {
    @TempDir
    private Path folder;

    private Path data;
    private Path run;

    @BeforeEach
    void images() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 6, 1);
        run = folder.resolve("runs/deep/run");
    }

    private Cli finetune(Object... more) {
        List<Object> all = new ArrayList<>(
                List.of("finetune", "--data", data, "--model", "resnet20", "--epochs", 1, "--batch", 8, "--out", run));
        if (!Arrays.asList(more).contains("--weights")) {
            all.addAll(List.of("--weights", "none", "--freeze", "none"));
        }
        all.addAll(Arrays.asList(more));
        return Cli.run(all.toArray());
    }

    private Path pretrained() {
        Path file = folder.resolve("pretrained.pth");
        try (CifarResNet model = CifarResNet.resnet20(5, new SplittableRandom(5));
                StateDict state = model.stateDict()) {
            TorchCheckpoint.save(state, file);
        }
        return file;
    }

    /** As after Ctrl-C: the checkpoints are there, the result is not. */
    private void unfinish() throws IOException {
        for (String name : new String[] {"model.json", "model.safetensors", "metrics.json"}) {
            Files.delete(run.resolve(name));
        }
    }

    @Test
    void valFractionZeroTrainsOnEverythingAndKeepsTheLastEpoch() {
        for (Object[] how : new Object[][] {{}, {"--weights", pretrained()}}) {
            Object[] more = Arrays.copyOf(how, how.length + 3);
            more[how.length] = "--val-fraction";
            more[how.length + 1] = 0;
            more[how.length + 2] = "--overwrite";
            Cli told = finetune(more).succeeded();
            assertThat(told.out())
                    .contains(
                            "data: 12 training and 0 validation images of 2 classes",
                            "--val-fraction 0 holds no image back: nothing is validated, and the last epoch's weights are kept",
                            "nothing was validated: the last epoch's weights are kept")
                    .doesNotContain("no epoch is the best");
            assertThat(run.resolve("best.safetensors")).doesNotExist();
            Cli.run("predict", "--model", run, data.resolve("left/image0.png")).succeeded();
        }
        Cli.run("finetune", "--resume", "--out", run, "--epochs", 2).succeeded();
        finetune("--val-fraction", 0, "--patience", 3).wrongUsage("--patience needs validation images");
        finetune("--val-fraction", 0, "--monitor", "auroc").wrongUsage("--monitor needs validation images");
        finetune("--val-fraction", 1).wrongUsage("--val-fraction must be at least 0 and below 1");
    }

    @Test
    void aResumeSaysWhereItGoesOn() throws IOException {
        finetune("--epochs", 2).succeeded();
        assertThat(Cli.run("finetune", "--resume", "--out", run, "--epochs", 5)
                        .succeeded()
                        .out())
                .contains("resume: epoch 3 of 5");
        unfinish();
        assertThat(Cli.run("finetune", "--resume", "--out", run).succeeded().out())
                .contains("resume: all 5 epochs are trained; the result is written");
    }

    /** Both with the whole network in the checkpoint, and with its head alone. */
    @Test
    void anUnfinishedRunCanBeJudgedByItsBestWeights() throws IOException {
        Path image = data.resolve("left/image0.png");
        for (Object[] how : new Object[][] {{"--epochs", 3}, {"--weights", pretrained(), "--epochs", 3}}) {
            Object[] more = Arrays.copyOf(how, how.length + 1);
            more[how.length] = "--overwrite";
            finetune(more).succeeded();
            int best = (Integer)
                    Cli.map(Json.readObject(run.resolve("metrics.json")).get("best"))
                            .get("epoch");
            String finished =
                    Cli.run("predict", "--model", run, image).succeeded().out();
            unfinish();
            Cli predicted = Cli.run("predict", "--model", run, image).succeeded();
            assertThat(predicted.out()).isEqualTo(finished);
            assertThat(predicted.err())
                    .contains("holds an unfinished run: these are the weights of its best epoch so far, " + best);
            Files.delete(run.resolve("best.safetensors"));
            assertThat(Cli.run("evaluate", "--model", run, "--data", data)
                            .succeeded()
                            .out())
                    .contains("holds an unfinished run: these are the weights of its last checkpoint, in epoch 4");
        }
        Files.delete(run.resolve("last.safetensors"));
        Cli.run("predict", "--model", run, image).failedWith("stopped before its first checkpoint");
    }

    @Test
    void skipBadLeavesOutWhatCannotBeRead() throws IOException {
        Files.writeString(data.resolve("left/bad1.png"), "no image");
        Files.writeString(data.resolve("right/bad2.jpg"), "no image either");
        finetune("--seed", 3).failsNaming("2 images cannot be read");
        assertThat(folder.resolve("runs")).doesNotExist();
        finetune().failsNaming("leave them out with --skip-bad");
        for (Object[] how : new Object[][] {{"--skip-bad"}, {"--skip-bad", "--weights", pretrained(), "--overwrite"}}) {
            Cli told = finetune(how).succeeded();
            assertThat(told.out())
                    .contains(
                            "unreadable: 2 images cannot be read and are left out (--skip-bad): ",
                            "bad1.png",
                            "bad2.jpg");
            assertThat(Json.readObject(run.resolve("metrics.json"))).containsEntry("unreadable_images", 2);
            Map<?, ?> facts = Cli.map(Json.readObject(run.resolve("model.json")).get("data"));
            assertThat((List<?>) facts.get("unreadable")).hasSize(2);
            assertThat((Integer) facts.get("train_images") + (Integer) facts.get("val_images"))
                    .isEqualTo(12);
        }
        finetune("--weights", pretrained()).failedWith("skip_bad was true, is null");
        for (int i = 0; i < 6; i++) {
            Files.writeString(data.resolve("left/image" + i + ".png"), "no image");
        }
        finetune("--skip-bad", "--overwrite").failedWith("class left has no training image");
    }

    @Test
    void anEarlyFailureLeavesNoFolder() throws IOException {
        finetune("--weights", folder.resolve("absent.pth")).failedWith("absent.pth does not exist");
        assertThat(folder.resolve("runs")).doesNotExist();
        finetune("--model", "resnet2").failsNaming("resnet2");
        assertThat(folder.resolve("runs")).doesNotExist();
        Path mine = Files.createDirectories(run);
        finetune("--weights", folder.resolve("absent.pth")).failsNaming("absent.pth");
        assertThat(mine).isDirectory();
    }

    /** The next listing of the images would take the run for a class. */
    @Test
    void aRunInsideItsImagesIsRefused() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), data);
        for (Path out : List.of(data.resolve("run1"), data.resolve("left/run1"), data, link.resolve("new/run"))) {
            finetune("--out", out).failedWith("--out " + out + " is inside the images' folder " + data);
        }
        assertThat(data.resolve("run1")).doesNotExist();
        finetune("--out", folder.resolve("data-run")).succeeded();
    }

    @Test
    void viewsThatNoDiskHoldsAreRefused() {
        finetune("--weights", pretrained(), "--augment", "light", "--cached-views", 2_000_000_000)
                .failedWith("--cached-views 2000000000: ", "ask for fewer views");
    }

    @Test
    void aTruncatedCheckpointIsNotToBeDownloaded() throws IOException {
        finetune().succeeded();
        Path last = run.resolve("last.safetensors");
        byte[] bytes = Files.readAllBytes(last);
        Files.write(last, Arrays.copyOf(bytes, bytes.length / 2));
        Cli told = Cli.run("finetune", "--resume", "--out", run, "--epochs", 2);
        told.failedWith("last.safetensors");
        assertThat(told.err()).doesNotContain("download");
    }
}
