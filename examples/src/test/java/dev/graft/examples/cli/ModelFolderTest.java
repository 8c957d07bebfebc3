package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.file.AtomicText;
import dev.graft.io.file.Sha256;
import dev.graft.nn.json.Json;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model folder's card counts for the file that it names, and for no other. */
class ModelFolderTest {
    @TempDir
    private static Path shared;

    private static Path data;
    private static Path image;

    @TempDir
    private Path folder;

    private Path run;

    @BeforeAll
    static void train() throws IOException {
        data = shared.resolve("data");
        for (int c = 0; c < 10; c++) {
            for (int i = 0; i < 3; i++) {
                image = TinyImages.write(
                        data.resolve("kind" + c + "/image" + i + ".png"), c % 2 == 0, new SplittableRandom(10 * c + i));
            }
        }
        train(shared.resolve("run"), 1);
    }

    private static Path train(Path out, int seed) {
        Cli.run(
                        "finetune",
                        "--data",
                        data,
                        "--model",
                        "resnet20",
                        "--weights",
                        "none",
                        "--freeze",
                        "none",
                        "--image-size",
                        40,
                        "--epochs",
                        1,
                        "--batch",
                        8,
                        "--seed",
                        seed,
                        "--out",
                        out)
                .succeeded();
        return out;
    }

    @BeforeEach
    void copyRun() throws IOException {
        run = Files.createDirectory(folder.resolve("run"));
        for (String name : new String[] {"model.safetensors", "model.json", "metrics.json"}) {
            Files.copy(shared.resolve("run").resolve(name), run.resolve(name));
        }
    }

    private Cli predict(Path weights, Object... more) {
        Object[] all = new Object[7 + more.length];
        System.arraycopy(
                new Object[] {"predict", "--model", "resnet20", "--weights", weights, image, "--top=10"}, 0, all, 0, 7);
        System.arraycopy(more, 0, all, 7, more.length);
        return Cli.run(all);
    }

    private Path other(Path file) {
        try (CifarResNet model = CifarResNet.resnet20(10, new SplittableRandom(7));
                StateDict state = model.stateDict()) {
            Safetensors.save(state, file);
        }
        return file;
    }

    private Path card() {
        return run.resolve("model.json");
    }

    private void editCard(String key, Object value) {
        Map<String, Object> map = new LinkedHashMap<>(Json.readObject(card()));
        if (value == null) {
            map.remove(key);
        } else {
            map.put(key, value);
        }
        AtomicText.write(card(), Json.write(map));
    }

    @Test
    void aRunsWeightsByPathHaveTheRunsClassesAndPreprocessing() {
        String named = Cli.run("predict", "--model", run, image, "--top", 10)
                .succeeded()
                .out();
        assertThat(named).contains("kind0 (0)", "kind9 (9)");
        Cli byPath = predict(run.resolve("model.safetensors")).succeeded();
        assertThat(byPath.out()).isEqualTo(named);
        assertThat(byPath.err()).isEmpty();
    }

