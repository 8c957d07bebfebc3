package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code evaluate} and {@code predict} do besides judging single answers to images as they are. */
class EvaluationOptionsTest {
    private static final int EACH = 15;

    @TempDir
    private static Path root;

    @TempDir
    private Path folder;

    private static Path model;
    private static Path images;

    @BeforeAll
    static void train() throws IOException {
        model = root.resolve("run");
        Cli.finetune(TinyImages.folder(root.resolve("data"), 24, 1), model).succeeded();
        images = TinyImages.folder(root.resolve("other"), EACH, 9);
    }

    private Map<String, Object> evaluate(Object... more) {
        return evaluate(model, more);
    }

    private Map<String, Object> evaluate(Path of, Object... more) {
        Object[] all = new Object[5 + more.length];
        System.arraycopy(new Object[] {"evaluate", "--model", of, "--data", images}, 0, all, 0, 5);
        System.arraycopy(more, 0, all, 5, more.length);
        return Cli.json(folder.resolve("e.json"), all);
    }

    @Test
    void robustnessIsPrintedReportedAndInTheJson() throws IOException {
        Path page = folder.resolve("page.html");
        Map<String, Object> found = evaluate("--robustness", "--report", page);
        Map<?, ?> robustness = Cli.map(found.get("robustness"));
        assertThat(robustness.get("cases")).isEqualTo(2 * EACH);
        List<?> conditions = (List<?>) robustness.get("conditions");
        assertThat(conditions).hasSize(12);
        for (Object condition : conditions) {
            Map<?, ?> one = Cli.map(condition);
            assertThat(one.keySet().toString()).contains("kind", "strength", "metrics", "changes");
            assertThat(Cli.map(one.get("metrics")).keySet().toString()).contains("accuracy", "auroc");
        }
        assertThat(Files.readString(page)).doesNotContain("the model was not run on noisier");
        Cli printed = Cli.run("evaluate", "--model", model, "--data", images, "--robustness")
                .succeeded();
        assertThat(printed.out())
                .contains("images with")
                .containsPattern("(?m)^noise ")
                .containsPattern("(?m)^JPEG");
    }

    @Test
    void subgroupsAreJudgedByTheirColumns() throws IOException {
        StringBuilder rows = new StringBuilder("file,age,sex\n");
        for (String side : List.of("left", "right")) {
            for (int i = 0; i < EACH; i++) {
                rows.append(side + "/image" + i + ".png," + (20 + 4 * i) + "," + (i % 3 == 0 ? "f" : "m") + "\n");
            }
        }
        Path file = Files.writeString(folder.resolve("groups.csv"), rows);
        Path page = folder.resolve("page.html");
        Map<String, Object> found = evaluate("--subgroups", file, "--report", page);
        assertThat(found.get("subgroups").toString()).contains("sex", "age", "too small");
        assertThat(Files.readString(page)).contains(">sex").doesNotContain("no column of the data was named");
        Cli printed = Cli.run("evaluate", "--model", model, "--data", images, "--subgroups", file)
                .succeeded();
        assertThat(printed.out())
                .contains("subgroups by")
                .containsPattern("(?m)^sex +f +accuracy +10 ")
                .containsPattern("(?m)^sex +m +AUROC +20 ")
                .contains("of many subgroups, some look bad by chance");
        Path nobody = Files.writeString(folder.resolve("nobody.csv"), "file,sex\nelsewhere.png,f\n");
        Cli.run("evaluate", "--model", model, "--data", images, "--subgroups", nobody)
                .failedWith("nobody.csv");
        Cli.run("evaluate", "--model", model, "--data", images, "--subgroups", folder.resolve("missing.csv"))
                .failedWith("missing.csv");
    }

