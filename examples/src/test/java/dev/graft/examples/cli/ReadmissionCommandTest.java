package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.examples.readmission.SyntheticPopulation;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.json.Json;
import dev.graft.nn.table.TableClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of readmission on a small generated hospital. */
class ReadmissionCommandTest {
    private static final int PATIENTS = 700;

    @TempDir
    private Path folder;

    private Path stays;
    private Path schema;

    @BeforeEach
    void writeStays() throws IOException {
        stays = write("stays.csv", value -> value);
        schema = folder.resolve("schema.json");
        Files.writeString(schema, Json.write(SyntheticPopulation.schema().toMap()));
    }

    private Path write(String name, UnaryOperator<String> change) throws IOException {
        Table table = SyntheticPopulation.table(PATIENTS, 4);
        StringBuilder text = new StringBuilder(String.join(",", table.header())).append('\n');
        for (int row = 0; row < table.size(); row++) {
            int r = row;
            text.append(String.join(
                            ",",
                            table.header().stream()
                                    .map(column -> change.apply(table.value(r, column)))
                                    .toList()))
                    .append('\n');
        }
        return Files.writeString(folder.resolve(name), text);
    }

    private static double number(Map<?, ?> map, String name) {
        return ((Number) map.get(name)).doubleValue();
    }

    @Test
    void trainsJudgesAdaptsAndPredicts() throws IOException {
        Path model = folder.resolve("model");
        Object[] train = {"readmission", "train", "--data", stays, "--schema", schema, "--out", model, "--epochs", 3};
        Cli.run(train).succeeded();
        assertThat(model.resolve("log.csv")).exists();
        assertThat(Cli.run(train).succeeded().out())
                .contains("already finished")
                .doesNotContain("the study adds nothing");
        List<Object> described = new ArrayList<>(List.of(train));
        described.addAll(List.of("--study", Files.writeString(folder.resolve("study.properties"), "funding = none\n")));
        assertThat(Cli.run(described.toArray()).succeeded().out())
                .contains("already finished", "the study adds nothing");

        Path csv = folder.resolve("p.csv");
        Cli.run("readmission", "predict", "--model", model, "--data", stays, "--out", csv)
                .succeeded();
        Table predicted = Table.read(csv);
        Table table = Table.read(stays);
        assertThat(predicted.size()).isEqualTo(table.size());
        assertThat(predicted.header()).containsExactly("stay", "probability");
        try (TableClassifier classifier = TableClassifier.load(model)) {
            double[] probabilities = classifier.predict(table);
            for (int row = 0; row < table.size(); row++) {
                assertThat(Double.parseDouble(predicted.value(row, "probability")))
                        .isCloseTo(probabilities[row], within(1e-5));
            }
        }

        Map<String, Object> judged = Cli.json(
                folder.resolve("judged.json"),
                "readmission",
                "evaluate",
                "--model",
                model,
                "--data",
                stays,
                "--schema",
                schema);
        int all = TableCases.of(table, SyntheticPopulation.schema()).size();
        assertThat(number(judged, "predictions")).isBetween(0.15 * all, 0.25 * all); // those held back
        Map<?, ?> best = Cli.map(Json.readObject(model.resolve("metrics.json")).get("best"));
        assertThat(number(judged, "auroc")).isCloseTo(number(best, "auroc"), within(1e-9));

        Path other = write("other.csv", value -> value.equals("surgery") ? "day surgery" : value);
        Path adapted = folder.resolve("adapted");
        Cli run = Cli.run(
                "readmission", "adapt", "--model", model, "--data", other, "--schema", schema, "--out", adapted);
        assertThat(run.succeeded().out())
                .contains("1 new levels of ward begin as \"other\": [day surgery]", "before adapting");
        try (TableClassifier classifier = TableClassifier.load(adapted)) {
            List<String> levels = classifier.encoder().categories().stream()
                    .filter(category -> category.column().name().equals("ward"))
                    .findFirst()
                    .orElseThrow()
                    .levels();
            assertThat(levels).contains("surgery").endsWith("day surgery");
        }
        Path cohort = folder.resolve("cohort");
        Cli.run(
                        "readmission",
                        "adapt",
                        "--model",
                        model,
                        "--data",
                        stays,
                        "--schema",
                        schema,
                        "--out",
                        cohort,
                        "--cohort",
                        "ward = cardiology")
                .succeeded();
    }

