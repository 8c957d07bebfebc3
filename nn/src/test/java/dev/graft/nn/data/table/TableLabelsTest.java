package dev.graft.nn.data.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.DataException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What has an answer and what has none; what the audit and the order of rows refuse. */
class TableLabelsTest {
    private static final List<String> STAYS = List.of("stay", "patient", "in", "out", "to", "age");

    private static Map<String, Object> schema(Object label, Object... more) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", "stay");
        map.put("patient", "patient");
        map.put("label", label);
        map.put("columns", List.of(Map.of("name", "age", "type", "numeric")));
        map.put("rare", 1);
        for (int i = 0; i < more.length; i += 2) {
            map.put((String) more[i], more[i + 1]);
        }
        return map;
    }

    private static Map<String, Object> dates() {
        return schema(Map.of(
                "admission",
                "in",
                "discharge",
                "out",
                "days",
                30,
                "death",
                Map.of("column", "to", "values", List.of("died"))));
    }

    private static TableCases cases(List<String> header, Map<String, Object> schema, String... rows) {
        List<List<String>> cells =
                List.of(rows).stream().map(row -> List.of(row.split(",", -1))).toList();
        return TableCases.of(Table.of("t.csv", header, cells), TableSchema.of("s.json", schema));
    }

    private static Map<String, Boolean> answers(TableCases cases) {
        Map<String, Boolean> answers = new LinkedHashMap<>();
        for (int i = 0; i < cases.size(); i++) {
            answers.put(cases.ids().get(i), cases.isPositive(i));
        }
        return answers;
    }

    @Test
    void noStayOfTheLastDaysHasAnAnswerEvenIfAReadmissionIsSeen() {
        TableCases cases = cases(
                STAYS,
                dates(),
                "1,p,2024-01-01,2024-05-01,home,1", // again after 10 days, 21 before the end
                "2,p,2024-05-11,2024-05-22,home,1",
                "3,q,2024-01-01,2024-04-22,home,1", // 30 days before the end: just early enough
                "4,q,2024-05-20,2024-05-21,home,1",
                "5,r,2024-01-01,2024-04-23,home,1", // 29 days: too late, though again
                "6,r,2024-05-01,2024-05-02,home,1");
        assertThat(answers(cases)).isEqualTo(Map.of("3", true));
        assertThat(cases.notes())
                .anySatisfy(note -> assertThat(note).startsWith("5 stays without an answer: the table ends"));
    }

    /** Where admissions come at a steady rate, the share of yes is not higher at the end of the table. */
    @Test
    void theShareOfYesIsSteadyUpToTheEnd() {
        SplittableRandom random = new SplittableRandom(5);
        LocalDate first = LocalDate.of(2023, 1, 1);
        List<List<String>> rows = new ArrayList<>();
        for (int patient = 0; patient < 800; patient++) {
            for (int day = random.nextInt(120); day < 365; day += 2 + random.nextInt(118)) {
                rows.add(List.of(
                        "" + rows.size(),
                        "p" + patient,
                        first.plusDays(day).toString(),
                        first.plusDays(day + 1).toString(),
                        "home",
                        "1"));
            }
        }
        TableCases cases = TableCases.of(Table.of("t.csv", STAYS, rows), TableSchema.of("s.json", dates()));
        int[] size = new int[2];
        int[] yes = new int[2];
        for (int i = 0; i < cases.size(); i++) {
            String out = cases.table().value(cases.row(i), "out");
            assertThat(out).isLessThanOrEqualTo(first.plusDays(335).toString());
            int late = out.compareTo(first.plusDays(306).toString()) < 0 ? 0 : 1;
            size[late]++;
            yes[late] += cases.isPositive(i) ? 1 : 0;
        }
        assertThat(size[1]).isGreaterThan(200);
        assertThat((double) yes[1] / size[1]).isBetween(0.7 * yes[0] / size[0], 1.3 * yes[0] / size[0]);
    }

    @Test
    void overlappingStaysAreOneEpisodeThatEndsWithTheLastDischarge() {
        TableCases cases = cases(
                STAYS,
                dates(),
                "A,p,2024-01-01,2024-01-20,home,1", // the episode ends with A, although B began later
                "B,p,2024-01-05,2024-01-10,home,1",
                "C,p,2024-02-14,2024-02-15,home,1", // 25 days after A
                "D,q,2024-01-01,2024-01-10,home,1", // a chain: D, E, F
                "E,q,2024-01-08,2024-01-15,home,1",
                "F,q,2024-01-15,2024-01-18,home,1",
                "G,q,2024-02-18,2024-02-19,home,1", // 31 days after F
                "H,r,2024-01-01,2024-01-20,home,1", // a death in one of its parts
                "I,r,2024-01-05,2024-01-20,died,1",
                "J,s,2024-01-01,2024-01-20,died,1",
                "K,s,2024-01-05,2024-01-10,home,1",
                "Z,z,2024-12-01,2024-12-31,home,1");
        assertThat(answers(cases)).isEqualTo(Map.of("A", true, "C", false, "F", false, "G", false));
        assertThat(cases.notes())
                .anySatisfy(note -> assertThat(note).startsWith("5 stays without an answer: another began"))
                .anySatisfy(note -> assertThat(note).startsWith("2 stays without an answer: they ended in death"))
                .anySatisfy(note -> assertThat(note).startsWith("1 stays without an answer: the table ends"));
    }

    @Test
    void aMissingLabelIsNoAnswer() {
        List<String> header = List.of("stay", "patient", "age", "again");
        String[] rows = {"1,p,3,yes", "2,q,4,", "3,r,5,no", "4,s,6,?"};
        Map<String, Object> open = schema(Map.of("column", "again", "positive", List.of("yes")));
        TableCases cases = cases(header, open, rows);
        assertThat(answers(cases)).isEqualTo(Map.of("1", true, "3", false));
        assertThat(cases.notes()).containsExactly("2 rows without an answer: 'again' is missing");
        Map<String, Object> listed =
                schema(Map.of("column", "again", "positive", List.of("yes"), "negative", List.of("no", "")));
        assertThat(answers(cases(header, listed, rows))).isEqualTo(Map.of("1", true, "2", false, "3", false));
    }

    @Test
    void aDraftDoesNotTakeABlankForNo() {
        List<List<String>> rows =
                List.of(List.of("1", "p", "3", "yes"), List.of("2", "q", "4", ""), List.of("3", "r", "5", "no"));
        Map<String, Object> draft =
                SchemaDraft.of(Table.of("t.csv", List.of("stay", "patient", "age", "readmitted"), rows));
        assertThat(draft.get("label"))
                .isEqualTo(Map.of("column", "readmitted", "positive", List.of("yes"), "negative", List.of("no")));
        assertThat(draft.get("notes").toString()).contains("'readmitted' is missing have no answer");
    }

    @Test
    void theAuditLooksAtEveryValueThatIsNotExcluded() {
        List<String> header = List.of("stay", "patient", "age", "to", "again");
        String[] rows = {"1,p,3,home,yes", "2,q,4,hospice,no", "3,r,5,Expired_home,no", "4,s,6,undead,no"};
        Map<String, Object> label = Map.of("column", "again", "positive", List.of("yes"), "negative", List.of("no"));
        Map<String, Object> hospice = Map.of("column", "to", "values", List.of("hospice"), "reason", "hospice");
        assertThatThrownBy(() -> LeakageAudit.enforce(cases(header, schema(label, "exclude", List.of(hospice)), rows)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("1 rows have 'Expired_home' in column 'to'");
        Map<String, Object> checked = Map.of("column", "to", "values", List.of(), "reason", "checked");
        assertThat(LeakageAudit.enforce(cases(header, schema(label, "exclude", List.of(hospice, checked)), rows)))
                .noneMatch(LeakageAudit.Finding::isEnforced);
        Map<String, Object> both =
                Map.of("column", "to", "values", List.of("hospice", "Expired_home"), "reason", "ended");
        assertThat(LeakageAudit.enforce(cases(header, schema(label, "exclude", List.of(both)), rows)))
                .noneMatch(LeakageAudit.Finding::isEnforced);
    }

    @Test
    void copiesAreFoundWithAndWithoutPatients() {
        List<String> header = List.of("stay", "patient", "age", "again");
        String[] rows = {"1,p,3,yes", "2,q,3,yes", "3,q,3,yes", "4,s,6,no"};
        Map<String, Object> schema = schema(Map.of("column", "again", "positive", List.of("yes")));
        assertThat(LeakageAudit.of(cases(header, schema, rows)))
                .anyMatch(finding ->
                        finding.text().equals("1 rows repeat another row of the same patient in all inputs"));
        schema.remove("patient");
        assertThat(LeakageAudit.of(cases(header, schema, rows)))
                .anyMatch(finding -> finding.text().equals("2 rows repeat another row in all inputs"));
    }

    @Test
    void rowsAreInTheOrderOfNumbersOrDatesAndNothingElse() {
        assertThat(ordered("10", "9", "9007199254740993", "9007199254740992", "-1.5"))
                .containsExactly("4", "1", "0", "3", "2");
        assertThat(ordered("1.0", "1", "0")).containsExactly("2", "0", "1"); // equal: as they came
        assertThat(ordered("2024-01-02 09:30", "2024-01-02", "2024-01-02T09:29:59.5", "2024-01-02T10:00+02:00"))
                .containsExactly("1", "3", "2", "0");
        Map<String, String> wrong = Map.of(
                "", "t.csv line 3 column 'when' is empty",
                "?", "t.csv line 3 column 'when' holds '?', which is no number",
                "2024-01-01", "holds '2024-01-01', which is no number");
        wrong.forEach((text, message) -> assertThatThrownBy(() -> ordered("10", text, "9"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("Hint: "));
        for (String text : List.of("2024-02-30", "01.02.2024", "2024-01-01 9:30", "2024-01-01 25:00", "7")) {
            assertThatThrownBy(() -> ordered("2024-01-01", text))
                    .hasMessageContaining("line 3 column 'when' holds '" + text + "', which is no date");
        }
    }

    private static List<String> ordered(String... when) {
        List<List<String>> rows = new ArrayList<>();
        for (String text : when) {
            rows.add(List.of("" + rows.size(), "p" + rows.size(), "3", rows.isEmpty() ? "yes" : "no", text));
        }
        Table table = Table.of("t.csv", List.of("stay", "patient", "age", "again", "when"), rows);
        Map<String, Object> schema = schema(Map.of("column", "again", "positive", List.of("yes")), "order", "when");
        return TableCases.of(table, TableSchema.of("s.json", schema)).ids();
    }
}
