package dev.graft.nn.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.data.Folds;
import dev.graft.nn.data.table.PatientFolds;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.data.table.TableSchema;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.ModelCard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports and cards say what is known, and nothing else. */
class TableReportTest {
    private static final String UNKNOWN =
            "It is not known which of these rows are of patients whom the model was fitted";
    private static final String NOTHING = "nothing was selected on these rows";

    @TempDir
    private Path folder;

    private static TableCases cases(int from, int to, boolean withPatients) {
        SplittableRandom random = new SplittableRandom(from);
        List<List<String>> rows = new ArrayList<>();
        for (int i = 2 * from; i < 2 * to; i++) {
            int age = 20 + random.nextInt(70);
            rows.add(List.of("" + i, "p" + i / 2, "" + age, random.nextInt(100) < age ? "1" : "0", "w" + i % 3));
        }
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", "id");
        if (withPatients) {
            map.put("patient", "patient");
        }
        map.put("label", Map.of("column", "y", "positive", List.of("1"), "negative", List.of("0")));
        map.put(
                "columns",
                List.of(Map.of("name", "age", "type", "numeric"), Map.of("name", "ward", "type", "categorical")));
        map.put("rare", 3);
        return TableCases.of(
                Table.of("table", List.of("id", "patient", "age", "y", "ward"), rows), TableSchema.of("schema", map));
    }

    private Path trained(String name, TableModel.Kind kind, boolean withPatients) {
        Path model = folder.resolve(name);
        new TableRun(model)
                .kind(kind)
                .settings(TableSettings.defaults()
                        .batch(32)
                        .epochs(2)
                        .hidden(List.of(4))
                        .dropout(0.25)
                        .embeddings(0.3))
                .train(cases(0, 100, withPatients));
        return model;
    }

    private static String evaluated(Path model, TableCases all) {
        try (TableClassifier classifier = TableClassifier.load(model)) {
            TableCases judged = TableRun.unseen(classifier, all);
            return TableReport.of(all, "t.csv")
                    .evaluation(
                            classifier, model.toString(), judged, classifier.predict(judged.table(), judged.rows()));
        }
    }

    @Test
    void anEvaluationSaysWhetherTheseRowsChoseTheDecision() {
        Path model = trained("model", TableModel.Kind.MLP, true);
        assertThat(evaluated(model, cases(0, 100, true)))
                .contains("40 of these rows are of patients by whom the model")
                .contains("the temperature and the threshold were chosen by patients of 40 of these rows")
                .contains("160 rows of patients whom the model was fitted on were left out")
                .doesNotContain(NOTHING, UNKNOWN);
        assertThat(evaluated(model, cases(200, 300, true)))
                .contains(NOTHING, "0 rows of patients whom the model was fitted on were left out")
                .doesNotContain("by whom the model", UNKNOWN);
    }

    @Test
    void anEvaluationWithoutPatientsSaysSo() throws IOException {
        Path model = trained("model", TableModel.Kind.MLP, true);
        String noColumn = evaluated(model, cases(0, 100, false));
        assertThat(noColumn)
                .contains(UNKNOWN, "rows that may be of patients whom it was fitted on")
                .contains("it is not known whether these rows are of patients by whom the temperature")
                .doesNotContain("were left out", NOTHING, "on patients whom it was not fitted on");
        Files.delete(model.resolve(TrainingPatients.FILE));
        assertThat(evaluated(model, cases(0, 100, true)))
                .contains(UNKNOWN, "patients of 40 of these rows")
                .doesNotContain("0 rows of patients whom");
    }

    @Test
    void aRunWithoutPatientsInventsNone() throws IOException {
        Path model = trained("model", TableModel.Kind.MLP, false);
        assertThat(Files.readString(model.resolve("report.html")))
                .contains("Rows of table that were held back; patients are not known")
                .contains("validation rows, by row, since patients are not known")
                .contains("internal evaluation on rows that were held back")
                .contains("The schema names no column of the patient, so patients who judge may have trained")
                .doesNotContain("Patients of table", "validation rows, by patient", "patients who were held back");
        assertThat(Files.readString(trained("known", TableModel.Kind.MLP, true).resolve("report.html")))
                .contains("Patients of table who were held back", "validation rows, by patient")
                .contains("no patient is on both sides of a split; that is enforced")
                .doesNotContain("The schema names no column");
    }

    @Test
    void aCrossValidationWithoutPatientsInventsNone() {
        for (boolean withPatients : new boolean[] {true, false}) {
            TableCases cases = cases(0, 100, withPatients);
            Folds folds = PatientFolds.draw(cases, 3, 0);
            String page = TableReport.of(cases, "t.csv")
                    .crossValidation(
                            "logistic regression",
                            TableCrossValidation.run(
                                    cases, folds, training -> TableModel.logistic(training, 0.1), fold -> {}));
            assertThat(page.contains("a model that has not seen its patient")).isEqualTo(withPatients);
            assertThat(page.contains("The schema names no column")).isEqualTo(!withPatients);
        }
    }

    @Test
    void anAdaptedModelOfUnknownPatientsSaysSo() throws IOException {
        Path general = trained("general", TableModel.Kind.MLP, true);
        Path known = folder.resolve("adapted");
        new TableRun(known).adapt(general, cases(50, 150, true));
        assertThat(Files.readString(known.resolve("report.html")))
                .contains("no patient is on both sides of a split; that is enforced")
                .doesNotContain("does not tell all patients");
        Files.delete(general.resolve(TrainingPatients.FILE));
        Path doubtful = folder.resolve("doubtful");
        new TableRun(doubtful).adapt(general, cases(50, 150, true));
        assertThat(Files.readString(doubtful.resolve("report.html")))
                .contains("The folder " + general + " does not tell all patients of its model")
                .doesNotContain("that is enforced");
    }

    @Test
    void theCardOfALogisticRegressionDescribesNoNetwork() throws IOException {
        Path model = trained("model", TableModel.Kind.LOGISTIC, true);
        Map<?, ?> settings = (Map<?, ?>) ModelCard.read(model).facts().get("settings");
        assertThat(settings.keySet().stream().map(String::valueOf))
                .contains("kind", "c", "held")
                .doesNotContain("hidden", "dropout", "epochs", "batch", "rate", "decay", "embeddings");
        Map<?, ?> best =
                (Map<?, ?>) Json.readObject(model.resolve("metrics.json")).get("best");
        assertThat(best.containsKey("auroc")).isTrue();
        assertThat(best.containsKey("epoch")).isFalse();
        for (String file : List.of("model-card.md", "report.html")) {
            assertThat(Files.readString(model.resolve(file)))
                    .as(file)
                    .doesNotContain("dropout", "hidden [", "Epoch that was kept", "last epoch", "network's own");
        }
    }

    @Test
    void theCardOfAnAdaptedModelHasItsOwnLayers() {
        Path general = trained("general", TableModel.Kind.MLP, true);
        Path adapted = folder.resolve("adapted");
        new TableRun(adapted).adapt(general, cases(50, 150, true));
        Map<?, ?> settings = (Map<?, ?>) ModelCard.read(adapted).facts().get("settings");
        assertThat(settings.get("hidden")).isEqualTo(List.of(4));
        assertThat(settings.get("dropout")).isEqualTo(0.25);
        assertThat(settings.get("embeddings")).isEqualTo(0.3);
        assertThat(settings.containsKey("c")).isFalse();
    }
}
