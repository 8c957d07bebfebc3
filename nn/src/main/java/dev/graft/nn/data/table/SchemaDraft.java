package dev.graft.nn.data.table;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Drafts a schema from a table's names and values, for a person to correct. It guesses; the notes in the draft say what
 * to look at.
 */
public final class SchemaDraft {
    private static final Pattern NUMBER = Pattern.compile("[+-]?\\d+(\\.\\d+)?");
    private static final Pattern DATE = Pattern.compile("\\d{4}-\\d{2}-\\d{2}([T ].*)?");
    private static final Pattern BAND = Pattern.compile("[\\[(]?(\\d+)\\s*(-|,|to)\\s*(\\d+)[\\])]?");
    private static final Pattern ICD9 = Pattern.compile("(V\\d\\d|E\\d{3}|\\d{3})(\\.\\d{1,2})?|\\d{1,2}");
    private static final Pattern ICD10 = Pattern.compile("[A-Z]\\d[0-9A-Z](\\.?[0-9A-Z]{1,4})?");
    private static final List<String> YES = List.of("1", "yes", "y", "true", "t", "positive", "<30");
    private static final double NEARLY_EMPTY = 0.95;
    private static final int MOST_LEVELS = 1000;

    private final Table table;
    private final List<String> notes = new ArrayList<>();
    private final List<String> ignored = new ArrayList<>();
    private final List<Object> exclusions = new ArrayList<>();

    private SchemaDraft(Table table) {
        this.table = table;
    }

    /** The draft, as {@link TableSchema#of} reads it where a label was found. */
    public static Map<String, Object> of(Table table) {
        return new SchemaDraft(table).draft();
    }

    private Map<String, Object> draft() {
        List<String> left = new ArrayList<>(table.header());
        Optional<String> id = find(left, "id|encounter|stay|visit|admission|row", this::isUnique);
        id.ifPresent(left::remove);
        Optional<String> patient = find(left, "patient|subject|person|mrn|member", name -> true);
        patient.ifPresent(left::remove);
        Map<String, Object> label = label(left);
        List<Object> columns = new ArrayList<>();
        for (String name : left) {
            column(name).ifPresent(column -> columns.add(column.toMap()));
        }
        Map<String, Object> map = new LinkedHashMap<>();
        if (id.isEmpty()) {
            notes.add("no column names each row: give one as \"id\", or leave it out");
        }
        if (patient.isEmpty()) {
            notes.add(
                    "no column was taken for the patient: without \"patient\" rows of one patient may be on both sides"
                            + " of a split");
        }
        notes.add("drafted from " + table.size() + " rows; look at every type, at \"label\", and at what to exclude"
                + " (deaths, hospice)");
        map.put("notes", notes);
        id.ifPresent(name -> map.put("id", name));
        patient.ifPresent(name -> map.put("patient", name));
        order(id, label).ifPresent(name -> map.put("order", name));
        map.put("label", label);
        map.put("exclude", exclusions);
        map.put("columns", columns);
        map.put("missing", TableSchema.MISSING);
        map.put("ignore", ignored);
        map.put("rare", Math.max(5, Math.min(TableSchema.RARE, table.size() / 100)));
        return map;
    }

    private Optional<String> order(Optional<String> id, Map<String, Object> label) {
        if (label.get("admission") instanceof String admission) {
            return Optional.of(admission);
        }
        return id.filter(name -> all(name, NUMBER));
    }

    private Optional<String> find(List<String> names, String words, Predicate<String> rule) {
        Pattern pattern = Pattern.compile("(^|_|\\b)(" + words + ")", Pattern.CASE_INSENSITIVE);
        return names.stream()
                .filter(name -> pattern.matcher(name).find() && rule.test(name))
                .findFirst();
    }

    private boolean isUnique(String name) {
        return table.distinct(name).size() == table.size() && !all(name, DATE);
    }

    private boolean all(String name, Pattern pattern) {
        List<String> known = known(name);
        return !known.isEmpty()
                && known.stream().allMatch(text -> pattern.matcher(text).matches());
    }

    /** The different values that are not missing. */
    private List<String> known(String name) {
        return table.distinct(name).stream()
                .filter(text -> !TableSchema.MISSING.contains(text))
                .toList();
    }

