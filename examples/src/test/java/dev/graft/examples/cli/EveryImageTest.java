package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An answer to each image of many: of a folder, and as a CSV file. */
class EveryImageTest {
    @TempDir
    private static Path shared;

    private static Path data;
    private static Path run;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        data = TinyImages.folder(shared.resolve("data"), 6, 1);
        TinyImages.write(data.resolve("left/a, \"b\".png"), true, new SplittableRandom(9));
        run = shared.resolve("run");
        Cli.finetune(data, run).succeeded();
    }

    @Test
    void evaluateWritesALineForEachImage() throws IOException {
        Path csv = folder.resolve("answers.csv");
        Map<String, Object> report = Cli.json(
                folder.resolve("e.json"), "evaluate", "--model", run, "--data", data, "--csv", csv, "--batch", 4);
        List<String> lines = Files.readAllLines(csv);
        assertThat(lines.get(0)).isEqualTo("file,label,predicted,probability_left,probability_right,flags");
        assertThat(lines).hasSize(14);
        int right = 0;
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.substring(line.lastIndexOf(".png") + 4).split(",", -1);
            float left = Float.parseFloat(cells[3]);
            assertThat(left + Float.parseFloat(cells[4])).isBetween(0.999f, 1.001f);
            assertThat(cells[2]).isEqualTo(left >= 0.5f ? "left" : "right");
            assertThat(line).contains(java.io.File.separator + cells[1] + java.io.File.separator);
            right += cells[1].equals(cells[2]) ? 1 : 0;
        }
        assertThat((Double) report.get("accuracy")).isEqualTo(right / 13.0);
        assertThat(lines.get(1)).contains("a, \"\"b\"\".png\",left,");
        // the same answers as predict gives
        Cli.run("predict", "--model", run, data.resolve("left/image0.png"), "--json", folder.resolve("p.json"))
                .succeeded();
        String predicted = Files.readString(folder.resolve("p.json"));
        String cell = lines.stream()
                .filter(line -> line.contains("left" + java.io.File.separator + "image0.png"))
                .findFirst()
                .orElseThrow()
                .split(",", -1)[3];
        assertThat(predicted).contains("left");
        assertThat(Float.parseFloat(cell)).isBetween(0f, 1f);
    }

    /** A folder of images is not a run: names that a run would use are free in it. */
    @Test
    void aReportBesideTheImagesMayHaveTheNameOfARunsFile() throws IOException {
        Path some = TinyImages.folder(folder.resolve("some"), 2, 2);
        Path report = some.resolve("metrics.json");
        Cli.run("predict", "--model", run, some, "--json", report).succeeded();
        assertThat(report).isRegularFile();
    }

    @Test
    void theCsvGoesToStandardOutputForADash() {
        Cli told = Cli.run("evaluate", "--model", run, "--data", data, "--csv", "-")
                .succeeded();
        assertThat(told.out().lines()).hasSize(14);
        assertThat(told.err()).contains("13 images: accuracy");
        Cli.run("evaluate", "--model", run, "--data", data, "--csv", "-", "--json", "-")
                .wrongUsage("--csv and --json cannot both be standard output");
        Cli.run("evaluate", "--model", run, "--data", data, "--csv", folder.resolve("no/such/x.csv"))
                .failedWith("--csv", "cannot be written");
    }

    @Test
    void evaluateLeavesOutWhatCannotBeReadWhereAsked() throws IOException {
        Path some = TinyImages.folder(folder.resolve("some"), 3, 2);
        Files.writeString(some.resolve("left/bad.png"), "no image");
        Files.writeString(some.resolve("right/worse.png"), "no image either");
        Cli.run("evaluate", "--model", run, "--data", some).failsNaming("png");
        Path csv = folder.resolve("answers.csv");
        Path json = folder.resolve("e.json");
        Cli told = Cli.run("evaluate", "--model", run, "--data", some, "--skip-bad", "--csv", csv, "--json", json)
                .succeeded();
        assertThat(told.out())
                .contains("unreadable: 2 images cannot be read and are left out (--skip-bad): ", "bad.png", "worse.png")
                .contains("6 images: accuracy");
        Map<String, Object> report = Json.readObject(json);
        assertThat(report).containsEntry("images", 6).containsEntry("unreadable_images", 2);
        assertThat((List<?>) report.get("unreadable")).hasSize(2);
        assertThat(Files.readAllLines(csv)).hasSize(7).noneMatch(line -> line.contains("bad.png"));
        Files.delete(some.resolve("left/bad.png"));
        Files.delete(some.resolve("right/worse.png"));
        Map<String, Object> clean = Cli.json(json, "evaluate", "--model", run, "--data", some, "--skip-bad");
        assertThat(clean).containsEntry("loss", report.get("loss")).doesNotContainKey("unreadable_images");
        try (Stream<Path> files = Files.walk(some)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.writeString(file, "no image");
            }
        }
        Cli.run("evaluate", "--model", run, "--data", some, "--skip-bad")
                .failedWith("none of the 6 images can be read", "Hint: check ");
    }

    @Test
    void predictTakesAFolderWithAllThatIsInIt() throws IOException {
        Path many = TinyImages.folder(folder.resolve("many"), 2, 3);
        TinyImages.write(many.resolve("deeper/still/one.PNG"), true, new SplittableRandom(1));
        TinyImages.write(many.resolve(".hidden/two.png"), true, new SplittableRandom(1));
        Files.writeString(many.resolve("notes.txt"), "x");
        Files.writeString(many.resolve("left/._image0.png"), "x");
        Path alone = data.resolve("left/image0.png");
        Cli told = Cli.run("predict", "--model", run, many, alone, "--top", 1, "--json", folder.resolve("p.json"))
                .succeeded();
        assertThat(told.out().lines().filter(line -> !line.startsWith(" ")))
                .containsExactly(
                        many.resolve("deeper/still/one.PNG").toString(),
                        many.resolve("left/image0.png").toString(),
                        many.resolve("left/image1.png").toString(),
                        many.resolve("right/image0.png").toString(),
                        many.resolve("right/image1.png").toString(),
                        alone.toString());
        assertThat(told.err()).contains("left out: 1 file of types that are not read: 1 .txt");
        assertThat(Json.readObject(Files.writeString(
                        folder.resolve("o.json"), "{\"list\": " + Files.readString(folder.resolve("p.json")) + "}")))
                .hasEntrySatisfying("list", list -> assertThat((List<?>) list).hasSize(6));
    }

    @Test
    void aFolderWithoutImagesIsRefused() throws IOException {
        Path empty = Files.createDirectories(folder.resolve("empty"));
        Files.writeString(empty.resolve("notes.txt"), "x");
        Cli.run("predict", "--model", run, empty).failedWith(empty + " has no image among its 1 files");
    }

    /** One damaged file does not stop the others. */
    @Test
    void aDamagedImageOfAFolderIsNamed() throws IOException {
        Path many = TinyImages.folder(folder.resolve("many"), 1, 3);
        Files.writeString(many.resolve("left/bad.png"), "no image");
        Cli told = Cli.run("predict", "--model", run, many, "--top", 1).failsNaming("bad.png");
        assertThat(told.out()).contains("image0.png");
    }
}