    @Test
    void answersOfSeveralViewsAreAveraged() {
        Map<String, Object> plain = evaluate();
        assertThat(evaluate("--tta", "none").get("loss")).isEqualTo(plain.get("loss"));
        assertThat(evaluate("--tta", "hflip").get("loss")).isNotEqualTo(plain.get("loss"));
        assertThat(evaluate("--tta", "flips").get("loss"))
                .isEqualTo(evaluate("--tta", "flips").get("loss"));
        Path image = images.resolve("left/image0.png");
        Cli.run("predict", "--model", model, "--tta", "hflip", image).succeeded();
        Cli.run("predict", "--model", model, "--tta", "spin", image).wrongUsage("--tta must be none, hflip or flips");
    }

    @Test
    void answersWithDropoutAreAveragedWhereThereIsDropout() {
        Path image = images.resolve("left/image0.png");
        Cli.run("predict", "--model", model, "--mc-dropout", 5, image).wrongUsage("--mc-dropout 5 cannot be");
        Cli.run("predict", "--model", model, "--mc-dropout", -1, image).wrongUsage("must not be negative");
        Path dropping = folder.resolve("dropping");
        Cli.run(
                        "finetune",
                        "--data",
                        root.resolve("data"),
                        "--model",
                        "squeezenet1_1",
                        "--weights",
                        "none",
                        "--freeze",
                        "none",
                        "--image-size",
                        32,
                        "--epochs",
                        1,
                        "--out",
                        dropping)
                .succeeded();
        Object[] command = {"evaluate", "--model", dropping, "--data", images, "--mc-dropout", 4};
        Object once = Cli.json(folder.resolve("a.json"), command).get("loss");
        assertThat(Cli.json(folder.resolve("b.json"), command).get("loss"))
                .as("the same units are dropped each time")
                .isEqualTo(once);
        assertThat(evaluate(dropping).get("loss")).isNotEqualTo(once);
        Cli.run("predict", "--model", dropping, "--mc-dropout", 4, "--tta", "hflip", image)
                .succeeded();
    }

    @Test
    void imagesUnlikeTheTrainingImagesAreFlagged() throws IOException {
        Path odd = TinyImages.write(folder.resolve("odd/left/wide.png"), true, new SplittableRandom(3));
        java.awt.image.BufferedImage wide =
                new java.awt.image.BufferedImage(300, 32, java.awt.image.BufferedImage.TYPE_INT_RGB);
        javax.imageio.ImageIO.write(wide, "png", odd.toFile());
        Path usual = images.resolve("left/image1.png");
        Cli predicted = Cli.run("predict", "--model", model, odd, usual).succeeded();
        assertThat(predicted.out())
                .containsOnlyOnce("unlike the training images: ")
                .contains("width 300 (training: ");
        Path json = folder.resolve("p.json");
        Cli.run("predict", "--model", model, "--json", json, odd, usual).succeeded();
        assertThat(Files.readString(json))
                .containsOnlyOnce("\"quantity\" : \"width\"")
                .contains("\"value\" : 300");
        TinyImages.folder(folder.resolve("odd"), 3, 5);
        Path table = folder.resolve("e.csv");
        Cli judged = Cli.run("evaluate", "--model", model, "--data", folder.resolve("odd"), "--csv", table)
                .succeeded();
        assertThat(judged.out()).contains("unlike the training images: 1 of 7 images");
        assertThat(Files.readAllLines(table))
                .filteredOn(line -> line.contains("width 300"))
                .hasSize(1);
    }

    /** Of few images a range says nothing, so nothing is flagged; the training says so. */
    @Test
    void aModelOfFewImagesFlagsNothingAndSaysSo() throws IOException {
        Path few = folder.resolve("few");
        Cli trained = Cli.finetune(TinyImages.folder(folder.resolve("data"), 8, 1), few)
                .succeeded();
        assertThat(trained.out()).contains("training examples are too few to say which inputs are unlike them");
        Path white = folder.resolve("white.png");
        javax.imageio.ImageIO.write(
                new java.awt.image.BufferedImage(300, 32, java.awt.image.BufferedImage.TYPE_INT_RGB),
                "png",
                white.toFile());
        assertThat(Cli.run("predict", "--model", few, white).succeeded().out()).doesNotContain("unlike");
        assertThat(Files.readString(few.resolve("model-card.md"))).contains("too few to say");
    }
}