    @Test
    void choosesAThresholdOnThePatientsHeldBackAndAppliesIt() throws IOException {
        Path model = folder.resolve("model");
        Path study = Files.writeString(folder.resolve("study.json"), "{\"funding\": \"nobody <b>paid</b>\"}");
        Object[] train = {
            "readmission",
            "train",
            "--data",
            stays,
            "--schema",
            schema,
            "--out",
            model,
            "--epochs",
            2,
            "--threshold",
            "sensitivity=0.8",
            "--study",
            study
        };
        assertThat(Cli.run(train).succeeded().out()).contains("on the answer is yes: sensitivity 0.8", "report.html");
        String page = Files.readString(model.resolve("report.html"));
        assertThat(page)
                .contains("Which inputs the model needs", "chosen on validation rows; rule sensitivity=0.8")
                .contains("nobody &lt;b&gt;paid&lt;/b&gt;", "AUROC by sex", "rows held back also chose")
                .doesNotContain("pixels");
        assertThat(Files.readString(model.resolve("model-card.md")))
                .contains("sensitivity=0.8", "which chose the temperature and the threshold")
                .doesNotContain("No data was held back", "It was not told which examples are of one patient");
        Map<String, Object> metrics = Json.readObject(model.resolve("metrics.json"));
        assertThat(Cli.list(metrics, "epochs")).hasSize(2);
        Map<?, ?> at = Cli.map(metrics.get("at_threshold"));
        assertThat(number(at, "sensitivity")).isGreaterThanOrEqualTo(0.8);

        Path html = folder.resolve("judged.html");
        Cli run = Cli.run(
                "readmission",
                "evaluate",
                "--model",
                model,
                "--data",
                stays,
                "--schema",
                schema,
                "--report",
                html,
                "--json",
                folder.resolve("judged.json"));
        assertThat(run.succeeded().out()).contains("by whom the model's temperature and threshold were chosen");
        assertThat(html)
                .content()
                .contains(
                        "of these rows are of patients by whom the model&#39;s temperature and threshold were chosen",
                        "the temperature and the threshold were chosen by patients of")
                .doesNotContain("nothing was selected on these rows");
        Map<?, ?> judged =
                Cli.map(Json.readObject(folder.resolve("judged.json")).get("at_threshold"));
        assertThat(judged).isEqualTo(at); // the same rows, by the same probabilities
        assertThat(Files.readString(html)).contains("AUROC lost without an input", "of patients whom the model was");

        Path csv = folder.resolve("p.csv");
        Cli.run("readmission", "predict", "--model", model, "--data", stays, "--out", csv)
                .succeeded();
        Table predicted = Table.read(csv);
        assertThat(predicted.header()).containsExactly("stay", "probability", "answer");
        double threshold = number(at, "threshold");
        for (int row = 0; row < predicted.size(); row++) {
            double p = Double.parseDouble(predicted.value(row, "probability"));
            if (Math.abs(p - threshold) > 1e-6) {
                assertThat(predicted.value(row, "answer")).isEqualTo(p > threshold ? "yes" : "no");
            }
        }
        assertThat(Cli.run("readmission", "train", "--out", folder.resolve("x"), "--threshold", "yuden")
                        .err())
                .contains("--threshold is youden, sensitivity=0.95");
        assertThat(folder.resolve("x")).doesNotExist();
    }

    @Test
    void aLogisticRegressionIsAModelFolderToo() {
        Path model = folder.resolve("model");
        Cli.run("readmission", "train", "--kind", "logistic", "--data", stays, "--schema", schema, "--out", model)
                .succeeded();
        Cli run = Cli.run("readmission", "predict", "--model", model, "--data", stays)
                .succeeded();
        assertThat(run.out().lines().count()).isEqualTo(Table.read(stays).size() + 1);
        assertThat(Cli.run(
                                "readmission",
                                "adapt",
                                "--model",
                                model,
                                "--data",
                                stays,
                                "--schema",
                                schema,
                                "--out",
                                folder.resolve("a"))
                        .err())
                .contains(
                        "holds a logistic regression, and only networks are adapted. Hint: train one with --kind mlp");
    }

