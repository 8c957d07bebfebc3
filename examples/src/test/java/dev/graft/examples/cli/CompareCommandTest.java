package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code evaluate --compare}: two models on the same images, on the terminal, as JSON and in the report. */
class CompareCommandTest {
    @TempDir
    private static Path folder;

    private static Path images;

    @BeforeAll
    static void train() throws IOException {
        Path data = TinyImages.folder(folder.resolve("data"), 9, 1);
        images = TinyImages.folder(folder.resolve("images"), 7, 2);
        Cli.finetune(data, folder.resolve("one")).succeeded();
        Cli.finetune(data, folder.resolve("other"), "--image-size", 24, "--seed", 4)
                .succeeded();
        Cli.finetune(data, folder.resolve("several"), "--seeds", 2).succeeded();
        Cli.finetune(
                        TinyImages.folder(folder.resolve("third"), 9, 5),
                        folder.resolve("stranger"),
                        "--group",
                        "image(\\d+)")
                .succeeded();
    }

    private static Cli compare(Object first, Object second, Object... more) {
        Object[] all = new Object[7 + more.length];
        Object[] begin = {"evaluate", "--model", folder.resolve("" + first), "--compare", folder.resolve("" + second)};
        System.arraycopy(begin, 0, all, 0, 5);
        all[5] = "--data";
        all[6] = images;
        System.arraycopy(more, 0, all, 7, more.length);
        return Cli.run(all);
    }

    private static double at(Map<?, ?> comparison, String metric, String entry) {
        return ((Number) Cli.map(Cli.map(comparison.get("overall")).get(metric)).get(entry)).doubleValue();
    }

    @Test
    void aModelOfAnotherSizeIsComparedOnTheSameImages() throws IOException {
        Path json = folder.resolve("compared.json");
        Path html = folder.resolve("compared.html");
        Cli told = compare("one", "other", "--json", json, "--report", html).succeeded();
        assertThat(told.out())
                .contains("compared with " + folder.resolve("other") + ", on the same 14 images")
                .containsPattern("accuracy +[01]\\.\\d{4} +[01]\\.\\d{4} +[+-][01]\\.\\d{4}")
                .containsPattern("answers right by this model alone: \\d+, by the other alone: \\d+; p = [01]\\.\\d{4}"
                        + " \\(McNemar, exact\\)");
        Map<?, ?> comparison = Cli.map(Json.readObject(json).get("comparison"));
        assertThat(comparison.get("cases")).isEqualTo(14);
        assertThat(comparison.get("second")).isEqualTo(folder.resolve("other").toString());
        Map<String, Object> alone = Cli.json(
                folder.resolve("alone.json"), "evaluate", "--model", folder.resolve("other"), "--data", images);
        assertThat(at(comparison, "accuracy", "second")).isEqualTo(alone.get("accuracy"));
        assertThat(at(comparison, "auroc", "second")).isEqualTo(alone.get("auroc"));
        assertThat(at(comparison, "accuracy", "first"))
                .isEqualTo(Json.readObject(json).get("accuracy"));
        assertThat(Files.readString(html))
                .contains("Comparison with another model", "Answers that only this model has right: ");
    }

    @Test
    void anEnsembleIsComparedToo() {
        Path json = folder.resolve("ensemble.json");
        compare("several", "several/seed-1", "--json", json).succeeded();
        assertThat(Cli.map(Json.readObject(json).get("comparison")).get("cases"))
                .isEqualTo(14);
        compare("one", "one", "--json", json).succeeded();
        Map<?, ?> same = Cli.map(Json.readObject(json).get("comparison"));
        assertThat(at(same, "log_loss", "difference")).isZero();
        assertThat(Cli.map(same.get("mcnemar")).get("p_value")).isEqualTo(1.0);
    }

