package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code --subgroups} of finetune, kfold and evaluate: the parts' scores in the files, and refusals before hours are
 * spent.
 */
class SubgroupsCommandTest {
    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void writeImages() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 9, 1);
    }

    private Path bySite() throws IOException {
        StringBuilder lines = new StringBuilder("file,site\n");
        for (String name : List.of("left", "right")) {
            for (int i = 0; i < 9; i++) {
                lines.append(name).append("/image").append(i).append(".png,").append(i % 2 == 0 ? "north" : "south");
                lines.append('\n');
            }
        }
        return Files.writeString(folder.resolve("sites.csv"), lines);
    }

    /** Of the first division, the images of each part. */
    private static Map<String, Integer> sizes(Object judged) {
        Map<String, Integer> sizes = new java.util.LinkedHashMap<>();
        Map<?, ?> first = Cli.map(((List<?>) Cli.map(judged).get("subgroups")).get(0));
        assertThat(first.get("metric")).isEqualTo("accuracy");
        for (Object part : (List<?>) first.get("parts")) {
            sizes.put(
                    (String) Cli.map(part).get("name"), (Integer) Cli.map(part).get("images"));
        }
        return sizes;
    }

    @Test
    void aTrainingJudgesPartsOfItsValidationImages() throws IOException {
        Path out = folder.resolve("run");
        Cli.finetune(data, out, "--subgroups", bySite(), "--val-fraction", 0.4).succeeded();
        Map<?, ?> validation =
                Cli.map(Json.readObject(out.resolve("metrics.json")).get("validation"));
        Map<String, Integer> sizes = sizes(validation);
        assertThat(sizes.keySet()).isSubsetOf("north", "south");
        assertThat(sizes.values().stream().mapToInt(i -> i).sum()).isEqualTo(validation.get("cases"));
        assertThat((List<?>) Cli.map(validation.get("net_benefit")).get("right"))
                .hasSize(10);
        assertThat(Files.readString(out.resolve("report.html"))).contains("accuracy by site");
        Map<String, Object> evaluated =
                Cli.json(folder.resolve("e.json"), "evaluate", "--model", out, "--data", data, "--subgroups", bySite());
        assertThat(sizes(evaluated)).containsExactly(Map.entry("north", 10), Map.entry("south", 8));
        assertThat((List<?>) Cli.map(evaluated.get("net_benefit")).get("right")).hasSize(10);
    }

    @Test
    void allFoldsAreJudgedTogetherByPatientToo() throws IOException {
        Path patients = Files.writeString(
                folder.resolve("patients.csv"), "patient,sex\n0,f\n1,f\n2,m\n3,m\n4,f\n5,f\n6,f\n7,m\n");
        List<Object> command = new ArrayList<>(List.of("kfold", "--data", data, "--folds", 3, "--model", "resnet20"));
        command.addAll(List.of("--weights", "none", "--freeze", "none", "--epochs", 1, "--batch", 8));
        command.addAll(List.of("--group", "image(\\d+)", "--subgroups", patients, "--out", folder.resolve("k")));
        Cli.run(command.toArray()).succeeded();
        Map<String, Object> first = Json.readObject(folder.resolve("k/kfold.json"));
        Map<?, ?> metrics = Cli.map(Cli.map(first.get("pooled")).get("metrics"));
        assertThat(sizes(metrics)).containsExactly(Map.entry("f", 10), Map.entry("m", 6), Map.entry("(not given)", 2));
        assertThat(metrics.get("patients")).isEqualTo(9);
        assertThat(Files.readString(folder.resolve("k/report.html"))).contains("accuracy by sex");
        Files.delete(folder.resolve("k/kfold.json"));
        Cli told = Cli.run("kfold", "--resume", "--out", folder.resolve("k")).succeeded();
        assertThat(told.out()).doesNotContain("warning: the finished run");
        assertThat(Json.readObject(folder.resolve("k/kfold.json"))).isEqualTo(first);
    }

    /** A finished run is not judged again: that is said, and how to go on. */
    @Test
    void whatAFinishedRunLeavesOutIsSaid() throws IOException {
        Path out = folder.resolve("run");
        Path first = Files.writeString(folder.resolve("first.csv"), Files.readString(bySite()));
        Cli.finetune(data, out, "--val-fraction", 0.4).succeeded();
        byte[] metrics = Files.readAllBytes(out.resolve("metrics.json"));
        Path study = Files.writeString(folder.resolve("study.properties"), "funding = none\n");
        assertThat(Cli.finetune(data, out, "--val-fraction", 0.4, "--subgroups", first, "--study", study)
                        .succeeded()
                        .out())
                .contains("already finished")
                .contains("was judged without --subgroups " + first)
                .contains("graft evaluate --subgroups")
                .contains("so --study adds nothing to it")
                .contains("graft evaluate --report");
        assertThat(Files.readAllBytes(out.resolve("metrics.json"))).isEqualTo(metrics);
        Path judged = folder.resolve("judged");
        Cli.finetune(data, judged, "--val-fraction", 0.4, "--subgroups", first).succeeded();
        assertThat(Cli.finetune(data, judged, "--val-fraction", 0.4, "--subgroups", bySite())
                        .succeeded()
                        .out())
                .as("the same file by another name")
                .contains("already finished")
                .doesNotContain("warning: the finished run");
        Files.writeString(first, "file,site\nleft/image0.png,west\n");
        assertThat(Cli.run("finetune", "--resume", "--out", judged).succeeded().out())
                .as("another file by the same name")
                .contains("was judged without --subgroups " + first);
        Files.delete(first);
        assertThat(Cli.run("finetune", "--resume", "--out", judged).succeeded().out())
                .as("a file that is gone is not asked for again")
                .doesNotContain("warning: the finished run");
    }

    /** The encoding is that of all lists which are given; graft's own lists of an ensemble say theirs. */
    @Test
    void csvEncodingIsThatOfSubgroupsToo() throws IOException {
        Path file = Files.writeString(
                folder.resolve("latin.csv"),
                Files.readString(bySite()).replace("north", "Köln"),
                java.nio.charset.StandardCharsets.ISO_8859_1);
        Path out = folder.resolve("ensemble");
        Cli.finetune(data, out, "--subgroups", file).failedWith("is not UTF-8", "--csv-encoding");
        Cli.finetune(
                        data,
                        out,
                        "--subgroups",
                        file,
                        "--csv-encoding",
                        "ISO-8859-1",
                        "--val-fraction",
                        0.4,
                        "--seeds",
                        2)
                .succeeded();
        Map<?, ?> ensemble =
                Cli.map(Json.readObject(out.resolve("metrics.json")).get("ensemble"));
        assertThat(sizes(ensemble.get("metrics")).keySet()).contains("Köln");
        Map<String, Object> evaluated = Cli.json(
                folder.resolve("e.json"),
                "evaluate",
                "--model",
                out,
                "--data",
                data,
                "--subgroups",
                file,
                "--csv-encoding",
                "ISO-8859-1",
                "--keep-duplicates");
        assertThat(sizes(evaluated).keySet()).contains("Köln");
    }

    @Test
    void aFileThatDividesNothingIsRefusedBeforeTheTraining() throws IOException {
        Path nobody = Files.writeString(folder.resolve("nobody.csv"), "file,sex\nnobody.png,f\n");
        Path out = folder.resolve("refused");
        Cli.finetune(data, out, "--subgroups", nobody).failedWith("--subgroups", "names none of the 4 images");
        assertThat(out.resolve("log.csv")).doesNotExist();
        Cli.finetune(data, out, "--subgroups", folder.resolve("missing.csv"))
                .failedWith("--subgroups " + folder.resolve("missing.csv") + " cannot be read");
        Cli.finetune(data, out, "--subgroups", bySite(), "--val-fraction", 0)
                .failedWith("divides the images that judge the model, and there are none", "--val-fraction");
        Path bare = Files.writeString(folder.resolve("bare.csv"), "file,sex\nimage0.png,f\nimage1.png,m\n");
        Cli.finetune(data, out, "--subgroups", bare)
                .failedWith("line 2 names several images: ", "left/image0.png and ", "right/image0.png");
        Cli.finetune(data, out, "--subgroups", bare, "--seeds", 2).failedWith("line 2 names several images");
        assertThat(out.resolve("training.csv")).doesNotExist();
        Path unknown = Files.writeString(folder.resolve("unknown.csv"), "patient,sex\n0,f\n");
        Cli.finetune(data, out, "--subgroups", unknown)
                .failedWith("names patients, and nothing tells which images are of which", "--group");
    }
}
