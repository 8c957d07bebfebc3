package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import dev.graft.vision.FineTuning;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.Prediction;
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

/** Any number of labels for each image: from the list to predictions. */
class MultiLabelCommandTest {
    private static final int IMAGES = 48;
    private static final int SIDE = 32;
    private static final List<String> LABELS = List.of("left", "top", "red");

    @TempDir
    private Path folder;

    private Path flags;
    private Path list;

    @BeforeEach
    void write() throws IOException {
        StringBuilder columns = new StringBuilder("file,age,left,top,red\n");
        StringBuilder names = new StringBuilder("file,labels\n");
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < IMAGES; i++) {
            boolean[] has = {i % 2 == 0, i % 4 < 2, i % 6 == 0};
            String file = "image" + i + ".png";
            image(folder.resolve(file), has, random);
            columns.append(file + "," + i + "," + (has[0] ? 1 : 0) + "," + (has[1] ? "1.0" : "0.0") + ","
                    + (has[2] ? 1 : 0) + "\n");
            List<String> present = new ArrayList<>();
            for (int c = 0; c < has.length; c++) {
                if (has[c]) {
                    present.add(LABELS.get(c));
                }
            }
            names.append(file + "," + String.join(i % 2 == 0 ? ";" : " | ", present) + "\n");
        }
        flags = Files.writeString(folder.resolve("flags.csv"), columns);
        list = Files.writeString(folder.resolve("list.csv"), names);
    }

    private static void image(Path file, boolean[] has, SplittableRandom random) throws IOException {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                int grey = 60
                        + (has[0] && x < SIDE / 2 ? 70 : 0)
                        + (has[1] && y < SIDE / 2 ? 70 : 0)
                        + random.nextInt(-20, 20);
                int red = Math.min(255, grey + (has[2] ? 50 : 0));
                image.setRGB(x, y, red << 16 | grey << 8 | grey);
            }
        }
        ImageIO.write(image, "png", file.toFile());
    }

    private Object[] finetune(Path data, String out, Object... more) {
        List<Object> all = new ArrayList<>(List.of(
                "finetune",
                "--data",
                data,
                "--model",
                "resnet20",
                "--weights",
                "none",
                "--freeze",
                "none",
                "--batch",
                8,
                "--epochs",
                2,
                "--out",
                folder.resolve(out)));
        if (data.equals(flags)) {
            all.addAll(List.of("--label-columns", "left,top,red"));
        }
        all.addAll(Arrays.asList(more));
        return all.toArray();
    }

    @Test
    void learnsEvaluatesAndPredictsEachLabelByItself() throws IOException {
        Cli run = Cli.run(finetune(
                        flags, "run", "--epochs", 12, "--lr", 0.02, "--monitor", "auroc", "--class-weights", "auto"))
                .succeeded();
        assertThat(run.out()).contains("3 labels, any number for each image: left ");
        Map<String, Object> card = Json.readObject(folder.resolve("run/model.json"));
        assertThat(card)
                .containsEntry("format_version", 2)
                .containsEntry("task", "image-multi-label-classification")
                .containsEntry("classes", LABELS);
        Map<?, ?> best =
                Cli.map(Json.readObject(folder.resolve("run/metrics.json")).get("best"));
        assertThat((Double) best.get("auroc")).isGreaterThan(0.9);

        Cli judged = Cli.run(
                        "evaluate",
                        "--model",
                        folder.resolve("run"),
                        "--data",
                        flags,
                        "--csv",
                        folder.resolve("answers.csv"),
                        "--json",
                        folder.resolve("e.json"))
                .succeeded();
        assertThat(judged.out()).contains("48 images, 3 labels: accuracy ", "average precision");
        Map<String, Object> scores = Json.readObject(folder.resolve("e.json"));
        assertThat(scores)
                .containsEntry("images", IMAGES)
                .containsKeys("accuracy", "auroc", "average_precision", "loss");
        Map<?, ?> red = Cli.map(Cli.list(scores, "labels").get(2));
        assertThat(red.get("label")).isEqualTo("red");
        assertThat(red.get("images")).isEqualTo(8);
        assertThat(red.keySet()).hasToString("[label, images, accuracy, auroc, average_precision]");
        assertThat((Double) scores.get("auroc")).isGreaterThan(0.9);
        List<String> lines = Files.readAllLines(folder.resolve("answers.csv"));
        assertThat(lines.get(0))
                .isEqualTo("file,label,predicted,probability_left,probability_top,probability_red,flags");
        assertThat(lines.get(1)).startsWith(folder.resolve("image0.png") + ",left;top;red,");
        assertThat(lines.get(4)).startsWith(folder.resolve("image3.png") + ",,");

        // the list in a single column tells the same
        assertThat(Cli.json(folder.resolve("l.json"), "evaluate", "--model", folder.resolve("run"), "--data", list)
                        .get("labels"))
                .isEqualTo(scores.get("labels"));

        Cli.run(
                        "predict",
                        "--model",
                        folder.resolve("run"),
                        folder.resolve("image0.png"),
                        "--json",
                        folder.resolve("p.json"))
                .succeeded();
        assertThat(Files.readString(folder.resolve("p.json"))).contains("\"labels\"", "\"top\"");
        try (ImageClassifier classifier = ImageClassifier.load(folder.resolve("run"))) {
            assertThat(classifier.isMultiLabel()).isTrue();
            Prediction all = classifier.predict(folder.resolve("image0.png"));
            float sum = 0;
            for (float p : all.probabilities()) {
                sum += p;
            }
            assertThat(sum).as("sigmoids").isNotEqualTo(1);
            assertThat(all.multiLabel()).isTrue();
        }
    }

    @Test
    void aListColumnHasTheLabelsInTheOrderOfTheirNames() throws IOException {
        Cli.run(finetune(list, "list")).succeeded();
        assertThat(Json.readObject(folder.resolve("list/model.json")))
                .as("in the order of their names")
                .containsEntry("classes", List.of("left", "red", "top"));
        assertThat(Cli.map(Json.readObject(folder.resolve("list/metrics.json")).get("best"))
                        .get("loss"))
                .isNotNull();
    }

    @Test
    void aFrozenBackboneTrainsOnFeaturesAndResumesToTheBit() throws IOException {
        Object[] frozen = {"--freeze", "backbone", "--seed", 3};
        Cli.run(finetune(flags, "cached", frozen)).succeeded();
        Cli.run(finetune(flags, "plain", "--freeze", "backbone", "--seed", 3, "--no-feature-cache"))
                .succeeded();
        assertThat(Cli.map(Json.readObject(folder.resolve("cached/metrics.json"))
                                .get("best"))
                        .get("loss"))
                .isEqualTo(Cli.map(Json.readObject(folder.resolve("plain/metrics.json"))
                                .get("best"))
                        .get("loss"));
        Cli.run(finetune(flags, "broken", "--freeze", "backbone", "--seed", 3, "--epochs", 1))
                .succeeded();
        Cli.run("finetune", "--resume", "--epochs", 2, "--out", folder.resolve("broken"))
                .succeeded();
        try (var a = dev.graft.io.Safetensors.load(folder.resolve("cached/model.safetensors"));
                var b = dev.graft.io.Safetensors.load(folder.resolve("broken/model.safetensors"))) {
            assertThat(a.names()).allMatch(name -> a.sha256(name).equals(b.sha256(name)));
        }
        Cli.run(finetune(list, "broken", "--freeze", "backbone", "--seed", 3, "--resume"))
                .failedWith("has no column 'left'");
    }

    @Test
    void valuesThatAreNeitherYesNorNoAreNamed() throws IOException {
        String text = Files.readString(flags);
        refused(text.replace("image3.png,3,0", "image3.png,3,2"), "line 5", "has '2' in 'left'", "0 and 1 alone");
        refused(text.replace("image3.png,3,0", "image3.png,3,"), "line 5", "has an empty 'left'", "fill in 0 or 1");
        refused(text.replace("image3.png,3,0", "image3.png,3,-1"), "has '-1' in 'left'");
        refused(text.replaceAll("(?m),[01]$", ",0"), "label red is on no training image");
        refused(text.replaceAll("(?m),[01]$", ",1"), "label red is on every training image");
        refused(text.replace("red", "blue"), "has no column 'red'");
    }

    private void refused(String csv, String... parts) throws IOException {
        Files.writeString(flags, csv);
        Cli.run(finetune(flags, "run")).failedWith(parts);
        assertThat(folder.resolve("run")).doesNotExist();
    }

    @Test
    void listsThatCannotBeMeantAreNamed() throws IOException {
        String text = Files.readString(list);
        Files.writeString(list, text.replace("left;top;red", "left;;red"));
        Cli.run(finetune(list, "run")).failedWith("has 'left;;red' in 'labels'", "remove the separator");
        Files.writeString(list, text.replace("left;top;red", "left;left"));
        Cli.run(finetune(list, "run")).failedWith("name each label once");
        Files.writeString(list, text.replaceAll("(top|red)", "left").replaceAll("left.*left", "left"));
        Cli.run(finetune(list, "run")).failedWith("has the single label [left]", "use a column 'label'");
    }

    @Test
    void settingsThatDoNotGoTogetherAreRefused() throws IOException {
        Cli.run(finetune(flags, "run", "--label-smoothing", 0.1)).failedWith("--label-smoothing 0.1");
        Cli.run(finetune(TinyImages.folder(folder.resolve("folders"), 4, 1), "run", "--label-columns", "left,top"))
                .failedWith("--label-columns are columns of a CSV file");
        Cli.run(finetune(flags, "run", "--label-columns", "left,left")).wrongUsage("--label-columns must name columns");
        Path classes = TinyImages.folder(folder.resolve("classes"), 4, 1);
        Cli.run(finetune(flags, "run")).succeeded();
        Cli.run("evaluate", "--model", folder.resolve("run"), "--data", classes).failedWith("CSV file");
        FineTuning.Result single = FineTuning.of(classes)
                .model("resnet20")
                .weights("none")
                .epochs(1)
                .out(folder.resolve("single"))
                .run();
        assertThat(single.isFinished()).isTrue();
        Cli.run("evaluate", "--model", folder.resolve("single"), "--data", list)
                .failedWith("the model says of each image one class");
    }

    /** Its head ends in a ReLU, so each probability would be at least 0.5. */
    @Test
    void aNetworkThatCannotDenyALabelIsRefused() {
        String refusal = "squeezenet1_1 cannot learn any number of labels: its head ends in a ReLU, so each label's"
                + " probability would be at least 0.5. Hint: use another network, such as --model resnet18.";
        Cli.run(finetune(flags, "squeezed", "--model", "squeezenet1_1", "--image-size", 32))
                .failedWith(refusal);
        assertThat(folder.resolve("squeezed")).doesNotExist();
        Cli.run(
                        "lr-find",
                        "--data",
                        flags,
                        "--label-columns",
                        "left,top,red",
                        "--model",
                        "squeezenet1_1",
                        "--weights",
                        "none",
                        "--image-size",
                        32,
                        "--steps",
                        10)
                .failedWith(refusal);
    }
}
