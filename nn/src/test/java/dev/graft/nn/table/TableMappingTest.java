package dev.graft.nn.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.nn.data.DataException;
import dev.graft.nn.data.table.PatientFolds;
import dev.graft.nn.data.table.RowCondition;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.nn.data.table.TableSchema;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.interval.DeLong;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.train.StopSignal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Networks that go to other tables and into folders. */
class TableMappingTest {
    @TempDir
    private Path folder;

    private static TableSchema schema(Object... columns) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", "id");
        map.put("patient", "patient");
        map.put("order", "id");
        map.put("label", Map.of("column", "y", "positive", List.of("1"), "negative", List.of("0")));
        map.put("columns", List.of(columns));
        map.put("rare", 3);
        return TableSchema.of("schema", map);
    }

    private static TableSchema usual() {
        return schema(
                Map.of("name", "ward", "type", "categorical"),
                Map.of("name", "age", "type", "numeric"),
                Map.of("name", "sex", "type", "categorical"));
    }

    private static Table table(int n, String... wards) {
        SplittableRandom random = new SplittableRandom(n);
        List<List<String>> rows = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            int ward = random.nextInt(wards.length);
            int age = 20 + random.nextInt(70);
            boolean yes = random.nextDouble() < 1 / (1 + Math.exp(1 - ward - (age - 55) / 20.0));
            rows.add(List.of(
                    "" + i,
                    "p" + i / 2,
                    wards[ward],
                    i % 11 == 0 ? "" : "" + age,
                    i % 3 == 0 ? "f" : "m",
                    yes ? "1" : "0"));
        }
        return Table.of("table", List.of("id", "patient", "ward", "age", "sex", "y"), rows);
    }

    private static TableCases cases(int n, String... wards) {
        return TableCases.of(table(n, wards), usual());
    }

    private static NetworkModel trained(TableCases cases) {
        return (NetworkModel) TableModel.network(
                cases, TableSettings.defaults().batch(32).epochs(2).decay(0.01).hidden(List.of(8, 4)));
    }

    @Test
    void anOlderEncodersCodesStayAndNewLevelsAnswerAsOther() {
        TableCases here = cases(300, "a", "c");
        TableCases there = cases(240, "a", "b", "c");
        try (NetworkModel source = trained(here)) {
            TableEncoder extended = TableAdaptation.extended(source.encoder(), there);
            assertThat(extended.categories().get(0).levels()).containsExactly("a", "c", "b");
            TableMapping mapping = TableMapping.of(source, extended, 0.1, 3);
            assertThat(mapping.notes()).containsExactly("1 new levels of ward begin as \"other\": [b]");
            try (NetworkModel mapped = new NetworkModel(extended, mapping.network(), 0)) {
                mapping.network().eval();
                double[] before = source.predict(there); // b is unseen: other
                double[] after = mapped.predict(there);
                for (int i = 0; i < before.length; i++) {
                    assertThat(after[i]).as("row " + i).isCloseTo(before[i], within(1e-6));
                }
            }
        }
    }

    @Test
    void inputsAreMatchedByNameInAnyOrder() {
        TableCases here = cases(300, "a", "c");
        TableSchema turned = schema(
                Map.of("name", "sex", "type", "categorical"),
                Map.of("name", "age", "type", "numeric"),
                Map.of("name", "ward", "type", "categorical"),
                Map.of("name", "twice", "type", "count", "of", List.of("sex"), "values", List.of("f")));
        TableCases there = here.withSchema(turned);
        try (NetworkModel source = trained(here)) {
            TableEncoder extended = TableAdaptation.extended(source.encoder(), there);
            TableMapping mapping = TableMapping.of(source, extended, 0.1, 3);
            assertThat(mapping.notes()).containsExactly("new input: twice");
            try (NetworkModel mapped = new NetworkModel(extended, mapping.network(), 0)) {
                mapping.network().eval();
                double[] before = source.predict(here);
                double[] after = mapped.predict(there);
                for (int i = 0; i < before.length; i++) {
                    assertThat(after[i]).as("row " + i).isCloseTo(before[i], within(1e-6));
                }
            }
        }
    }

    @Test
    void anInputOfTheSameNameThatMeansSomethingElseBeginsAnew() {
        TableCases here = cases(300, "a", "c");
        TableCases there = here.withSchema(schema(
                Map.of("name", "ward", "type", "code", "system", "icd10"),
                Map.of("name", "age", "type", "numeric", "scale", "log1p"),
                Map.of("name", "sex", "type", "categorical")));
        try (NetworkModel source = trained(here)) {
            TableMapping mapping = TableMapping.of(source, TableAdaptation.extended(source.encoder(), there), 0.1, 3);
            assertThat(mapping.notes()).hasSize(2).allMatch(note -> note.contains("means something else in the model"));
            assertThat(mapping.notes().toString())
                    .contains("new input: ward", "(categorical, here code", "(numeric, here numeric log1p)");
            mapping.network().close();
        }
    }

    @Test
    void whatACohortLacksAltogetherIsEncodedAsThePopulationDoes() {
        TableCases here = cases(300, "a", "c");
        List<List<String>> rows = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            rows.add(List.of("" + i, "q" + i, "a", "", "f", i % 2 == 0 ? "1" : "0"));
        }
        TableCases there =
                TableCases.of(Table.of("table", List.of("id", "patient", "ward", "age", "sex", "y"), rows), usual());
        try (NetworkModel source = trained(here)) {
            TableEncoder extended = TableAdaptation.extended(source.encoder(), there);
            assertThat(extended.numbers()).isEqualTo(source.encoder().numbers());
        }
    }

    @Test
    void adaptingLeavesTheGeneralModelAndTheStatisticsOfItsNormsAlone() {
        TableCases here = cases(300, "a", "c");
        try (NetworkModel source = trained(here)) {
            double[] before = source.predict(here);
            try (NetworkModel adapted = TableAdaptation.adapted(source, here.where(i -> i < 64), 1)) {
                assertThat(source.predict(here)).isEqualTo(before);
                assertThat(adapted.predict(here)).isNotEqualTo(before);
                for (int layer = 0; layer < 2; layer++) {
                    assertThat(adapted.network()
                                    .norms()
                                    .get(layer)
                                    .runningMean()
                                    .value()
                                    .toFloatArray())
                            .isEqualTo(source.network()
                                    .norms()
                                    .get(layer)
                                    .runningMean()
                                    .value()
                                    .toFloatArray());
                    assertThat(adapted.network()
                                    .norms()
                                    .get(layer)
                                    .bias()
                                    .value()
                                    .toFloatArray())
                            .isNotEqualTo(source.network()
                                    .norms()
                                    .get(layer)
                                    .bias()
                                    .value()
                                    .toFloatArray());
                }
            }
        }
    }

    /** A run that is stopped and resumed ends with the bits of one that is not. */
    @Test
    void aResumedRunHasTheBitsOfAnUnbrokenOne() {
        TableCases cases = cases(400, "a", "b", "c");
        TableSettings settings =
                TableSettings.defaults().batch(32).epochs(4).decay(0.01).hidden(List.of(8));
        new TableRun(folder.resolve("whole")).settings(settings).train(cases);
        TableRun broken = new TableRun(folder.resolve("broken")).settings(settings);
        StopSignal stop = new StopSignal();
        int[] epochs = {0};
        TableRun.Outcome outcome = broken.stop(stop)
                .progress(new dev.graft.nn.run.RelayedProgress(dev.graft.nn.train.Progress.silent()) {
                    @Override
                    public void epochDone(dev.graft.nn.train.EpochResult result) {
                        if (++epochs[0] == 2) {
                            stop.request();
                        }
                    }
                })
                .train(cases);
        assertThat(outcome.ending()).isEqualTo(TableRun.Ending.STOPPED);
        assertThatThrownBy(() -> broken.train(cases))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("unfinished run");
        assertThat(broken.existing(RunFolder.Existing.RESUME).train(cases).ending())
                .isEqualTo(TableRun.Ending.FINISHED);
        assertThat(broken.train(cases).ending()).isEqualTo(TableRun.Ending.ALREADY_FINISHED);
        try (TableClassifier one = TableClassifier.load(folder.resolve("whole"));
                TableClassifier other = TableClassifier.load(folder.resolve("broken"))) {
            assertThat(other.predict(cases.table())).isEqualTo(one.predict(cases.table()));
            assertThat(TableRun.unseen(one, cases).size()).isBetween(60, 100);
        }
        assertThatThrownBy(() -> broken.train(cases(401, "a", "b", "c")))
                .hasMessageContaining("holds another finished run");
    }

    @Test
    void embeddingsOfNewInputsBeginWithTheDeviationAskedFor() {
        TableCases cases = cases(300, "a", "b", "c", "d");
        TableCases fewer = cases.withSchema(schema(Map.of("name", "age", "type", "numeric")));
        try (NetworkModel source = trained(fewer)) {
            TableEncoder extended = TableAdaptation.extended(source.encoder(), cases);
            double[] sums = new double[2];
            for (int i = 0; i < 2; i++) {
                TableMapping mapping = TableMapping.of(source, extended, i == 0 ? 1 : 0.1, 3);
                assertThat(mapping.notes()).contains("new input: ward", "new input: sex");
                try (TableNetwork network = mapping.network();
                        StateDict state = network.stateDict()) {
                    for (float value : state.get("embeddings.0.weight").toFloatArray()) {
                        sums[i] += value * value;
                    }
                }
            }
            assertThat(sums[1]).isPositive().isCloseTo(sums[0] / 100, within(1e-5 * sums[0]));
        }
    }

    /** Two patients of the rarer answer: Student's quantile of one degree, 12.7, in place of 1.96. */
    @Test
    void fewPatientsWidenTheIntervalOfAreas() {
        boolean[] truth = new boolean[40];
        double[] p = new double[40];
        SplittableRandom random = new SplittableRandom(4);
        for (int i = 0; i < 40; i++) {
            truth[i] = i < 2;
            p[i] = random.nextDouble();
        }
        BinaryCases one = BinaryCases.of(p, truth);
        double error = Math.sqrt(DeLong.of(one).variance());
        CombinedAreas mean = CombinedAreas.mean(List.of(one, one));
        assertThat((mean.upper() - mean.lower()) / 2).isCloseTo(12.7062 * error, within(1e-4 * error));
        truth[1] = false;
        assertThat(CombinedAreas.mean(List.of(BinaryCases.of(p, truth))).upper())
                .isNaN();
    }

    @Test
    void areasOfSeveralModelsHaveTheIntervalOfOne() {
        TableCases cases = cases(300, "a", "c");
        SplittableRandom random = new SplittableRandom(2);
        double[] p = random.doubles(300).toArray();
        double[] q = random.doubles(300).toArray();
        BinaryCases one = TableScores.cases(cases, p);
        BinaryCases other = TableScores.cases(cases, q);
        CombinedAreas same = CombinedAreas.mean(List.of(one, one, one));
        var interval = Intervals.defaults().of(BinaryMetrics.auroc(), one);
        assertThat(same.value()).isCloseTo(interval.score().orNaN(), within(1e-12));
        assertThat(same.upper() - same.lower())
                .isCloseTo(interval.interval().orElseThrow().width(), within(0.02));
        CombinedAreas none = CombinedAreas.difference(List.of(one), List.of(one));
        assertThat(none.upper() - none.lower()).isCloseTo(0, within(1e-7));
        assertThat(CombinedAreas.difference(List.of(one, other), List.of(other)).value())
                .isCloseTo(
                        (BinaryMetrics.auroc().of(one).orNaN()
                                        - BinaryMetrics.auroc().of(other).orNaN())
                                / 2,
                        within(1e-12));
    }

    @Test
    void cohortsThatCannotBeComparedAreRefused() {
        TableCases cases = cases(300, "a", "c");
        var folds = PatientFolds.draw(cases, 5, 0);
        assertThatThrownBy(() -> TableComparison.of(cases, folds, row -> false, 1, line -> {}))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("0 of it to learn from");
        assertThatThrownBy(() -> TableComparison.of(cases, folds, row -> true, 1, line -> {}))
                .hasMessageContaining("0 rows are of patients outside of it");
        TableComparison comparison =
                TableComparison.of(cases, folds, RowCondition.parse("ward = a").on(cases.table()), 1, line -> {});
        assertThatThrownBy(() -> comparison.orders(List.of(List.of("nobody"))))
                .hasMessageContaining("id 'nobody' is not among");
    }
}