    @Test
    void crossValidatesWithPredictionsAndAPairedDifference() {
        Path predictions = folder.resolve("logistic.csv");
        Map<String, Object> logistic = Cli.json(
                folder.resolve("1.json"),
                "readmission",
                "evaluate",
                "--data",
                stays,
                "--schema",
                schema,
                "--kind",
                "logistic",
                "--predictions",
                predictions);
        assertThat(logistic.keySet())
                .contains("auroc", "auprc", "brier", "slope", "folds", "predictions", "rows_per_second");
        assertThat(Cli.list(logistic, "folds")).hasSize(5);
        Table written = Table.read(predictions);
        assertThat(written.header()).containsExactly("stay", "fold", "probability");
        assertThat(written.size()).isEqualTo(((Number) logistic.get("predictions")).intValue());
        Set<String> ids = new HashSet<>(written.distinct("stay"));
        assertThat(ids).hasSize(written.size());
        Map<String, Object> again = Cli.json(
                folder.resolve("2.json"),
                "readmission",
                "evaluate",
                "--data",
                stays,
                "--schema",
                schema,
                "--kind",
                "logistic",
                "--against",
                predictions,
                "--report",
                folder.resolve("cv.html"));
        assertThat(folder.resolve("cv.html"))
                .content()
                .contains("Cross-validation of a logistic regression", "Each fold");
        assertThat(number(Cli.map(again.get("against")), "difference")).isZero();
        Map<String, Object> first = Cli.json(
                folder.resolve("3.json"),
                "readmission",
                "evaluate",
                "--data",
                stays,
                "--schema",
                schema,
                "--kind",
                "logistic",
                "--first");
        assertThat(number(first, "predictions")).isLessThan(number(logistic, "predictions"));
    }

    @Test
    void comparesTransferWithItsRivals() {
        Path page = folder.resolve("c.html");
        Map<String, Object> report = Cli.json(
                folder.resolve("c.json"),
                "readmission",
                "compare",
                "--data",
                stays,
                "--schema",
                schema,
                "--cohort",
                "ward in cardiology, nephrology",
                "--sizes",
                "20,all",
                "--seeds",
                2,
                "--report",
                page);
        List<?> sizes = Cli.list(report, "sizes");
        assertThat(sizes).hasSize(2);
        for (Object size : sizes) {
            Map<?, ?> at = Cli.map(size);
            for (String arm : List.of("transfer", "scratch", "general", "logistic", "none")) {
                Map<?, ?> scores = Cli.map(at.get(arm));
                assertThat(number(scores, "lower")).isLessThanOrEqualTo(number(scores, "auroc"));
                assertThat(number(scores, "upper")).isGreaterThanOrEqualTo(number(scores, "auroc"));
            }
            assertThat(number(at, "gain"))
                    .isCloseTo(
                            number(Cli.map(at.get("transfer")), "auroc") - number(Cli.map(at.get("scratch")), "auroc"),
                            within(1e-9));
            assertThat(number(Cli.map(at.get("none")), "auroc")).isEqualTo(0.5);
        }
        assertThat(report.get("words").toString()).contains("adapting", "general model");
        assertThat(page).content().contains("Adapted minus as it is", "no information", "The audit for leaks");
    }

    @Test
    void comparesWhereASmallSubsetLacksAnInput() throws IOException {
        List<String> lines = Files.readAllLines(stays);
        int creatinine = List.of(lines.get(0).split(",")).indexOf("creatinine");
        List<String> rare = new ArrayList<>(List.of(lines.get(0)));
        for (int i = 1; i < lines.size(); i++) {
            String[] cells = lines.get(i).split(",", -1);
            cells[creatinine] = i % 40 == 0 ? cells[creatinine] : "";
            rare.add(String.join(",", cells));
        }
        Path lacking = Files.write(folder.resolve("lacking.csv"), rare);
        Cli run = Cli.run(
                "readmission",
                "compare",
                "--data",
                lacking,
                "--schema",
                schema,
                "--cohort",
                "ward = cardiology",
                "--sizes",
                "15",
                "--seeds",
                2);
        assertThat(run.succeeded().out())
                .contains("missing in all of 15 rows, and so unknown to models of these rows alone: creatinine");
    }