    private Map<String, Object> label(List<String> left) {
        Map<String, Object> label = new LinkedHashMap<>();
        Optional<String> given = find(left, "readmi|label|outcome|target|event|y$", name -> {
            int values = known(name).size();
            return values == 2 || values == 3;
        });
        Optional<String> admission = find(left, "admi", name -> all(name, DATE));
        Optional<String> discharge = find(left, "disch", name -> all(name, DATE));
        if (given.isPresent()) {
            String name = given.get();
            left.remove(name);
            List<String> values = known(name);
            String yes = values.stream()
                    .filter(text -> YES.contains(text.toLowerCase(Locale.ROOT)))
                    .findFirst()
                    .orElseGet(() -> rarest(name));
            label.put("column", name);
            label.put("positive", List.of(yes));
            label.put(
                    "negative",
                    values.stream().filter(text -> !text.equals(yes)).toList());
            notes.add("label: '" + yes + "' of column '" + name + "' was taken for yes"
                    + (values.size() == 3 ? ", the other two values for no" : ""));
            if (values.size() < table.distinct(name).size()) {
                notes.add("label: rows where column '" + name + "' is missing have no answer and are left out");
            }
        } else if (admission.isPresent() && discharge.isPresent()) {
            left.remove(admission.get());
            left.remove(discharge.get());
            label.put("admission", admission.get());
            label.put("discharge", discharge.get());
            label.put("days", 30);
            notes.add(
                    "label: admitted again within 30 days of the discharge, from two columns of dates; name the column"
                            + " that tells a death, such as \"death\": {\"column\": ..., \"values\": [...]}");
        } else {
            label.put("column", "NAME");
            label.put("positive", List.of("VALUE"));
            notes.add("no label was found: name its column and the values that mean yes, or columns of dates as"
                    + " \"admission\" and \"discharge\"");
        }
        return label;
    }

    private String rarest(String name) {
        Table.Values values = table.column(name);
        int[] counts = new int[values.distinct().size()];
        for (int code : values.of()) {
            counts[code]++;
        }
        int least = -1;
        for (int code = 0; code < counts.length; code++) {
            boolean isMissing = TableSchema.MISSING.contains(values.distinct().get(code));
            least = !isMissing && (least < 0 || counts[code] < counts[least]) ? code : least;
        }
        return values.distinct().get(least);
    }

    private Optional<TableColumn> column(String name) {
        List<String> known = known(name);
        if (known.size() < 2) {
            return ignore(name, "it has one value");
        }
        if (missingShare(name) > NEARLY_EMPTY) {
            return ignore(name, "it is nearly empty");
        }
        if (all(name, DATE)) {
            return ignore(name, "it is a date");
        }
        List<String> ends = known.stream().filter(LeakageAudit::tellsAnEnd).toList();
        if (!ends.isEmpty() && known.size() <= 200) {
            Map<String, Object> rule = new LinkedHashMap<>();
            rule.put("column", name);
            rule.put("values", ends);
            rule.put("reason", "death or hospice");
            exclusions.add(rule);
        }
        if (all(name, BAND)) {
            List<String> levels = new ArrayList<>(known);
            levels.sort((a, b) -> Integer.compare(lower(a), lower(b)));
            return Optional.of(new TableColumn.Ordinal(name, levels));
        }
        boolean diagnosis = name.toLowerCase(Locale.ROOT).matches(".*(diag|icd|dx).*");
        if (diagnosis && known.size() > 20) {
            return Optional.of(new TableColumn.Code(
                    name, share(known, ICD9) >= share(known, ICD10) ? CodeGroups.icd9() : CodeGroups.icd10()));
        }
        boolean named = name.toLowerCase(Locale.ROOT).matches(".*(_id|code|type)$");
        if (all(name, NUMBER) && !named && known.size() > 2) {
            return Optional.of(new TableColumn.Numeric(
                    name, isRareCount(name, known) ? TableColumn.Scale.LOG1P : TableColumn.Scale.LINEAR));
        }
        if (known.size() > Math.min(MOST_LEVELS, Math.max(20, table.size() / 4))) {
            return ignore(name, "it has " + known.size() + " different values");
        }
        return Optional.of(new TableColumn.Categorical(name));
    }

    private Optional<TableColumn> ignore(String name, String why) {
        ignored.add(name);
        notes.add(name + " is left out: " + why);
        return Optional.empty();
    }

    private static int lower(String band) {
        var matcher = Pattern.compile("\\d{1,9}").matcher(band);
        return matcher.find() ? Integer.parseInt(matcher.group()) : 0;
    }

    private static double share(List<String> known, Pattern pattern) {
        return (double) known.stream()
                        .filter(text ->
                                pattern.matcher(text.toUpperCase(Locale.ROOT)).matches())
                        .count()
                / known.size();
    }

    private double missingShare(String name) {
        Table.Values values = table.column(name);
        long missing = 0;
        for (int code : values.of()) {
            missing += TableSchema.MISSING.contains(values.distinct().get(code)) ? 1 : 0;
        }
        return (double) missing / table.size();
    }

    /** Whole numbers that are 0 in most rows, and sometimes far from it. */
    private boolean isRareCount(String name, List<String> known) {
        Table.Values values = table.column(name);
        int zero = values.distinct().indexOf("0");
        if (zero < 0 || !known.stream().allMatch(text -> text.matches("\\d{1,9}"))) {
            return false;
        }
        long zeros = java.util.Arrays.stream(values.of())
                .filter(code -> code == zero)
                .count();
        return 2 * zeros > table.size() && known.size() > 4;
    }
}