    @Test
    void aModelForSomethingElseIsRefusedByName() throws IOException {
        Path classes = folder.resolve("classes");
        TinyImages.folder(classes, 5, 3);
        Files.move(classes.resolve("left"), classes.resolve("up"));
        Cli.finetune(classes, folder.resolve("up")).succeeded();
        compare("one", "up")
                .failedWith(
                        "the models cannot be compared",
                        "[left, right]",
                        "[right, up]",
                        "compare models for the same classes");
        compare("one", "nothing").failedWith("--compare " + folder.resolve("nothing"), "holds no model.json");
        Cli.run("evaluate", "--model", folder.resolve("one"), "--data", classes)
                .failedWith("the images have other classes than the model");
    }

    /** Images that the other model was fitted on are left out of the comparison, and only of it. */
    @Test
    void imagesThatOneModelKnowsAreLeftOutForBoth() throws IOException {
        Path both = folder.resolve("both");
        TinyImages.folder(both, 7, 2);
        for (String name : new String[] {"left", "right"}) {
            try (var files = Files.list(folder.resolve("data").resolve(name))) {
                for (Path file : files.limit(3).toList()) {
                    Files.copy(file, both.resolve(name).resolve("known-" + file.getFileName()));
                }
            }
        }
        Path json = folder.resolve("known.json");
        Cli told = Cli.run(
                        "evaluate",
                        "--model",
                        folder.resolve("stranger"),
                        "--compare",
                        folder.resolve("one"),
                        "--data",
                        both,
                        "--json",
                        json)
                .succeeded();
        assertThat(Json.readObject(json).get("images")).isEqualTo(20);
        assertThat(Cli.map(Json.readObject(json).get("comparison")).get("cases"))
                .isEqualTo(14);
        assertThat(told.out()).contains("(the other model is not judged on 6 of those above)");
        Cli.run(
                        "evaluate",
                        "--model",
                        folder.resolve("one"),
                        "--data",
                        images,
                        "--subgroups",
                        Files.writeString(folder.resolve("sub.csv"), "file,sex\nnobody.png,f\n"))
                .failedWith("names none of the 14 images");
    }

    /** By memory it would win. What the first model says of the images is written all the same. */
    @Test
    void aModelThatKnowsAllImagesIsNotComparedAndTheOthersResultsAreKept() throws IOException {
        Path json = folder.resolve("memory.json");
        Path html = folder.resolve("memory.html");
        Cli.run(
                        "evaluate",
                        "--model",
                        folder.resolve("stranger"),
                        "--compare",
                        folder.resolve("one"),
                        "--data",
                        folder.resolve("data"),
                        "--json",
                        json,
                        "--report",
                        html)
                .failedWith("the second model was fitted on every image that it was judged on", "--keep-duplicates");
        Map<String, Object> alone = Json.readObject(json);
        assertThat(alone.get("images")).isEqualTo(18);
        assertThat(alone).doesNotContainKey("comparison");
        assertThat(Files.readString(html)).contains("Confusion matrix").doesNotContain("Comparison with another model");
        Cli.run(
                        "evaluate",
                        "--model",
                        folder.resolve("stranger"),
                        "--compare",
                        folder.resolve("one"),
                        "--data",
                        folder.resolve("data"),
                        "--keep-duplicates",
                        "--json",
                        json,
                        "--report",
                        html)
                .succeeded();
        Map<?, ?> comparison = Cli.map(Json.readObject(json).get("comparison"));
        assertThat(comparison.get("cases")).isEqualTo(18);
        assertThat(Cli.map(comparison.get("second_duplicates")).get("fitted_judged"))
                .isEqualTo(18);
        assertThat(Files.readString(html)).contains("The other model was fitted on 18 of the 18 images");
    }

    @Test
    void patientsThatTheOtherModelKnowsAreRefusedBeforeAnythingIsJudged() {
        Path json = folder.resolve("patients.json");
        Cli told = Cli.run(
                "evaluate",
                "--model",
                folder.resolve("one"),
                "--compare",
                folder.resolve("stranger"),
                "--data",
                images,
                "--group",
                "image(\\d+)",
                "--json",
                json);
        told.failedWith(
                "--compare " + folder.resolve("stranger"),
                "the model was fitted on images of 7 of the 7 patients",
                "--allow-shared-patients");
        assertThat(told.out()).doesNotContain("confusion matrix");
        assertThat(json).doesNotExist();
    }
}