    @Test
    void foldsMayBeNumberedFromOne() throws IOException {
        Table table = Table.read(stays);
        List<Path> files = new ArrayList<>();
        for (int first = 0; first < 2; first++) {
            StringBuilder text = new StringBuilder("patient,fold\n");
            List<String> patients = table.distinct("patient");
            for (int i = 0; i < patients.size(); i++) {
                text.append(patients.get(i)).append(',').append(first + i % 3).append('\n');
            }
            files.add(Files.writeString(folder.resolve("folds" + first + ".csv"), text));
        }
        List<Object> judged = new ArrayList<>();
        for (Path folds : files) {
            judged.add(Cli.json(
                            folder.resolve("f.json"),
                            "readmission",
                            "evaluate",
                            "--data",
                            stays,
                            "--schema",
                            schema,
                            "--kind",
                            "logistic",
                            "--folds",
                            folds)
                    .get("auroc"));
        }
        assertThat(judged.get(1)).isEqualTo(judged.get(0));
        Path gap = Files.writeString(
                folder.resolve("gap.csv"), Files.readString(files.get(1)).replace(",2\n", ",7\n"));
        assertThat(Cli.run(
                                "readmission",
                                "evaluate",
                                "--data",
                                stays,
                                "--schema",
                                schema,
                                "--kind",
                                "logistic",
                                "--folds",
                                gap)
                        .err())
                .contains("gap.csv column 'fold' has the folds [1, 3, 7]");
    }

    @Test
    void numbersThatCannotBeMeasurementsAreRefused() throws IOException {
        List<String> lines = Files.readAllLines(stays);
        int age = List.of(lines.get(0).split(",")).indexOf("age");
        for (String value : List.of("1e200", "inf", "-1e31", "12,5", "old")) {
            List<String> changed = new ArrayList<>(lines);
            String[] cells = lines.get(7).split(",", -1);
            cells[age] = value.contains(",") ? '"' + value + '"' : value;
            changed.set(7, String.join(",", cells));
            Path file = Files.write(folder.resolve("changed.csv"), changed);
            assertThat(Cli.run("readmission", "evaluate", "--data", file, "--schema", schema, "--kind", "logistic")
                            .err())
                    .as(value)
                    .contains("changed.csv line 8 column 'age' holds '" + value + "'", "Hint: ");
        }
        Path model = folder.resolve("model");
        Cli.run("readmission", "train", "--data", stays, "--schema", schema, "--out", model, "--kind", "logistic")
                .succeeded();
        List<String> changed = new ArrayList<>(lines);
        String[] cells = lines.get(7).split(",", -1);
        cells[age] = "1e20";
        changed.set(7, String.join(",", cells));
        Path file = Files.write(folder.resolve("far.csv"), changed);
        assertThat(Cli.run("readmission", "predict", "--model", model, "--data", file)
                        .err())
                .contains("far.csv line 8 column 'age' holds '1e20'", "deviations from the mean of the training rows");
    }

    @Test
    void draftsASchemaThatTrains() {
        Path draft = folder.resolve("draft.json");
        Cli.run("readmission", "schema", stays, "--out", draft).succeeded();
        Map<String, Object> report = Cli.json(
                folder.resolve("d.json"),
                "readmission",
                "evaluate",
                "--data",
                stays,
                "--schema",
                draft,
                "--kind",
                "logistic");
        assertThat(number(report, "auroc")).isBetween(0.5, 0.9);
    }

    @Test
    void saysWhatIsWrongInTheWordsOfTheCommandLine() throws IOException {
        assertThat(Cli.run("readmission", "evaluate", "--data", stays).err())
                .startsWith("graft readmission evaluate: ")
                .contains("Hint: say what the columns mean with --schema", "graft readmission schema");
        Path ragged = Files.writeString(folder.resolve("ragged.csv"), "stay,patient\n1\n");
        assertThat(Cli.run("readmission", "schema", ragged).err())
                .contains("ragged.csv line 2 has 1 fields, the header has 2");
        assertThat(Cli.run("readmission", "compare", "--data", stays, "--schema", schema)
                        .err())
                .contains("--cohort is missing");
        assertThat(Cli.run(
                                "readmission",
                                "compare",
                                "--data",
                                stays,
                                "--schema",
                                schema,
                                "--cohort",
                                "ward = cardiolgy")
                        .err())
                .contains("did you mean 'cardiology'?");
        assertThat(Cli.run("readmission", "compare", "--cohort", "ward = surgery", "--sizes", "1o0")
                        .err())
                .contains("--sizes 1o0 is neither a number nor all");
        Path umlaut = Files.write(
                folder.resolve("u.csv"), "a\n\u00fc\n".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        assertThat(Cli.run("readmission", "schema", umlaut).err())
                .contains("name its encoding with --encoding windows-1252");
        assertThat(Cli.run("readmission").err()).contains("a command is missing");
        assertThat(Cli.run("readmission", "predict", "--model", folder, "--data", stays)
                        .err())
                .contains("model.json");
    }
}