    @Test
    void aFileThatNothingIsKnownAboutHasNumbersAndSaysHowImagesArePrepared() throws IOException {
        Path bare = other(folder.resolve("bare.safetensors"));
        Cli predicted = predict(bare).succeeded();
        assertThat(predicted.out()).contains("  0 (0)", "  9 (9)").doesNotContain("airplane", "kind0");
        assertThat(predicted.err())
                .contains(
                        "nothing tells how images are prepared for " + bare,
                        "resize 32, crop 32",
                        "nothing names its classes",
                        "--labels");
        Path labels = Files.writeString(folder.resolve("labels.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
        assertThat(predict(bare, "--labels", labels).succeeded().err()).doesNotContain("nothing names its classes");
    }

    /** The weights say themselves what they are of: a copy without its card must not be fed other inputs. */
    @Test
    void aCopyOfARunsWeightsKeepsItsClassesAndPreprocessing() throws IOException {
        String named = Cli.run("predict", "--model", run, image, "--top", 10)
                .succeeded()
                .out();
        Path copy = Files.copy(run.resolve("model.safetensors"), folder.resolve("copy.safetensors"));
        Cli ofCopy = predict(copy).succeeded();
        assertThat(ofCopy.out()).isEqualTo(named);
        assertThat(ofCopy.err()).isEmpty();
        Cli.run("predict", "--model", "resnet32", "--weights", copy, image)
                .failedWith("copy.safetensors is a resnet20 by its metadata, not a resnet32", "--model resnet20");
        Files.writeString(card(), "{");
        assertThat(predict(run.resolve("model.safetensors")).succeeded().out()).isEqualTo(named);
    }

    @Test
    void aCardIsNotThatOfAnotherFileBesideIt() {
        Cli predicted = predict(other(run.resolve("other.safetensors"))).succeeded();
        assertThat(predicted.out()).contains("  0 (0)").doesNotContain("kind0");
        assertThat(predicted.err()).contains("model.json beside it is not its card: it names model.safetensors");
        other(run.resolve("model.safetensors"));
        assertThat(predict(run.resolve("model.safetensors")).succeeded().err())
                .contains("model.json beside it is not its card: it has another SHA-256");
    }

    @Test
    void aRenamedCopyOfTheCardsFileIsTheCardsFile() throws IOException {
        Path renamed = Files.copy(run.resolve("model.safetensors"), run.resolve("backup.safetensors"));
        assertThat(predict(renamed).succeeded().out()).contains("kind0 (0)");
    }

    @Test
    void aForeignModelJsonIsLeftAlone() throws IOException {
        Path place = Files.createDirectory(folder.resolve("place"));
        Path weights = other(place.resolve("model.safetensors"));
        for (String text : new String[] {
            "{\"format\": \"layers-model\", \"weightsManifest\": []}", "[1, 2]", "no json", "{\"architecture\": 5}", ""
        }) {
            Files.writeString(place.resolve("model.json"), text);
            assertThat(predict(weights).succeeded().out()).as(text).contains("  0 (0)");
            Cli.run(
                            "finetune",
                            "--data",
                            data,
                            "--model",
                            "resnet20",
                            "--weights",
                            weights,
                            "--epochs",
                            1,
                            "--out",
                            folder.resolve("on"),
                            "--overwrite")
                    .succeeded();
        }
    }

    @Test
    void theCardSaysWhichNetworkAFileIsOf() {
        Cli.run("predict", "--model", "resnet32", "--weights", run.resolve("model.safetensors"), image)
                .failedWith("model.safetensors is a resnet20 by its model.json, not a resnet32", "--model resnet20");
    }

    @Test
    void weightsOfAnotherRunInAModelFolderAreRefused() throws IOException {
        Path second = train(folder.resolve("second"), 2);
        Files.copy(
                second.resolve("model.safetensors"),
                run.resolve("model.safetensors"),
                StandardCopyOption.REPLACE_EXISTING);
        Cli.run("evaluate", "--model", run, "--data", data)
                .failedWith("model.safetensors is not the file that model.json describes", "SHA-256");
        Cli.run("predict", "--model", run, image)
                .failedWith("model.safetensors is not the file that model.json describes");
    }

    @Test
    void anOldCardWithoutAHashStillCountsAndSaysSo() {
        editCard("weights_sha256", null);
        Cli.run("predict", "--model", run, image).failedWith("model.json lacks \"weights_sha256\"");
        editCard("format_version", null); // a card of format 0
        assertThat(Cli.run("predict", "--model", run, image).succeeded().err())
                .contains("model.json has no SHA-256 of its weights", "not checked");
        assertThat(Cli.run("evaluate", "--model", run, "--data", data)
                        .succeeded()
                        .out())
                .contains("model.json has no SHA-256 of its weights");
        assertThat(predict(run.resolve("model.safetensors")).succeeded().out()).contains("kind0 (0)");
        editCard("weights_sha256", 5);
        Cli.run("predict", "--model", run, image).failedWith("model.json is damaged");
        editCard("weights_sha256", null);
        editCard("preprocessing", Map.of("resize_size", "32"));
        Cli.run("predict", "--model", run, image)
                .failedWith("model.json is damaged: Preprocessing: 'resize_size' is \"32\". Hint: restore it");
    }

    /** A card with other classes or another crop predicts wrongly, and nothing else would tell. */
    @Test
    void aCardThatWasChangedIsRefusedAndNamed() {
        Map<String, Object> whole = Json.readObject(card());
        List<Object> swapped = new ArrayList<>(Cli.list(whole, "classes"));
        Collections.swap(swapped, 0, 1);
        Map<String, Object> wider = new LinkedHashMap<>();
        Cli.map(whole.get("preprocessing")).forEach((key, value) -> wider.put((String) key, value));
        wider.put("crop_size", 30);
        Map<String, Object> darker = new LinkedHashMap<>(wider);
        darker.put("crop_size", Cli.map(whole.get("preprocessing")).get("crop_size"));
        darker.put("mean", List.of(0.1, 0.2, 0.3));
        Object[][] edits = {
            {"classes", swapped, "other classes"},
            {"classes", swapped.subList(0, 9), "other classes"},
            {"preprocessing", wider, "other preprocessing.crop_size"},
            {"preprocessing", darker, "other preprocessing.mean"},
            {"architecture", "resnet32", "other architecture"}
        };
        for (Object[] edit : edits) {
            editCard((String) edit[0], edit[1]);
            for (Cli told : new Cli[] {
                Cli.run("predict", "--model", run, image), Cli.run("evaluate", "--model", run, "--data", data)
            }) {
                told.failedWith(
                        "model.json was changed after model.safetensors was written: " + edit[2],
                        "Hint: put the file of that run back");
            }
            Cli.run("predict", "--model", "resnet20", "--weights", run.resolve("model.safetensors"), image)
                    .failedWith("model.json was changed");
            AtomicText.write(card(), Json.write(whole));
        }
        editCard("seed", 77); // for people, but the card's own hash tells
        Cli.run("predict", "--model", run, image)
                .failedWith("model.json was changed after it was written", "card_sha256", "Hint: put the file");
    }

    /** As versions wrote it whose weights do not say what their card held. */
    @Test
    void aFolderOfAnOlderVersionStillLoads() throws IOException {
        Path weights = run.resolve("model.safetensors");
        Path plain = folder.resolve("plain.safetensors");
        try (StateDict state = Safetensors.load(weights)) {
            Safetensors.save(state, plain, Map.of("architecture", "resnet20"));
        }
        String bound = Cli.run("predict", "--model", run, image).succeeded().out();
        Files.move(plain, weights, StandardCopyOption.REPLACE_EXISTING);
        for (String newer : List.of("card_sha256", "decision", "inputs", "files")) {
            editCard(newer, null);
        }
        editCard("format_version", 1);
        editCard("weights_sha256", Sha256.of(weights));
        assertThat(Cli.run("predict", "--model", run, image).succeeded().out()).isEqualTo(bound);
        editCard("classes", Cli.list(Json.readObject(card()), "classes").subList(0, 9));
        Cli.run("predict", "--model", run, image)
                .failedWith("does not fit model.json, which says resnet20 with 9 classes");
    }

    @Test
    void aClassThatIsNamedTwiceIsTold() {
        List<Object> classes = new ArrayList<>(Cli.list(Json.readObject(card()), "classes"));
        classes.set(4, classes.get(1));
        editCard("classes", classes);
        Cli.run("predict", "--model", run, image)
                .failedWith("model.json names the class \"kind1\" twice, as number 1 and 4", "Hint: ");
        editCard("classes", List.of());
        Cli.run("predict", "--model", run, image).failedWith("model.json names no classes");
    }

    @Test
    void aHeadIsKeptForItsOwnClassesOnly() throws IOException {
        Path weights = run.resolve("model.safetensors");
        Object[] more = {"--model", "resnet20", "--weights", weights, "--epochs", 1};
        assertThat(finetune(data, "same", more).out()).contains("the head has 10 outputs already and is kept");
        Path renamed = folder.resolve("renamed");
        for (int c = 0; c < 10; c++) {
            TinyImages.write(renamed.resolve("other" + c + "/image.png"), c % 2 == 0, new SplittableRandom(c));
            TinyImages.write(renamed.resolve("other" + c + "/image2.png"), c % 2 == 0, new SplittableRandom(c + 50));
        }
        assertThat(finetune(renamed, "others", more).out())
                .contains("new head linear for 10 classes, since the file's are others (kind0, kind1, ");
        more[3] = Files.copy(weights, folder.resolve("copy.safetensors"));
        assertThat(finetune(renamed, "copied", more).out())
                .contains("new head linear for 10 classes, since the file's are others (kind0, kind1, ");
    }

    private Cli finetune(Path images, String out, Object... more) {
        Object[] all = new Object[5 + more.length];
        System.arraycopy(new Object[] {"finetune", "--data", images, "--out", folder.resolve(out)}, 0, all, 0, 5);
        System.arraycopy(more, 0, all, 5, more.length);
        return Cli.run(all).succeeded();
    }
}
