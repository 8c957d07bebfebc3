package dev.graft.nn.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.file.Sha256;
import dev.graft.nn.data.DataException;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.data.table.TableSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may judge a model that was adapted. */
class AdaptedPatientsTest {
    @TempDir
    private Path folder;

    private static TableCases cases(int from, int to) {
        SplittableRandom random = new SplittableRandom(from);
        List<List<String>> rows = new ArrayList<>();
        for (int i = 2 * from; i < 2 * to; i++) {
            int age = 20 + random.nextInt(70);
            rows.add(List.of("" + i, "p" + i / 2, "" + age, random.nextInt(100) < age ? "1" : "0"));
        }
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", "id");
        map.put("patient", "patient");
        map.put("label", Map.of("column", "y", "positive", List.of("1"), "negative", List.of("0")));
        map.put("columns", List.of(Map.of("name", "age", "type", "numeric")));
        map.put("rare", 3);
        return TableCases.of(
                Table.of("table", List.of("id", "patient", "age", "y"), rows), TableSchema.of("schema", map));
    }

    private Path general() {
        Path general = folder.resolve("general");
        new TableRun(general)
                .settings(TableSettings.defaults().batch(32).epochs(1).hidden(List.of(4)))
                .train(cases(0, 100));
        return general;
    }

    private static Set<String> unseen(Path model, TableCases cases) {
        try (TableClassifier classifier = TableClassifier.load(model)) {
            return new HashSet<>(TableRun.unseen(classifier, cases).patients());
        }
    }

    private static int judges(TableRun.Outcome outcome) {
        return ((Number) ((Map<?, ?>) outcome.metrics().get("best")).get("rows")).intValue();
    }

    @Test
    void onlyPatientsWhomTheGeneralModelHasNotSeenJudge() {
        Path general = general();
        TableCases all = cases(0, 100);
        Set<String> free = unseen(general, all);
        assertThat(free).hasSizeBetween(15, 25);
        List<String> said = new ArrayList<>();
        Path adapted = folder.resolve("adapted");
        TableRun.Outcome outcome = new TableRun(adapted).say(said::add).adapt(general, all);
        assertThat(judges(outcome)).isBetween(2 * free.size() - 2, 2 * free.size());
        assertThat(said)
                .anyMatch(line -> line.endsWith(
                        "rows are only learnt from, since the model was fitted on their" + " patients before"));
        assertThat(free).containsAll(unseen(adapted, all)).hasSizeLessThan(26);
        assertThat(unseen(adapted, all)).hasSize(judges(outcome) / 2);

        // another hospital with some patients of the first: its model's folder tells the patients of both
        TableCases other = cases(50, 150);
        Path second = folder.resolve("second");
        int judging = judges(new TableRun(second).adapt(general, other));
        assertThat(judging).isBetween(36, 44);
        assertThat(unseen(second, other)).hasSize(judging / 2);
        assertThat(free).containsAll(unseen(second, all));
        try (TableClassifier classifier = TableClassifier.load(second)) {
            assertThat(classifier.knowsItsPatients()).isTrue();
        }
    }

    @Test
    void aCohortOfNoOtherPatientsIsRefused() {
        Path general = general();
        Set<String> free = unseen(general, cases(0, 100));
        TableCases all = cases(0, 100);
        List<String> patients = all.patients();
        TableCases seen = all.where(i -> !free.contains(patients.get(i)));
        assertThatThrownBy(() -> new TableRun(folder.resolve("none")).adapt(general, seen))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("was fitted on all patients of table")
                .hasMessageContaining("Hint: ");
    }

    @Test
    void anUnknownListIsSaidAndStaysUnknown() throws IOException {
        Path general = general();
        Files.delete(general.resolve(TrainingPatients.FILE));
        List<String> said = new ArrayList<>();
        Path adapted = folder.resolve("adapted");
        new TableRun(adapted).say(said::add).adapt(general, cases(0, 100));
        assertThat(said).anyMatch(line -> line.startsWith("warning: the folder " + general + " does not tell all"));
        assertThat(unseen(adapted, cases(0, 100))).hasSize(20);
        try (TableClassifier classifier = TableClassifier.load(adapted)) {
            assertThat(classifier.knowsItsPatients()).isFalse();
        }
    }

    @Test
    void hashesAreSaltedAndOlderFilesAreRead() throws IOException {
        TrainingPatients one = TrainingPatients.none().and(List.of("a", "b", "a"));
        TrainingPatients other = TrainingPatients.none().and(List.of("a", "b"));
        assertThat(one.toCsv()).isNotEqualTo(other.toCsv()).doesNotContain(Sha256.of("a"));
        assertThat(one.toCsv().lines()).hasSize(3);
        assertThat(one.and(List.of("b", "c")).toCsv().lines()).hasSize(4);
        Files.writeString(
                folder.resolve(TrainingPatients.FILE),
                one.and(List.of("c")).andOthers().toCsv());
        TrainingPatients read = TrainingPatients.read(folder);
        assertThat(List.of("a", "b", "c", "d").stream().filter(read::has)).containsExactly("a", "b", "c");
        assertThat(read.isComplete()).isFalse();
        Files.writeString(folder.resolve(TrainingPatients.FILE), "sha256\n" + Sha256.of("a") + "\n");
        TrainingPatients older = TrainingPatients.read(folder);
        assertThat(older.has("a")).isTrue();
        assertThat(older.has("b")).isFalse();
        assertThat(older.isComplete()).isTrue();
        assertThat(TrainingPatients.read(folder.resolve("nowhere")).isComplete())
                .isFalse();
    }

    /** An interval that contains 0 is no proof of equality. */
    @Test
    void whatWasNotShownIsNotCalledEqual() {
        TableComparison.Arm unsure = new TableComparison.Arm(0.05, -0.01, 0.11);
        TableComparison.Arm auroc = new TableComparison.Arm(0.7, 0.6, 0.8);
        Map<String, TableComparison.Arm> arms = new LinkedHashMap<>();
        for (String arm : List.of("transfer", "general", "scratch", "logistic", "general_logistic", "none")) {
            arms.put(arm, auroc);
        }
        TableComparison.Size size = new TableComparison.Size(100, arms, unsure, unsure, unsure);
        assertThat(size.words())
                .contains("adapting was not shown to improve on the general model as it is (+0.050 [-0.010, +0.110])");
        assertThat(TableReport.of(cases(0, 100), "t.csv").comparison("x = 1", List.of(size), List.of()))
                .contains("No improvement by adapting", "how far others would differ is not in them")
                .doesNotContain("did not improve", "use it as it is");
    }

    @Test
    void aLossIsSaidWithItsSize() {
        TableComparison.Arm loss = new TableComparison.Arm(-0.02, -0.03, -0.01);
        assertThat(new TableComparison.Size(100, Map.of(), loss, loss, loss).words())
                .contains("worse than training from scratch by +0.020 [+0.010, +0.030]")
                .contains("made the general model worse by +0.020 [+0.010, +0.030]")
                .contains("logistic regression on the cohort was better by +0.020 [+0.010, +0.030]");
    }
}
