package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.examples.readmission.SyntheticPopulation;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.json.Json;
import dev.graft.nn.run.RunException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** What readmission refuses, what it says of patients whom nobody knows, and what is left where a page fails. */
class ReadmissionOptionsTest {
    @TempDir
    private Path folder;

    private Path stays;
    private Path schema;

    @BeforeEach
    void writeStays() throws IOException {
        Table table = SyntheticPopulation.table(300, 4);
        List<String> lines = new ArrayList<>(List.of(String.join(",", table.header())));
        for (int row = 0; row < table.size(); row++) {
            int r = row;
            lines.add(String.join(
                    ",",
                    table.header().stream()
                            .map(column -> table.value(r, column))
                            .toList()));
        }
        stays = Files.write(folder.resolve("stays.csv"), lines);
        schema = Files.writeString(
                folder.resolve("schema.json"),
                Json.write(SyntheticPopulation.schema().toMap()));
    }

    @Test
    void refusesOptionsThatWouldDoNothing() {
        Path none = folder.resolve("none");
        Cli.run("readmission", "evaluate", "--model", none, "--kind", "mlp").wrongUsage("excludes --folds, --against");
        Cli.run("readmission", "evaluate", "--model", none, "--seeds", 1).wrongUsage("--kind and --seeds");
        Cli.run("readmission", "evaluate", "--kind", "logistic", "--seeds", 5).wrongUsage("--seeds is for --kind mlp");
        Cli.run("readmission", "evaluate", "--study", none).wrongUsage("--study is for the checklists of --report");
        Cli.run("readmission", "train", "--out", none, "--kind", "logistic", "--epochs", 50)
                .wrongUsage("--epochs is for --kind mlp");
        assertThat(none).doesNotExist();
    }

    /** What can be wrong is told before stays are learnt from. */
    @Test
    void readsFilesBeforeItTrains() throws IOException {
        Path page = folder.resolve("r.html");
        Path broken = Files.writeString(folder.resolve("broken.json"), "{\"funding\": ");
        for (Path study : List.of(broken, folder.resolve("absent.json"))) {
            Cli run = Cli.run(
                    "readmission", "evaluate", "--data", stays, "--schema", schema, "--study", study, "--report", page);
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).contains(study.getFileName().toString());
            assertThat(run.out()).doesNotContain("AUROC", "stays of");
            assertThat(page).doesNotExist();
        }
        Path other = Files.writeString(folder.resolve("other.csv"), "stay,probability\n1,0.5\n");
        Cli run = Cli.run("readmission", "evaluate", "--data", stays, "--schema", schema, "--against", other);
        assertThat(run.err()).contains("other.csv has no probability for stay");
        assertThat(run.out()).doesNotContain("AUROC");
    }

    /** A page that cannot be made does not take the results with it. */
    @Test
    void resultsAreWrittenBeforeTheirPage() {
        Path json = folder.resolve("r.json");
        Path page = folder.resolve("r.html");
        ReportingCommand command = new WithoutPage(page);
        List<Throwable> thrown = new ArrayList<>();
        new CommandLine(command)
                .setExecutionExceptionHandler((e, line, result) -> {
                    thrown.add(e);
                    return 1;
                })
                .execute("--json", json.toString());
        assertThat(Json.readObject(json)).containsEntry("auroc", 0.75);
        assertThat(thrown)
                .singleElement()
                .satisfies(e -> assertThat(e)
                        .isInstanceOf(RunException.class)
                        .hasMessageContaining("--report could not be made (no page)"));
        assertThat(page).doesNotExist();
    }

    @Command(name = "without")
    private static final class WithoutPage extends ReportingCommand {
        private final Path page;

        WithoutPage(Path page) {
            this.page = page;
        }

        @Override
        Object report() {
            Map<String, Object> result = Map.of("auroc", 0.75);
            deliver(result, page, () -> {
                throw new IllegalStateException("no page");
            });
            return result;
        }
    }

    /** Without a column of the patient, nothing is said of patients but that they are not known. */
    @Test
    void patientsThatAreNotKnownAreNotInvented() throws IOException {
        Map<String, Object> map =
                new LinkedHashMap<>(SyntheticPopulation.schema().toMap());
        map.remove("patient");
        map.put("label", Map.of("column", "again", "positive", List.of("1"), "negative", List.of("0")));
        map.put("exclude", List.of(Map.of("column", "discharged_to", "values", List.of("hospice", "died"))));
        List<String> lines = Files.readAllLines(stays);
        for (int i = 0; i < lines.size(); i++) {
            lines.set(i, lines.get(i) + (i == 0 ? ",again" : i % 4 == 0 ? ",1" : ",0"));
        }
        Files.write(stays, lines);
        Path unknown = Files.writeString(folder.resolve("unknown.json"), Json.write(map));
        Path model = folder.resolve("model");
        Cli train = Cli.run(
                "readmission", "train", "--data", stays, "--schema", unknown, "--out", model, "--kind", "logistic");
        assertThat(train.succeeded().out())
                .contains("stays of patients who are not known", "warning: the schema names no column of the patient")
                .doesNotContain("1 patients");
        Path page = folder.resolve("cv.html");
        Cli run = Cli.run(
                "readmission",
                "evaluate",
                "--data",
                stays,
                "--schema",
                unknown,
                "--kind",
                "logistic",
                "--report",
                page);
        assertThat(run.succeeded().out())
                .contains("warning: the schema names no column of the patient", "95 % interval of auroc, by stay")
                .doesNotContain("by patient");
        assertThat(page)
                .content()
                .contains("The schema names no column of the patient", "a model that has not seen this row")
                .doesNotContain("has not seen its patient");
    }
}
