package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.graft.nn.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every image is judged once, by a model that was not trained on it; and a stop costs nothing. */
class KfoldCommandTest {
    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void writeImages() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 9, 1);
    }

    private Object[] command(String out, Object... more) {
        List<Object> all = new ArrayList<>(List.of(
                "kfold",
                "--data",
                data,
                "--folds",
                3,
                "--model",
                "resnet20",
                "--weights",
                "none",
                "--freeze",
                "none",
                "--epochs",
                1,
                "--batch",
                8,
                "--out",
                folder.resolve(out)));
        all.addAll(Arrays.asList(more));
        return all.toArray();
    }

    @Test
    void everyImageIsHeldBackOnceAndThePooledScoresAreOfAll() throws IOException {
        Map<String, Object> report = Cli.json(
                folder.resolve("k.json"),
                command("out", "--epochs", 3, "--group", "image(\\d+)", "--threshold", "0.7"));
        Set<String> files = new HashSet<>();
        List<Set<String>> patients = new ArrayList<>();
        int right = 0;
        double sum = 0;
        for (int fold = 1; fold <= 3; fold++) {
            List<String> lines = Files.readAllLines(folder.resolve("out/fold-" + fold + "/predictions.csv"));
            assertThat(lines.get(0))
                    .isEqualTo("file,true_left,true_right,probability_left,probability_right,answer_left,answer_right,"
                            + "patient");
            assertThat(lines).as("3 patients of 2 images").hasSize(7);
            Set<String> own = new HashSet<>();
            int rightHere = 0;
            double loss = 0;
            for (String line : lines.subList(1, 7)) {
                String[] cells = line.split(",", -1);
                assertThat(files.add(cells[0])).as(cells[0]).isTrue();
                own.add(cells[0].replaceAll(".*image|[.]png", ""));
                assertThat(cells[6]).isEqualTo(Float.parseFloat(cells[4]) >= 0.7 ? "1" : "0");
                assertThat(cells[5]).isNotEqualTo(cells[6]);
                rightHere += cells[5].equals(cells[1]) ? 1 : 0;
                loss -= Math.log(Float.parseFloat(cells[1].equals("1") ? cells[3] : cells[4]));
            }
            patients.add(own);
            Map<?, ?> scores = Cli.map(Cli.list(report, "folds").get(fold - 1));
            assertThat((Double) scores.get("accuracy")).isEqualTo(rightHere / 6.0);
            assertThat((Double) scores.get("loss")).isCloseTo(loss / 6, offset(1e-4));
            Map<String, Object> metrics = Json.readObject(folder.resolve("out/fold-" + fold + "/metrics.json"));
            Map<?, ?> judged = Cli.map(metrics.get("fold"));
            assertThat(judged.get("cases")).isEqualTo(6);
            assertThat(judged.get("patients")).isEqualTo(3);
            assertThat(Cli.map(Cli.map(judged.get("overall")).get("accuracy")).get("value"))
                    .isEqualTo(rightHere / 6.0);
            assertThat(Cli.map(judged.get("net_benefit")).keySet()).isEqualTo(Set.of("right"));
            Map<?, ?> data = Cli.map(Json.readObject(folder.resolve("out/fold-" + fold + "/model.json"))
                    .get("data"));
            int held = (Integer) data.get("val_images");
            assertThat(held)
                    .as("chosen by images outside the fold")
                    .isPositive()
                    .isEven();
            assertThat(Cli.map(metrics.get("validation")).get("cases")).isEqualTo(held);
            assertThat(data.get("fold_images")).isEqualTo(6);
            assertThat((Integer) data.get("train_images") + held).isEqualTo(12);
            assertThat(Cli.map(Cli.map(metrics.get("decision")).get("threshold"))
                            .get("values"))
                    .isEqualTo(List.of(0.7));
            right += rightHere;
            sum += rightHere / 6.0;
        }
        assertThat(files).hasSize(18);
        assertThat(patients.get(0)).hasSize(3).doesNotContainAnyElementsOf(patients.get(1));
        assertThat(patients.get(2))
                .doesNotContainAnyElementsOf(patients.get(0))
                .doesNotContainAnyElementsOf(patients.get(1));
        assertThat(Cli.map(report.get("pooled")).get("images")).isEqualTo(18);
        assertThat((Double) Cli.map(report.get("pooled")).get("accuracy")).isEqualTo(right / 18.0);
        assertThat((Double) Cli.map(report.get("mean")).get("accuracy")).isCloseTo(sum / 3, offset(1e-12));
        assertThat(folder.resolve("out/kfold.json")).isRegularFile();
        Map<String, Object> one =
                Cli.json(folder.resolve("e.json"), "evaluate", "--model", folder.resolve("out/fold-2"), "--data", data);
        assertThat(one).as("a fold's folder is a model, which knows the others").containsEntry("images", 6);
        assertThat(Cli.map(one.get("duplicates")).get("left_out")).isEqualTo(12);
        assertThat(one.get("accuracy"))
                .isEqualTo(Cli.map(Cli.list(report, "folds").get(1)).get("accuracy"));
    }

    /** The second fold is missing, as after a kill; the first is there. */
    @Test
    void aResumeTrainsOnlyWhatIsMissing() throws IOException {
        Cli.run(command("whole")).succeeded();
        Cli.run(command("broken")).succeeded();
        Path second = folder.resolve("broken/fold-2");
        for (String name : List.of("model.json", "model.safetensors", "metrics.json", "predictions.csv")) {
            Files.delete(second.resolve(name));
        }
        try (var all = Files.list(folder.resolve("broken/fold-3"))) {
            for (Path file : all.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder.resolve("broken/kfold.json"));
        Cli.run(command("broken")).failedWith("holds an unfinished run", "--resume");
        Cli told = Cli.run("kfold", "--resume", "--out", folder.resolve("broken")) // as many folds as it began with
                .succeeded();
        assertThat(told.out()).contains("fold 1 of 3:", "already finished");
        for (String name : List.of("kfold.json", "fold-2/model.safetensors", "fold-3/predictions.csv")) {
            assertThat(Files.mismatch(
                            folder.resolve("whole").resolve(name),
                            folder.resolve("broken").resolve(name)))
                    .as(name)
                    .isEqualTo(-1);
        }
        Cli.run("kfold", "--folds", 4, "--resume", "--out", folder.resolve("broken"))
                .failedWith("fold was 1/3, is 1/4");
    }

    @Test
    void withoutValidationTheLastEpochIsJudged() {
        Cli told = Cli.run(command("last", "--val-fraction", 0)).succeeded();
        assertThat(told.out())
                .contains("fold: 6 images are held back to judge the finished model; patients are not known")
                .contains("12 training and 0 validation images");
        Map<String, Object> metrics = Json.readObject(folder.resolve("last/fold-1/metrics.json"));
        assertThat(Cli.map(metrics.get("fold")).get("cases")).isEqualTo(6);
        assertThat(metrics).doesNotContainKey("validation");
    }

    /** A copy of a training image in the fold would flatter it. */
    @Test
    void copiesAreKeptOutOfTheFold() throws IOException {
        for (String name : List.of("left", "right")) {
            try (var all = Files.list(data.resolve(name))) {
                for (Path file : all.toList()) {
                    Files.copy(file, data.resolve(name).resolve("copy-" + file.getFileName()));
                }
            }
        }
        Cli told = Cli.run(command("copies")).succeeded();
        assertThat(told.out())
                .contains("fold images are byte-identical to training images; they are kept out of the fold");
        int judged = 0;
        Set<String> contents = new HashSet<>();
        for (int fold = 1; fold <= 3; fold++) {
            List<String> lines = Files.readAllLines(folder.resolve("copies/fold-" + fold + "/predictions.csv"));
            judged += lines.size() - 1;
            for (String line : lines.subList(1, lines.size())) {
                contents.add(line.split(",", -1)[0].replace("copy-", ""));
            }
        }
        assertThat(judged)
                .as("each picture once at most")
                .isEqualTo(contents.size())
                .isLessThan(18);
    }

    @Test
    void whatCannotBeMeantIsWrongUsage() {
        Cli.run(command("out", "--folds", 1)).wrongUsage("--folds must be at least 2, was 1");
        Cli.run(command("out", "--fold", "1/3")).wrongUsage("--fold is one fold");
        Cli.run(command("out", "--val", data)).wrongUsage("--fold excludes --val");
        Cli.run("finetune", "--data", data, "--fold", "4/3", "--out", folder.resolve("o"))
                .wrongUsage("--fold must be one of 2 or more folds, was 4 of 3");
        Cli.run("finetune", "--data", data, "--fold", "two", "--out", folder.resolve("o"))
                .wrongUsage("such as 2/5, not 'two'");
        Cli.run(command("out", "--folds", 19)).failedWith("18 examples cannot be in 19 folds");
        Cli.run("kfold", "--out", folder.resolve("o")).wrongUsage("missing required option: '--data=DIR'");
    }
}
