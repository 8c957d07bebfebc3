package dev.graft.nn.data.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.message.SettingException;
import dev.graft.nn.data.DataException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TableSchemaTest {
    private static final List<String> HEADER = List.of("stay", "patient", "ward", "age", "again");

    static Map<String, Object> schema(Object... more) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", "stay");
        map.put("patient", "patient");
        map.put("order", "stay");
        map.put("label", Map.of("column", "again", "positive", List.of("yes"), "negative", List.of("no")));
        map.put(
                "columns",
                List.of(Map.of("name", "ward", "type", "categorical"), Map.of("name", "age", "type", "numeric")));
        map.put("rare", 1);
        for (int i = 0; i < more.length; i += 2) {
            map.put((String) more[i], more[i + 1]);
        }
        return map;
    }

    private static Table table(String... rows) {
        return Table.of(
                "t.csv",
                HEADER,
                List.of(rows).stream().map(row -> List.of(row.split(",", -1))).toList());
    }

    private static TableCases cases(Map<String, Object> schema, String... rows) {
        return TableCases.of(table(rows), TableSchema.of("s.json", schema));
    }

    @Test
    void casesAreSortedLabelledAndFreeOfWhatIsExcluded() {
        Map<String, Object> schema =
                schema("exclude", List.of(Map.of("column", "ward", "values", List.of("morgue"), "reason", "death")));
        TableCases cases = cases(schema, "10,p,a,3,yes", "9,p,b,4,no", "11,q,morgue,5,no", "8,r,a,6,no");
        assertThat(cases.ids()).containsExactly("8", "9", "10"); // as numbers
        assertThat(cases.positive()).containsExactly(false, false, true);
        assertThat(cases.patients()).containsExactly("r", "p", "p");
        assertThat(cases.notes()).containsExactly("1 rows left out: death");
        assertThat(cases.first().ids()).containsExactly("8", "9");
    }

    @Test
    void refusesWhatDoesNotFitWithFileLineAndColumn() {
        assertThatThrownBy(() -> cases(schema(), "1,p,a,3,yes", "1,q,b,4,no"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("t.csv line 3 column 'stay' holds the id '1' again (first in line 2)");
        assertThatThrownBy(() -> cases(schema(), "1,p,a,3,yes", "2,q,b,4,maybe"))
                .hasMessageContaining(
                        "line 3 column 'again' holds 'maybe', but the label's values are [yes] for yes and [no]");
        Map<String, Object> open = schema("label", Map.of("column", "again", "positive", List.of("yes")));
        assertThat(cases(open, "1,p,a,3,yes", "2,q,b,4,other").positives()).isEqualTo(1);
        assertThatThrownBy(() -> cases(open, "1,p,a,3,yes", "2,q,b,4,other", "3,q,b,4,third"))
                .hasMessageContaining(
                        "line 4 column 'again' holds 'third', but the label's values are [yes] for yes and [other]");
        TableCases words = cases(schema(), "1,p,a,3,yes", "2,q,b,old,no");
        assertThatThrownBy(() -> TableEncoder.fit(words.schema(), words.table(), words.rows()))
                .hasMessageContaining("line 3 column 'age' holds 'old', which is not a number");
        TableCases commas = cases(schema(), "1,p,a,3,yes", "2,q,b,?,no");
        assertThatThrownBy(() -> TableEncoder.fit(commas.schema(), commas.table(), 1))
                .hasMessageContaining("line 3 column 'age' is missing here and in all other of the 1 training rows");
        TableCases empty = cases(schema(), "1,p,,3,yes", "2,q,?,4,no");
        assertThatThrownBy(() -> TableEncoder.fit(empty.schema(), empty.table(), empty.rows()))
                .hasMessageContaining("column 'ward' is missing here and in all other");
        assertThatThrownBy(() -> cases(
                        schema("exclude", List.of(Map.of("column", "ward", "values", List.of("a")))), "1,p,a,3,yes"))
                .hasMessageContaining("leaves no row to learn from");
    }

    @Test
    void refusesSchemasByTheEntryThatIsWrong() {
        Map<String, Map<String, Object>> wrong = new LinkedHashMap<>();
        wrong.put("lacks \"columns\"", without("columns"));
        wrong.put("lacks \"label\"", without("label"));
        wrong.put("\"coloumns\"", schema("coloumns", List.of()));
        wrong.put("did you mean \"rare\"", schema("raer", 3));
        wrong.put("\"rare\": 0", schema("rare", 0));
        wrong.put("numeric, ordinal", schema("columns", List.of(Map.of("name", "age", "type", "number"))));
        wrong.put("also the label", schema("columns", List.of(Map.of("name", "again", "type", "categorical"))));
        wrong.put("also the patient", schema("columns", List.of(Map.of("name", "patient", "type", "categorical"))));
        wrong.put(
                "two inputs are named 'age'",
                schema(
                        "columns",
                        List.of(Map.of("name", "age", "type", "numeric"), Map.of("name", "age", "type", "numeric"))));
        wrong.put("there is no input", schema("columns", List.of()));
        wrong.put("put every value in quotes", schema("missing", List.of(9)));
        wrong.forEach((text, map) -> assertThatThrownBy(() -> TableSchema.of("s.json", map))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(text)
                .hasMessageContaining("Hint: "));
        assertThatThrownBy(() -> TableSchema.of(
                        "s.json",
                        schema(
                                "columns",
                                List.of(Map.of(
                                        "name",
                                        "d",
                                        "type",
                                        "code",
                                        "system",
                                        "icd9",
                                        "groups",
                                        Map.of("x", List.of("9-3")))))))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("'9-3' is no range");
    }

    private static Map<String, Object> without(String name) {
        Map<String, Object> map = schema();
        map.remove(name);
        return map;
    }

    /**
     * A run's identity is a hash of this text: in another JVM it must be the same, and {@code Map.of} has any order.
     */
    @Test
    void aSchemaIsWrittenInOneOrder() {
        Map<String, Object> death = new LinkedHashMap<>();
        death.put("column", "to");
        death.put("values", List.of("x"));
        Map<String, Object> dates = new LinkedHashMap<>();
        dates.put("admission", "in");
        dates.put("discharge", "out");
        dates.put("days", 7);
        dates.put("death", death);
        Map<String, Object> groups = new LinkedHashMap<>();
        groups.put("heart", List.of("390-459"));
        groups.put("breath", List.of("460-519"));
        Map<String, Object> code = new LinkedHashMap<>();
        code.put("name", "diagnosis");
        code.put("type", "code");
        code.put("system", "icd9");
        code.put("groups", groups);
        for (Object label : List.of(dates, schema().get("label"))) {
            Map<String, Object> written = TableSchema.of(
                            "s.json",
                            schema(
                                    "label",
                                    label,
                                    "exclude",
                                    List.of(Map.of("column", "to", "values", List.of("y"), "reason", "death")),
                                    "columns",
                                    List.of(
                                            code,
                                            Map.of("name", "age", "type", "ordinal", "levels", List.of("a", "b")),
                                            Map.of("name", "visits", "type", "numeric", "scale", "log1p"),
                                            Map.of(
                                                    "name",
                                                    "changes",
                                                    "type",
                                                    "count",
                                                    "of",
                                                    List.of("x", "y"),
                                                    "values",
                                                    List.of("Up")))))
                    .toMap();
            inOrder(written);
            if (label.equals(dates)) {
                assertThat(written.get("label")).hasToString(dates.toString());
            }
        }
    }

    private static void inOrder(Object value) {
        if (value instanceof Map<?, ?> map) {
            assertThat(map.size() < 2 || !map.getClass().getName().contains("Immutable"))
                    .as("the order of " + map)
                    .isTrue();
            map.values().forEach(TableSchemaTest::inOrder);
        } else if (value instanceof List<?> list) {
            list.forEach(TableSchemaTest::inOrder);
        }
    }

    @Test
    void aSchemaIsWrittenAsItIsRead() {
        Map<String, Object> map = schema(
                "columns",
                List.of(
                        Map.of("name", "ward", "type", "categorical"),
                        Map.of("name", "age", "type", "ordinal", "levels", List.of("young", "old")),
                        Map.of("name", "visits", "type", "numeric", "scale", "log1p"),
                        Map.of("name", "diagnosis", "type", "code", "system", "icd10"),
                        Map.of("name", "changes", "type", "count", "of", List.of("x", "y"), "values", List.of("Up"))),
                "label",
                Map.of(
                        "admission",
                        "in",
                        "discharge",
                        "out",
                        "days",
                        7,
                        "death",
                        Map.of("column", "to", "values", List.of("x"))));
        TableSchema schema = TableSchema.of("s.json", map);
        assertThat(TableSchema.of("again", schema.toMap())).isEqualTo(schema);
        assertThat(schema.needed())
                .containsExactlyInAnyOrder(
                        "ward", "age", "visits", "diagnosis", "x", "y", "stay", "patient", "in", "out", "to");
    }

    @Test
    void readmissionsComeFromDates() {
        List<String> header = List.of("stay", "patient", "in", "out", "to", "age");
        List<List<String>> rows = List.of(
                List.of("1", "p", "2024-01-01", "2024-01-05", "home", "1"), // again after 10 days
                List.of("2", "p", "2024-01-15", "2024-01-20", "home", "1"), // a transfer to the next
                List.of("3", "p", "2024-01-20 09:30", "2024-01-25", "home", "1"), // again after 31 days: no
                List.of("4", "p", "2024-02-25", "2024-02-26", "died", "1"), // no answer
                List.of("5", "q", "2024-01-01", "2024-01-02", "home", "1"), // never again
                List.of("6", "q", "2024-05-01", "2024-05-02", "home", "1"), // the table ends too soon
                List.of("7", "r", "2024-05-20", "2024-05-22", "home", "1"), // too
                List.of("8", "s", "2024-01-01", "2024-01-31", "home", "1"), // again after 30 days: yes
                List.of("9", "s", "2024-03-01", "2024-03-02", "home", "1"));
        Map<String, Object> label = Map.of(
                "admission",
                "in",
                "discharge",
                "out",
                "days",
                30,
                "death",
                Map.of("column", "to", "values", List.of("died")));
        TableSchema schema = TableSchema.of(
                "s.json",
                schema("label", label, "order", "in", "columns", List.of(Map.of("name", "age", "type", "numeric"))));
        TableCases cases = TableCases.of(Table.of("t.csv", header, rows), schema);
        Map<String, Boolean> answers = new LinkedHashMap<>();
        IntStream.range(0, cases.size()).forEach(i -> answers.put(cases.ids().get(i), cases.isPositive(i)));
        assertThat(answers)
                .containsExactlyInAnyOrderEntriesOf(Map.of("1", true, "3", false, "5", false, "8", true, "9", false));
        assertThat(cases.notes())
                .anySatisfy(note -> assertThat(note).startsWith("1 stays without an answer: another began"))
                .anySatisfy(note -> assertThat(note).startsWith("1 stays without an answer: they ended in death"))
                .anySatisfy(note -> assertThat(note).startsWith("2 stays without an answer: the table ends"));
        List<List<String>> backwards = List.of(List.of("1", "p", "2024-01-05", "2024-01-01", "home", "1"));
        assertThatThrownBy(() -> TableCases.of(Table.of("t.csv", header, backwards), schema))
                .hasMessageContaining("line 2 column 'out' is 2024-01-01, before the admission on 2024-01-05");
        List<List<String>> american = List.of(List.of("1", "p", "01/05/2024", "2024-01-01", "home", "1"));
        assertThatThrownBy(() -> TableCases.of(Table.of("t.csv", header, american), schema))
                .hasMessageContaining("line 2 column 'in' holds '01/05/2024', which is not a date");
    }

    @Test
    void conditionsChooseRows() {
        Table table = table("1,p,a,[70-80),yes", "2,q,b,[80-90),no", "3,r,c,[90-100),no", "4,s,a,?,no");
        Map<String, List<Integer>> expected = Map.of(
                "ward = a", List.of(0, 3),
                "ward == a", List.of(0, 3),
                "ward != a", List.of(1, 2),
                "ward in a, 'c'", List.of(0, 2, 3),
                "age >= 80", List.of(1, 2),
                "age < 90", List.of(0, 1),
                "age = [80-90) or [90-100)", List.of(1, 2),
                "age in [80-90) | [90-100)", List.of(1, 2));
        expected.forEach((text, rows) -> {
            var holds = RowCondition.parse(text).on(table);
            assertThat(IntStream.range(0, 4).filter(holds).boxed().toList())
                    .as(text)
                    .isEqualTo(rows);
        });
        assertThatThrownBy(() -> RowCondition.parse("ward")).hasMessageContaining("is not a condition");
        assertThatThrownBy(() -> RowCondition.parse("wrd = a").on(table)).hasMessageContaining("did you mean 'ward'?");
        assertThatThrownBy(() -> RowCondition.parse("ward = z").on(table))
                .hasMessageContaining("no row of t.csv has 'z'");
        assertThatThrownBy(() -> RowCondition.parse("ward > 3").on(table)).hasMessageContaining("holds no number");
    }

    @Test
    void codesAreGroupedByTheirCategory() {
        CodeGroups icd9 = CodeGroups.icd9();
        Map<String, String> groups = Map.of(
                "250.83",
                "endocrine",
                "8",
                "infectious",
                "008",
                "infectious",
                "V57",
                "supplementary",
                "E885",
                "external",
                "785",
                "symptoms",
                "4280",
                "circulatory",
                "x",
                "other");
        groups.forEach((code, group) -> assertThat(icd9.of(code)).as(code).isEqualTo(group));
        CodeGroups icd10 = CodeGroups.icd10();
        Map<String, String> chapters = Map.of(
                "E11.9",
                "endocrine",
                "e119",
                "endocrine",
                "I50",
                "circulatory",
                "C7A.1",
                "neoplasms",
                "O9A",
                "pregnancy",
                "Z99.2",
                "factors",
                "250",
                "other");
        chapters.forEach((code, group) -> assertThat(icd10.of(code)).as(code).isEqualTo(group));
        CodeGroups own = new CodeGroups(
                CodeGroups.CodeSystem.ICD9,
                Map.of("heart", List.of("390-459", "785"), "sugar", List.of("250")),
                "rest");
        assertThat(List.of(own.of("428"), own.of("785.5"), own.of("250.01"), own.of("251"), own.of("V45")))
                .containsExactly("heart", "heart", "sugar", "rest", "rest");
    }
}
