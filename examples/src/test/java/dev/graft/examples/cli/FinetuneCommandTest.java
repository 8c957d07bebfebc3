package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.graft.io.Safetensors;
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
import org.junit.jupiter.api.io.TempDir;

/** Whole runs on tiny folders. */
class FinetuneCommandTest {
    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void writeImages() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 12, 1);
    }

    private Object[] command(String out, Object... more) {
        List<Object> all = new ArrayList<>(List.of(
                "finetune",
                "--data",
                data,
                "--model",
                "resnet20",
                "--epochs",
                2,
                "--batch",
                8,
                "--out",
                folder.resolve(out)));
        if (!Arrays.asList(more).contains("--weights")) {
            all.addAll(List.of("--weights", "none", "--freeze", "none"));
        }
        all.addAll(Arrays.asList(more));
        return all.toArray();
    }

    private Path pretrained(int classes) {
        Path file = folder.resolve("pretrained" + classes + ".pth");
        try (CifarResNet model = CifarResNet.resnet20(classes, new SplittableRandom(5));
                StateDict state = model.stateDict()) {
            TorchCheckpoint.save(state, file);
        }
        return file;
    }

    @Test
    void writesModelCardLogAndMetricsThatEvaluateAndPredictUse() throws IOException {
        Map<String, Object> metrics = Cli.json(folder.resolve("m.json"), command("run"));
        Path run = folder.resolve("run");
        assertThat(Json.readObject(run.resolve("metrics.json"))).isEqualTo(metrics);
        assertThat(Cli.list(metrics, "epochs")).hasSize(2);
        assertThat(Cli.map(Cli.list(metrics, "epochs").get(0)).get("epoch")).isEqualTo(1);
        assertThat(Cli.map(metrics.get("best")).keySet()).hasToString("[epoch, accuracy, auroc, loss]");
        assertThat((Double) metrics.get("images_per_second")).isPositive();
        assertThat((Double) metrics.get("seconds")).isPositive();
        assertThat(Files.readAllLines(run.resolve("log.csv"))).hasSize(3);

        Map<String, Object> card = Json.readObject(run.resolve("model.json"));
        assertThat(card)
                .containsEntry("architecture", "resnet20")
                .containsEntry("classes", List.of("left", "right"))
                .containsEntry("seed", 0)
                .containsKeys("preprocessing", "versions", "weights_sha256", "settings");
        assertThat((String) Cli.map(card.get("data")).get("sha256")).hasSize(64);
        assertThat((String) card.get("weights_sha256")).hasSize(64);

        Map<String, Object> scores = Cli.json(folder.resolve("e.json"), "evaluate", "--model", run, "--data", data);
        assertThat(scores).containsEntry("images", 24).containsKeys("accuracy", "auroc", "loss");
        assertThat(Cli.map(Cli.list(scores, "classes").get(1)).keySet().toString())
                .contains("sensitivity", "specificity");
        assertThat(Cli.list(scores, "confusion_matrix").toString()).matches("\\[\\[\\d+, \\d+], \\[\\d+, \\d+]]");

        Path image = data.resolve("left/image0.png");
        Cli.run("predict", "--model", run, image, "--top", 1, "--json", folder.resolve("p.json"))
                .succeeded();
        assertThat(Files.readString(folder.resolve("p.json")))
                .startsWith("[")
                .contains("\"file\"", "\"top\"", "\"index\"", "\"label\"", "\"probability\"");
    }

    @Test
    void learnsWhatCanBeLearnt() {
        Map<String, Object> metrics = Cli.json(folder.resolve("m.json"), command("run", "--epochs", 16, "--lr", 0.01));
        assertThat((Double) Cli.map(metrics.get("best")).get("accuracy")).isEqualTo(1.0);
    }

    @Test
    void resumedRunHasTheBitsOfAnUnbrokenOne() throws IOException {
        Cli.run(command("whole", "--epochs", 3, "--augment", "light")).succeeded();
        Cli.run(command("broken", "--epochs", 1, "--augment", "light")).succeeded();
        Cli.run(command("broken", "--epochs", 3, "--augment", "light", "--resume"))
                .succeeded();
        assertThat(Files.mismatch(
                        folder.resolve("whole/model.safetensors"), folder.resolve("broken/model.safetensors")))
                .isEqualTo(-1);
        assertThat(Files.readAllLines(folder.resolve("broken/log.csv"))).hasSize(4);
        Cli.run(command("broken", "--epochs", 3, "--augment", "none", "--resume"))
                .failedWith("augment was light, is none");
    }

    @Test
    void featureCacheGivesTheSameNumbers() {
        Path weights = pretrained(5);
        Object[] recipe = {"--weights", weights, "--freeze", "backbone", "--epochs", 3};
        Cli cached = Cli.run(command("cached", recipe)).succeeded();
        assertThat(cached.out())
                .contains("feature cache: the frozen backbone ran once for each of 24 images")
                .contains("new head linear for 2 classes");
        Object[] plain = Arrays.copyOf(recipe, recipe.length + 1);
        plain[recipe.length] = "--no-feature-cache";
        assertThat(Cli.run(command("plain", plain)).succeeded().out()).doesNotContain("feature cache:");
        Map<String, Object> one = Json.readObject(folder.resolve("cached/metrics.json"));
        Map<String, Object> two = Json.readObject(folder.resolve("plain/metrics.json"));
        for (int epoch = 0; epoch < 3; epoch++) {
            Map<?, ?> a = Cli.map(Cli.list(one, "epochs").get(epoch));
            Map<?, ?> b = Cli.map(Cli.list(two, "epochs").get(epoch));
            for (String score : List.of("train_loss", "val_loss", "val_accuracy")) {
                assertThat((Double) a.get(score))
                        .as(score + " of epoch " + (epoch + 1))
                        .isCloseTo((Double) b.get(score), offset(1e-4));
            }
        }
        try (StateDict before = TorchCheckpoint.load(weights);
                StateDict after = Safetensors.load(folder.resolve("cached/model.safetensors"))) {
            assertThat(after.sha256("layer3.2.bn2.running_var")).isEqualTo(before.sha256("layer3.2.bn2.running_var"));
            assertThat(after.get("linear.weight").dim(0)).isEqualTo(2);
        }
    }

    @Test
    void cachedViewsAreDrawnAlikeByTheSameSeed() throws IOException {
        Object[] recipe = {"--weights", pretrained(5), "--epochs", 3, "--augment", "light", "--cached-views", 2};
        assertThat(Cli.run(command("one", recipe)).succeeded().out())
                .contains("and 2 views of each training image", "drawn again in every epoch");
        Cli.run(command("two", recipe)).succeeded();
        assertThat(Files.mismatch(folder.resolve("one/model.safetensors"), folder.resolve("two/model.safetensors")))
                .isEqualTo(-1);
        Cli.run(command("plain", "--weights", pretrained(5), "--epochs", 3)).succeeded();
        assertThat(Files.mismatch(folder.resolve("one/model.safetensors"), folder.resolve("plain/model.safetensors")))
                .isNotEqualTo(-1);
    }

    @Test
    void cachedViewsNeedAFrozenBackboneAndAugmentation() {
        Cli.run(command("run", "--cached-views", 2)).wrongUsage("--cached-views needs --augment");
        Cli.run(command("run", "--cached-views", 2, "--augment", "light")).wrongUsage("--cached-views needs --augment");
        Cli.run(command("run", "--cached-views", 0)).wrongUsage("--cached-views must be at least 1");
    }

    @Test
    void aHeadOfTheRightSizeIsKept() {
        assertThat(Cli.run(command("run", "--weights", pretrained(2)))
                        .succeeded()
                        .out())
                .contains("the head has 2 outputs already and is kept");
    }

    @Test
    void duplicatesStayOutOfTheValidation() throws IOException {
        Path held = TinyImages.folder(folder.resolve("held"), 3, 2);
        Files.copy(data.resolve("left/image4.png"), held.resolve("left/copy.png"));
        Cli run = Cli.run(command("run", "--val", held)).succeeded();
        assertThat(run.out())
                .contains(
                        "24 training and 6 validation images",
                        "1 validation image is byte-identical to training images");
        Map<?, ?> facts =
                Cli.map(Json.readObject(folder.resolve("run/model.json")).get("data"));
        assertThat(facts.get("duplicates")).isEqualTo(1);
        assertThat(Cli.run(command("kept", "--val", held, "--keep-duplicates"))
                        .succeeded()
                        .out())
                .contains("24 training and 7 validation images");
    }

    @Test
    void duplicatesWithinOneFolderDoNotCrossTheSplit() throws IOException {
        for (int i = 0; i < 12; i++) {
            Files.copy(data.resolve("left/image" + i + ".png"), data.resolve("left/twin" + i + ".png"));
        }
        assertThat(Cli.run(command("run", "--val-fraction", 0.5)).succeeded().out())
                .contains("kept out of the validation");
    }

    @Test
    void aFolderWithTrainAndValIsBoth() throws IOException {
        data = folder.resolve("both");
        TinyImages.folder(data.resolve("train"), 6, 3);
        TinyImages.folder(data.resolve("val"), 2, 4);
        assertThat(Cli.run(command("run")).succeeded().out()).contains("12 training and 4 validation images");
    }

    @Test
    void badDataIsNamed() throws IOException {
        Path absent = folder.resolve("absent");
        data = absent;
        Cli.run(command("run")).failedWith("absent does not exist");

        data = folder.resolve("single");
        TinyImages.write(data.resolve("only/image.png"), true, new SplittableRandom(1));
        Cli.run(command("run")).failedWith("single class", "[only]");

        data = TinyImages.folder(folder.resolve("hollow"), 2, 1);
        Files.createDirectories(data.resolve("empty"));
        Cli.run(command("run")).failedWith("hollow/empty".replace('/', java.io.File.separatorChar), "no image");

        data = TinyImages.folder(folder.resolve("good"), 2, 1);
        Path other = TinyImages.folder(folder.resolve("other"), 2, 1);
        Files.move(other.resolve("left"), other.resolve("links"));
        Cli.run(command("run", "--val", other)).failedWith("[left, right]", "[links, right]");
        assertThat(folder.resolve("run/last.safetensors")).doesNotExist();
    }

    @Test
    void aCorruptImageIsNamed() throws IOException {
        Path image = data.resolve("left/image0.png");
        Files.write(image, Arrays.copyOf(Files.readAllBytes(image), 200));
        Cli.run(command("run")).failedWith("image0.png", "truncated");
    }

    @Test
    void badWeightsAreNamed() throws IOException {
        Cli.run(command("run", "--weights", folder.resolve("absent.pth"))).failedWith("absent.pth does not exist");
        Path text = Files.writeString(folder.resolve("text.pth"), "no weights");
        Cli.run(command("run", "--weights", text)).failedWith("text.pth");
        Cli.run(command("run", "--weights", pretrained(10), "--model", "squeezenet1_1"))
                .failedWith("pretrained10.pth does not fit squeezenet1_1", "missing");
        Cli.run(command("run", "--model", "resnet19")).failedWith("resnet19", "resnet20");
        Cli.run(command("run", "--device", "cuda")).failedWith("cuda", "not available");
    }

    @Test
    void aRunIsNotLostToAnother() throws IOException {
        Cli.run(command("run")).succeeded();
        byte[] before = Files.readAllBytes(folder.resolve("run/model.safetensors"));
        Cli.run(command("run", "--seed", 1)).failedWith("another finished run", "--overwrite");
        assertThat(Files.readAllBytes(folder.resolve("run/model.safetensors"))).isEqualTo(before);
        Cli.run(command("run", "--seed", 1, "--overwrite")).succeeded();
        assertThat(Files.readAllBytes(folder.resolve("run/model.safetensors"))).isNotEqualTo(before);

        Files.delete(folder.resolve("run/metrics.json"));
        Cli.run(command("run", "--seed", 1)).failedWith("unfinished run", "--resume");

        Path file = Files.writeString(folder.resolve("file"), "");
        Cli.run(command("file/run")).failedWith("--out", "cannot be written");
        assertThat(Files.readString(file)).isEmpty();
    }

    @Test
    void sameSeedSameBits() throws IOException {
        Cli.run(command("one", "--augment", "strong", "--threads", 1)).succeeded();
        Cli.run(command("two", "--augment", "strong", "--threads", 3)).succeeded();
        assertThat(Files.mismatch(folder.resolve("one/model.safetensors"), folder.resolve("two/model.safetensors")))
                .isEqualTo(-1);
    }

    @Test
    void wrongUsageIsTold() {
        Cli.run("finetune", "--data", data).wrongUsage("--out");
        Cli.run(command("run", "--epochs", 0)).wrongUsage("--epochs must be at least 1");
        Cli.run(command("run", "--lr", -1)).wrongUsage("--lr must be positive");
        Cli.run(command("run", "--val", data, "--val-fraction", 0.1)).wrongUsage("exclude each other");
        Cli.run(command("run", "--schedule", "zigzag")).wrongUsage("zigzag");
        Cli.run(command("run", "--optimizer", "adam")).wrongUsage("adam");
    }

    @Test
    void aDivergedTrainingSaysSo() {
        Cli.run(command("run", "--lr", "1e30")).failedWith("training:", "learning rate");
    }

    /** SqueezeNet's head ends in a ReLU, which a step too large silences for good. */
    @Test
    void aHeadThatDiedIsSaidInTheLastLinesAndInTheMetrics() {
        Cli run = Cli.run(
                        "finetune",
                        "--data",
                        data,
                        "--model",
                        "squeezenet1_1",
                        "--weights",
                        "none",
                        "--lr",
                        50,
                        "--clip-norm",
                        1e6,
                        "--epochs",
                        3,
                        "--batch",
                        8,
                        "--out",
                        folder.resolve("dead"))
                .succeeded();
        String lastLines = run.out().substring(run.out().indexOf("best: epoch"));
        assertThat(lastLines)
                .contains(
                        "warning: every validation example was given the same class",
                        "warning: the validation AUROC is 0.5000",
                        "Hint: use a tenth of the learning rate (50.0)");
        assertThat(Cli.list(Json.readObject(folder.resolve("dead/metrics.json")), "warnings"))
                .hasSize(2);
    }

    @Test
    void aResumeHasTheRunsOptionsWhereItNamesNone() throws IOException {
        Object[] options = {
            "--seed",
            9007199254740993L,
            "--augment",
            "light",
            "--schedule",
            "step",
            "--optimizer",
            "adamw",
            "--lr",
            "0.002",
            "--clip-norm",
            1,
            "--val-fraction",
            0.25,
            "--keep-duplicates",
            "--image-size",
            28
        };
        Cli.run(command("whole", with(options, "--epochs", 3))).succeeded();
        Cli.run(command("run", options)).succeeded();
        Path run = folder.resolve("run");
        String before = Files.readString(run.resolve("run.json"));
        assertThat(Cli.run("finetune", "--resume", "--out", run).succeeded().out())
                .contains("already finished", "best: epoch ");
        assertThat(Files.readString(run.resolve("run.json"))).isEqualTo(before);
        Cli.run("finetune", "--resume", "--out", run, "--epochs", 3).succeeded();
        assertThat(Files.mismatch(run.resolve("model.safetensors"), folder.resolve("whole/model.safetensors")))
                .isEqualTo(-1);
        assertThat(Cli.run("finetune", "--resume", "--out", run).succeeded().out())
                .contains("already finished");
        assertThat(Cli.run(command("run", with(options, "--epochs", 3)))
                        .succeeded()
                        .out())
                .contains("already finished");
        Cli.run("finetune", "--resume", "--out", run, "--batch", 4).failedWith("batch was 8, is 4");
        Cli.run("finetune", "--resume", "--out", folder.resolve("none"))
                .failedWith(
                        "--resume: " + folder.resolve("none") + " does not exist",
                        "name the folder of the run with --out");
        Cli.run("finetune", "--out", run).wrongUsage("missing required option: '--data=DIR'");
        Cli.run("finetune", "--resume", "--out", run, "--val", data)
                .wrongUsage("--val and --val-fraction exclude each other");
    }

    private static Object[] with(Object[] options, Object... more) {
        List<Object> all = new ArrayList<>(Arrays.asList(options));
        all.addAll(Arrays.asList(more));
        return all.toArray();
    }

    @Test
    void theSameCommandAgainReportsTheResultItHas() {
        Map<String, Object> first = Cli.json(folder.resolve("one.json"), command("run"));
        assertThat(Cli.json(folder.resolve("two.json"), command("run"))).isEqualTo(first);
        Cli.run(command("run", "--json", folder.resolve("run/model.json")))
                .wrongUsage("--json", "model.json would replace a file of the run in");
        Cli.run(command("run", "--overwrite", "--weights", folder.resolve("run/model.safetensors"), "--freeze", "none"))
                .failedWith("model.safetensors is a file of the run in --out", "choose another --out");
        assertThat(Cli.json(folder.resolve("three.json"), command("run"))).isEqualTo(first);
    }
}
