package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Confidence intervals from a training's and an evaluation's files and lines; patients count where they are named. */
class EvaluationIntervalsTest {
    private static final int PER_CLASS = 24;
    private static final int IMAGES_OF_A_PATIENT = 4;

    @TempDir
    private Path folder;

    private static Map<?, ?> at(Map<?, ?> map, String... keys) {
        Map<?, ?> found = map;
        for (String key : keys) {
            found = Cli.map(found.get(key));
        }
        return found;
    }

    private static List<Path> files(Path images) throws IOException {
        try (Stream<Path> all = Files.walk(images)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    /** Several images of each patient, all of one class. */
    private Path list(String name, Path images, String patient) throws IOException {
        StringBuilder lines = new StringBuilder("file,label,patient\n");
        List<Path> files = files(images);
        for (int i = 0; i < files.size(); i++) {
            Path file = files.get(i);
            lines.append(file)
                    .append(',')
                    .append(file.getParent().getFileName())
                    .append(',')
                    .append(patient);
            lines.append(i / IMAGES_OF_A_PATIENT).append('\n');
        }
        return Files.writeString(folder.resolve(name), lines);
    }

    @Test
    void countPatientsWhereTheyAreNamed() throws IOException {
        Path run = folder.resolve("run");
        Path training = list("training.csv", TinyImages.folder(folder.resolve("training"), PER_CLASS, 1), "p");
        Cli.run(
                        "finetune",
                        "--data",
                        training,
                        "--model",
                        "resnet20",
                        "--weights",
                        "none",
                        "--freeze",
                        "none",
                        "--batch",
                        8,
                        "--epochs",
                        1,
                        "--out",
                        run)
                .succeeded();
        Path images = TinyImages.folder(folder.resolve("images"), PER_CLASS, 2);
        List<Path> files = files(images);
        Path list = list("patients.csv", images, "q");

        Map<?, ?> validation = at(Json.readObject(run.resolve("metrics.json")), "validation");
        assertThat((Integer) validation.get("patients")).isBetween(2, 4);
        assertThat(at(validation, "overall").keySet().stream().map(Object::toString))
                .containsExactly(
                        "accuracy",
                        "balanced_accuracy",
                        "auroc",
                        "auprc",
                        "mcc",
                        "brier_score",
                        "log_loss",
                        "calibration_error",
                        "calibration_slope",
                        "calibration_in_the_large");

        Path json = folder.resolve("evaluation.json");
        Cli judged = Cli.run("evaluate", "--model", run, "--data", list, "--json", json)
                .succeeded();
        Map<String, Object> report = Json.readObject(json);
        Map<?, ?> metrics = at(report, "metrics");
        assertThat(metrics.get("cases")).isEqualTo(files.size());
        assertThat(metrics.get("patients")).isEqualTo(files.size() / IMAGES_OF_A_PATIENT);
        Map<?, ?> auroc = at(metrics, "overall", "auroc");
        assertThat(auroc.get("value")).isEqualTo(report.get("auroc"));
        assertThat(at(metrics, "overall", "accuracy").get("value")).isEqualTo(report.get("accuracy"));
        assertThat(at(metrics, "overall", "accuracy").get("method")).isEqualTo("Wilson by patient");
        assertThat((String) at(metrics, "overall", "accuracy").get("note")).startsWith("only 12 patients");
        assertThat(at(metrics, "overall", "brier_score").get("method")).isEqualTo("bootstrap by patient");
        assertThat(at(metrics, "overall", "calibration_error").get("note"))
                .asString()
                .startsWith("no interval");
        List<?> classes = (List<?>) metrics.get("classes");
        assertThat(classes).hasSize(2);
        assertThat(Cli.map(classes.get(0)).get("class")).isEqualTo(images(files).get(0));
        assertThat(Json.write(report)).doesNotContain("NaN");
        assertThat(judged.out())
                .containsPattern("metric +value +95 % interval +method")
                .containsPattern("accuracy +0\\.\\d{4} +0\\.\\d{4} to [01]\\.\\d{4} +Wilson by patient")
                .containsPattern("sensitivity +\\S+ ")
                .contains("intervals are of 12 patients with 48 images")
                .doesNotContain("NaN");

        Cli alone = Cli.run("evaluate", "--model", run, "--data", images, "--json", json)
                .succeeded();
        assertThat(alone.out()).contains("patients are not known, so intervals count every image by itself");
        Map<?, ?> byImage = at(Json.readObject(json), "metrics");
        assertThat(byImage.containsKey("patients")).isFalse();
        assertThat(at(byImage, "overall", "accuracy").get("method")).isEqualTo("Wilson");
        assertThat((Double) at(byImage, "overall", "accuracy").get("low")).isGreaterThanOrEqualTo((Double)
                at(metrics, "overall", "accuracy").get("low"));

        // one class only: what is not defined has a reason, in the file and in the lines
        String one = Files.readString(list).lines().limit(1 + PER_CLASS).collect(Collectors.joining("\n", "", "\n"));
        Path half = Files.writeString(folder.resolve("half.csv"), one);
        Cli some = Cli.run("evaluate", "--model", run, "--data", half, "--json", json)
                .succeeded();
        Map<?, ?> undefined = at(Json.readObject(json), "metrics", "overall", "auroc");
        assertThat(undefined.get("value")).isNull();
        assertThat(undefined.get("undefined")).isEqualTo("no positive case");
        assertThat(some.out()).containsPattern("AUROC +n/a +- +not defined: no positive case");
    }

    private static List<String> images(List<Path> files) {
        return files.stream()
                .map(file -> file.getParent().getFileName().toString())
                .distinct()
                .sorted()
                .toList();
    }
}
