package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.file.AtomicText;
import dev.graft.nn.json.Json;
import dev.graft.type.DType;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What people put in by mistake: each is told in one line, with the fix, before anything is trained. */
@Timeout(120)
class OddInputsTest {
    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void images() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 4, 1);
    }

    private Cli finetune(Object... more) {
        List<Object> all = new ArrayList<>(List.of("finetune", "--model", "resnet20", "--epochs", 1, "--batch", 8));
        all.addAll(Arrays.asList(more));
        return Cli.run(all.toArray());
    }

    private Path weights(String name, BiConsumer<StateDict, StateDict> into) {
        Path file = folder.resolve(name);
        try (CifarResNet model = CifarResNet.resnet20(2, new SplittableRandom(7));
                StateDict own = model.stateDict();
                StateDict saved = new StateDict()) {
            into.accept(own, saved);
            Safetensors.save(saved, file);
        }
        return file;
    }

    private Path twoNetworks(String one, String other) {
        return weights("two.safetensors", (own, saved) -> {
            own.entries()
                    .forEach(e -> saved.put(one + "." + e.getKey(), e.getValue().copy()));
            own.entries()
                    .forEach(e -> saved.put(
                            other + "." + e.getKey(),
                            e.getKey().equals("linear.weight")
                                    ? e.getValue().neg()
                                    : e.getValue().copy()));
        });
    }

    @Test
    void aWeightFileWithTwoNetworksAsksWhichOne() throws IOException {
        Path image = data.resolve("left/image0.png");
        for (String[] names : new String[][] {{"student", "teacher"}, {"net", "model"}, {"a", "b"}}) {
            Path file = twoNetworks(names[0], names[1]);
            String said = "two.safetensors: stateDict: it holds two state dicts: " + names[0] + ", " + names[1]
                    + "; both fit the network";
            finetune("--data", data, "--weights", file, "--out", folder.resolve("refused"))
                    .failedWith(said, "Hint: choose one by its name with --state-dict " + names[1] + ".");
            assertThat(folder.resolve("refused/last.safetensors")).doesNotExist();
            Cli.run("predict", "--model", "resnet20", "--weights", file, image).failedWith(said, "--state-dict");
            String first = predicted(file, names[0], image);
            assertThat(predicted(file, names[1], image)).isNotEqualTo(first);
            assertThat(predicted(
                            weights(
                                    "plain.safetensors",
                                    (own, saved) -> own.entries()
                                            .forEach(e -> saved.put(
                                                    e.getKey(), e.getValue().copy()))),
                            "",
                            image))
                    .isEqualTo(first);
        }
        Path file = twoNetworks("student", "teacher");
        Path out = folder.resolve("chosen");
        finetune("--data", data, "--weights", file, "--state-dict", "teacher", "--out", out)
                .succeeded();
        finetune("--data", data, "--weights", file, "--state-dict", "student", "--out", out)
                .failedWith("holds another finished run: state_dict was teacher, is student");
        finetune("--resume", "--epochs", 2, "--out", out).succeeded();
        finetune("--data", data, "--weights", file, "--state-dict", "ema", "--out", folder.resolve("x"))
                .failedWith("it holds no state dict named \"ema\"", "its names begin with student, teacher");
        finetune("--data", data, "--weights", "none", "--state-dict", "ema", "--out", folder.resolve("x"))
                .failedWith("--state-dict ema names a part of a weight file, and --weights none is none");
    }

    private static String predicted(Path file, String stateDict, Path image) {
        Object[] named = {"predict", "--model", "resnet20", "--weights", file, "--state-dict", stateDict, image};
        Object[] plain = {"predict", "--model", "resnet20", "--weights", file, image};
        return Cli.run(stateDict.isEmpty() ? plain : named).succeeded().out();
    }

    @Test
    void weightsThatAreNoNumbersAreNamedAndNotTheImages() {
        for (float value : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
            Path file = weights("broken.safetensors", (own, saved) -> {
                own.entries()
                        .forEach(e ->
                                saved.put("module." + e.getKey(), e.getValue().copy()));
                saved.get("module.layer2.0.conv1.weight").slice(0, 3, 4).fill(value);
            });
            String tensor =
                    "broken.safetensors: tensor layer2.0.conv1.weight [32, 16, 3, 3] holds " + value + " (element 432)";
            finetune("--data", data, "--weights", file, "--out", folder.resolve("out"))
                    .failedWith(tensor);
            Cli.run("predict", "--model", "resnet20", "--weights", file, data.resolve("left/image0.png"))
                    .failedWith(tensor);
        }
    }

    @Test
    void oneImageWithTwoLabelsIsRefusedWithBothLines() throws IOException {
        Files.copy(data.resolve("left/image1.png"), data.resolve("right/copy.png"));
        finetune("--data", data, "--weights", "none", "--out", folder.resolve("out"))
                .failedWith(
                        "left/image1.png and right/copy.png are the same image, with the labels left and right",
                        "Hint: keep the one whose label is right");
        Files.delete(data.resolve("right/copy.png"));
        Files.createLink(data.resolve("hard.png"), data.resolve("left/image1.png"));
        Path csv = Files.writeString(
                folder.resolve("list.csv"),
                "file,label\ndata/left/image0.png,l\ndata/left/image1.png,l\ndata/right/image1.png,r\ndata/hard.png,r\n");
        finetune("--data", csv, "--weights", "none", "--out", folder.resolve("out"))
                .failedWith(
                        "line 3 (data/left/image1.png) and line 5 (data/hard.png) are the same image, with the labels l"
                                + " and r");
        assertThat(folder.resolve("out/last.safetensors")).doesNotExist();
    }

    @Test
    void aValidationImageWithAnotherLabelThanInTrainingIsSaid() throws IOException {
        Path held = TinyImages.folder(folder.resolve("held"), 4, 2);
        Files.copy(data.resolve("left/image1.png"), held.resolve("right/copy.png"));
        Object[] all = {"--data", data, "--val", held, "--weights", "none", "--out", folder.resolve("out")};
        String said =
                "labels: 1 of these pairs has different labels, so not all of them can be right: right/copy.png is"
                        + " right, left/image1.png is left";
        assertThat(finetune(all).succeeded().out()).contains(said);
        Files.move(held.resolve("right/copy.png"), held.resolve("left/copy.png"));
        assertThat(finetune("--data", data, "--val", held, "--weights", "none", "--out", folder.resolve("agreeing"))
                        .succeeded()
                        .out())
                .contains("duplicates: 1 validation image")
                .doesNotContain("labels: ");
    }

    @Test
    void weightsThatDoNotFitAreNamedWithTheirFile() {
        Path part = weights(
                "part.safetensors",
                (own, saved) ->
                        saved.put("conv1.weight", own.get("conv1.weight").copy()));
        Cli.run("predict", "--model", "resnet20", "--weights", part, data.resolve("left/image0.png"))
                .failedWith(part + " does not fit resnet20: ", "Hint: name the network that the file was saved from");
        Path truths = weights(
                "truths.safetensors",
                (own, saved) -> own.entries()
                        .forEach(e -> saved.put(
                                e.getKey(),
                                e.getKey().equals("bn1.bias")
                                        ? e.getValue().to(DType.BOOL)
                                        : e.getValue().copy())));
        Cli.run("predict", "--model", "resnet20", "--weights", truths, data.resolve("left/image0.png"))
                .failedWith(truths + " does not fit resnet20: ", "Hint: the weights are of another element type");
    }

    @Test
    void labelsOfATestSetThatContradictEachOtherAreSaid() throws IOException {
        Path run = folder.resolve("run");
        finetune("--data", data, "--weights", "none", "--freeze", "none", "--out", run)
                .succeeded();
        assertThat(Cli.run("evaluate", "--model", run, "--data", data)
                        .succeeded()
                        .out())
                .doesNotContain("labels: ");
        Files.copy(data.resolve("left/image1.png"), data.resolve("right/copy.png"));
        assertThat(Cli.run("evaluate", "--model", run, "--data", data)
                        .succeeded()
                        .out())
                .contains(
                        "labels: 1 of these pairs has different labels, so not all of them can be right: right/copy.png is right,"
                                + " left/image1.png is left");
    }

    /** A script that restarts whatever was stopped gives all options: then a run begins, which is said. */
    @Test
    void aResumeWithoutARunIsRefusedOrSaid() throws IOException {
        Path out = folder.resolve("out");
        finetune("--resume", "--out", out)
                .failedWith("--resume: " + out + " does not exist", "Hint: name the folder of the run with --out");
        assertThat(out).doesNotExist();
        Files.createDirectory(out);
        finetune("--resume", "--out", out)
                .failedWith("--resume: " + out + " holds no run to continue", "or leave --resume out to start one");
        assertThat(finetune("--data", data, "--weights", "none", "--out", out, "--resume")
                        .succeeded()
                        .out())
                .contains("resume: " + out + " holds no run to continue, so this one starts with its first epoch");
        assertThat(finetune("--data", data, "--weights", "none", "--epochs", 2, "--out", out, "--resume")
                        .succeeded()
                        .out())
                .contains("resume: epoch 2 of 2")
                .doesNotContain("starts with its first epoch");
    }

    @Test
    void aResumeWithoutTheRunsCheckpointIsRefused() throws IOException {
        Path out = folder.resolve("out");
        finetune("--data", data, "--weights", "none", "--out", out).succeeded();
        byte[] model = Files.readAllBytes(out.resolve("model.safetensors"));
        Files.delete(out.resolve("last.safetensors"));
        finetune("--resume", "--epochs", 3, "--out", out)
                .failedWith(
                        "--resume: " + out
                                + " holds no checkpoint of the run that was begun there: last.safetensors is missing",
                        "Hint: put it back, or start over with --overwrite");
        assertThat(out.resolve("model.safetensors")).hasBinaryContent(model);
        finetune("--resume", "--out", out).succeeded(); // it is finished
        for (String name : new String[] {"model.safetensors", "model.json", "metrics.json", "log.csv"}) {
            Files.delete(out.resolve(name));
        }
        // as a kill in a short first epoch leaves it: with its best weights, and without a checkpoint
        assertThat(out.resolve("best.safetensors")).exists();
        assertThat(finetune("--resume", "--out", out).succeeded().out())
                .contains("resume: the run was stopped before its first checkpoint, so it starts with its first epoch");
    }

    @Test
    void aDamagedRunJsonIsCalledDamaged() throws IOException {
        Path out = folder.resolve("out");
        finetune("--data", data, "--weights", "none", "--out", out).succeeded();
        for (String text : new String[] {"{\"identity\": {", "[]", "{}", "{\"run_sha256\": 5, \"identity\": {}}"}) {
            Files.writeString(out.resolve("run.json"), text);
            finetune("--resume", "--out", out)
                    .failedWith(
                            "run.json "
                                    + (text.equals("{}") || text.contains("5")
                                            ? "lacks what says which run it is of"
                                            : "cannot be read"),
                            "Hint: put the file back, choose another folder, or start over with --overwrite");
            finetune("--data", data, "--weights", "none", "--out", out).failedWith("run.json");
        }
    }

    @Test
    void aDamagedReportIsWrittenAgainAsAMissingOne() throws IOException {
        Path out = folder.resolve("out");
        finetune("--data", data, "--weights", "none", "--out", out).succeeded();
        for (String text : new String[] {"", "{\"epochs\": ", "{}", "{\"best\": 5}"}) {
            Files.writeString(out.resolve("metrics.json"), text);
            finetune("--resume", "--out", out).succeeded();
            assertThat(Json.readObject(out.resolve("metrics.json")).get("best"))
                    .as(text)
                    .isInstanceOf(Map.class);
        }
    }

    @Test
    void anOptionOfARunThatIsNoTextIsLeftOut() throws IOException {
        Path out = folder.resolve("out");
        finetune("--data", data, "--weights", "none", "--out", out).succeeded();
        Map<String, Object> run = new LinkedHashMap<>(Json.readObject(out.resolve("run.json")));
        Map<Object, Object> options = new LinkedHashMap<>(Cli.map(run.get("options")));
        options.put("--window", null);
        options.put("--patience", 5);
        run.put("options", options);
        AtomicText.write(out.resolve("run.json"), Json.write(run));
        finetune("--resume", "--out", out).succeeded();
    }

    @Test
    void anOutThatIsAFileIsCalledOne() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "text");
        finetune("--data", data, "--weights", "none", "--out", file)
                .failedWith("--out " + file + " is a file, and a run's result is a folder. Hint: choose another name.");
        assertThat(file).hasContent("text");
        finetune("--data", data, "--weights", "none", "--out", file.resolve("run"))
                .failedWith("--out " + file.resolve("run") + " cannot be written: " + file + " is a file");
    }

    @Test
    void imageSizesThatNoImageHasAreWrongUsage() {
        for (int size : new int[] {0, -1, 100_000, Integer.MAX_VALUE}) {
            finetune("--data", data, "--weights", "none", "--image-size", size, "--out", folder.resolve("out"))
                    .wrongUsage("--image-size must be from 1 to 26754, was " + size);
            Cli.run("predict", "--model", "resnet20", "--image-size", size, data.resolve("left/image0.png"))
                    .wrongUsage("--image-size must be from 1 to 26754, was " + size);
        }
    }

    @Test
    void listsWithAnotherSeparatorOrTwoLabelColumnsAreExplained() throws IOException {
        String[][] cases = {
            {"file;label\ndata/left/image0.png;l\n", "has no column 'file'", "separated by commas"},
            {"file\tlabel\ndata/left/image0.png\tl\n", "has no column 'file'", "separated by commas"},
            {"file|label\ndata/left/image0.png|l\n", "has no column 'file'", "separated by commas"},
            {"file;label,second\ndata/left/image0.png;l,1\n", "has no column 'file'", "separated by commas"},
            {"file,label,label\ndata/left/image0.png,l,m\n", "has the columns 'label' and 'label'", "keep one of them"},
            {"file,label,Label\ndata/left/image0.png,l,m\n", "has the columns 'label' and 'Label'", "keep one of them"},
            {"file,file,label\ndata/left/image0.png,l,m\n", "has the columns 'file' and 'file'", "keep one of them"}
        };
        for (String[] list : cases) {
            Path csv = Files.writeString(folder.resolve("list.csv"), list[0]);
            finetune("--data", csv, "--weights", "none", "--out", folder.resolve("out"))
                    .failedWith(list[1], list[2]);
        }
        Path others = Files.writeString(
                folder.resolve("list.csv"),
                "file,label,age,age\ndata/left/image0.png,l,1,2\ndata/left/image1.png,l,1,2\ndata/right/image0.png,r,1,2\ndata/right/image1.png,r,1,2\n");
        finetune("--data", others, "--weights", "none", "--val-fraction", 0.5, "--out", folder.resolve("out"))
                .succeeded();
    }

    @Test
    @Timeout(30)
    void devicesAndPipesAreRefusedQuickly() {
        String zero = "/dev/zero";
        Assumptions.assumeTrue(Files.exists(Path.of(zero)), "skipped: no /dev/zero here");
        Path file = weights(
                "w.safetensors",
                (own, saved) -> own.entries()
                        .forEach(e -> saved.put(e.getKey(), e.getValue().copy())));
        Path image = data.resolve("left/image0.png");
        Cli.run("predict", "--model", "resnet20", "--weights", file, zero).failsNaming("not a regular file");
        Cli.run("predict", "--model", "resnet20", "--weights", file, "--labels", zero, image)
                .failedWith("--labels /dev/zero is not a regular file");
        Cli.run("predict", "--model", "resnet20", "--weights", zero, image)
                .failedWith("--weights /dev/zero is not a file");
        Cli.run("inspect", zero).failedWith("is a device or a pipe, not a regular file");
        finetune("--data", zero, "--weights", "none", "--out", folder.resolve("out"))
                .failedWith("/dev/zero is not a folder");
        finetune("--data", data, "--val", zero, "--weights", "none", "--out", folder.resolve("out"))
                .failedWith("/dev/zero is not a folder");
    }
}
