package dev.graft.nn.data.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The answers of a table's rows.
 *
 * @param of yes, no, or neither, by row
 * @param notes what was done, for people
 */
record Labels(byte[] of, List<String> notes) {
    static final byte NO = 0;
    static final byte YES = 1;
    static final byte NONE = 2;

    static Labels of(Table table, TableSchema schema) {
        return schema.label() instanceof LabelRule.Given given
                ? given(table, schema, given)
                : readmitted(table, schema, (LabelRule.Readmission) schema.label());
    }

    private static Labels given(Table table, TableSchema schema, LabelRule.Given rule) {
        Table.Values values = table.column(rule.column());
        byte[] meaning = new byte[values.distinct().size()];
        List<String> others = new ArrayList<>();
        for (int code = 0; code < meaning.length; code++) {
            String text = values.distinct().get(code);
            if (rule.positive().contains(text)) {
                meaning[code] = YES;
            } else if (!rule.negative().contains(text)) {
                if (schema.missing().contains(text)) { // nobody wrote down an answer, which is not a no
                    meaning[code] = NONE;
                    continue;
                }
                if (rule.negative().isEmpty() && others.isEmpty()) {
                    others.add(text);
                    continue;
                }
                int c = code;
                int row = indexOf(values.of(), c);
                throw table.at(
                        row,
                        rule.column(),
                        "holds '" + text + "', but the label's values are " + rule.positive() + " for yes and "
                                + (rule.negative().isEmpty() ? others : rule.negative()) + " for no",
                        "correct the value, or list it in \"positive\" or \"negative\" of the schema's \"label\"");
            }
        }
        byte[] labels = new byte[table.size()];
        int missing = 0;
        for (int row = 0; row < labels.length; row++) {
            labels[row] = meaning[values.of()[row]];
            missing += labels[row] == NONE ? 1 : 0;
        }
        return new Labels(
                labels,
                missing == 0
                        ? List.of()
                        : List.of(missing + " rows without an answer: '" + rule.column() + "' is missing"));
    }

    private static int indexOf(int[] values, int wanted) {
        for (int i = 0; i < values.length; i++) {
            if (values[i] == wanted) {
                return i;
            }
        }
        return 0;
    }

    private static Labels readmitted(Table table, TableSchema schema, LabelRule.Readmission rule) {
        if (schema.patient().isEmpty()) {
            throw new dev.graft.nn.data.DataException(
                    "schema: a label of admission and discharge needs to know whose stays they are. Hint: name the"
                            + " column with \"patient\".");
        }
        long[] admission = perRow(table, rule.admission());
        long[] discharge = perRow(table, rule.discharge());
        for (int row = 0; row < admission.length; row++) {
            if (discharge[row] < admission[row]) {
                throw table.at(
                        row,
                        rule.discharge(),
                        "is " + table.value(row, rule.discharge()) + ", before the admission on "
                                + table.value(row, rule.admission()),
                        "correct one of the dates, or remove the row");
            }
        }
        boolean[] died = new boolean[table.size()];
        if (!rule.deathColumn().isEmpty()) {
            for (int row = 0; row < died.length; row++) {
                died[row] = rule.deathValues().contains(table.value(row, rule.deathColumn()));
            }
        }
        long end = Arrays.stream(discharge).max().orElse(0);
        byte[] labels = new byte[table.size()];
        int transfers = 0;
        int deaths = 0;
        int late = 0;
        Arrays.fill(labels, NONE);
        for (List<Integer> stays : byPatient(table, schema, admission, discharge)) {
            int begin = 0;
            while (begin < stays.size()) {
                int last = stays.get(begin);
                boolean death = died[last];
                int next = begin + 1;
                while (next < stays.size() && admission[stays.get(next)] <= discharge[last]) {
                    int part = stays.get(next++);
                    last = discharge[part] >= discharge[last] ? part : last;
                    death |= died[part];
                }
                transfers += next - begin - 1;
                // the end of the table comes first: else only stays with a yes would be kept of its last days
                if (death) {
                    deaths++;
                } else if (end - discharge[last] < rule.days()) {
                    late++;
                } else {
                    boolean again = next < stays.size() && admission[stays.get(next)] - discharge[last] <= rule.days();
                    labels[last] = again ? YES : NO;
                }
                begin = next;
            }
        }
        return new Labels(
                labels,
                List.of(
                        String.format(
                                Locale.ROOT,
                                "label: admitted again 1 to %d days after the discharge, from %s and %s",
                                rule.days(),
                                rule.admission(),
                                rule.discharge()),
                        transfers + " stays without an answer: another began on the day of discharge or before it (a"
                                + " transfer or overlapping stays, which are one; its last discharge counts)",
                        deaths + " stays without an answer: they ended in death"
                                + (rule.deathColumn().isEmpty() ? " (the schema names no column for it)" : ""),
                        late + " stays without an answer: the table ends less than " + rule.days()
                                + " days after the discharge"));
    }

    private static long[] perRow(Table table, String column) {
        long[] days = TableValues.days(table, column);
        int[] codes = table.column(column).of();
        return Arrays.stream(codes).mapToLong(code -> days[code]).toArray();
    }

    /** The rows of each patient by their admission, then by their discharge. */
    private static Iterable<List<Integer>> byPatient(
            Table table, TableSchema schema, long[] admission, long[] discharge) {
        Map<Integer, List<Integer>> stays = new HashMap<>();
        int[] patients = table.column(schema.patient()).of();
        for (int row = 0; row < patients.length; row++) {
            stays.computeIfAbsent(patients[row], p -> new ArrayList<>()).add(row);
        }
        stays.values()
                .forEach(list -> list.sort((a, b) -> admission[a] != admission[b]
                        ? Long.compare(admission[a], admission[b])
                        : Long.compare(discharge[a], discharge[b])));
        return stays.values();
    }
}
