package dev.graft.nn.data.table;

import dev.graft.nn.data.DataException;
import dev.graft.nn.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the columns of a table mean. It is a small JSON file, which {@link SchemaDraft} drafts:
 *
 * <pre>{@code
 * {
 *   "id": "stay",
 *   "patient": "patient",
 *   "order": "stay",
 *   "label": {"admission": "admitted", "discharge": "discharged", "days": 30},
 *   "exclude": [{"column": "discharged_to", "values": ["hospice"], "reason": "cannot be readmitted"}],
 *   "columns": [
 *     {"name": "age", "type": "numeric"},
 *     {"name": "ward", "type": "categorical"},
 *     {"name": "diagnosis", "type": "code", "system": "icd10"}
 *   ],
 *   "rare": 100
 * }
 * }</pre>
 *
 * @param id the column that names a row, or empty
 * @param patient the column that names the patient; rows of one patient are never on both sides of a split
 * @param order the column by which a patient's rows follow each other in time: numbers, dates, or text; or empty
 * @param label where the answer comes from
 * @param exclusions the rows that are left out
 * @param columns the inputs
 * @param missing what stands for a number that is not known
 * @param rare a level with fewer training rows is "other"
 */
public record TableSchema(
        String id,
        String patient,
        String order,
        LabelRule label,
        List<Exclusion> exclusions,
        List<TableColumn> columns,
        List<String> missing,
        int rare) {
    /** What mostly stands for a missing number. */
    public static final List<String> MISSING = List.of("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL");

    /** The least number of training rows of a level, unless a schema says otherwise. */
    public static final int RARE = 100;

    /**
     * Rows that are left out.
     *
     * @param column of the values
     * @param values that leave a row out
     * @param reason for the notes, such as "death or hospice"
     */
    public record Exclusion(String column, List<String> values, String reason) {
        public Exclusion {
            values = List.copyOf(values);
        }
    }

    /** @throws DataException where two inputs have one name, there is none, or one tells the label */
    public TableSchema {
        exclusions = List.copyOf(exclusions);
        columns = List.copyOf(columns);
        missing = List.copyOf(missing);
        Set<String> names = new HashSet<>();
        for (TableColumn column : columns) {
            if (!names.add(column.name())) {
                throw new DataException(
                        "schema: two inputs are named '" + column.name() + "'. Hint: name each column once.");
            }
            for (String source : column.sources()) {
                if (label.sources().contains(source) || source.equals(id) || source.equals(patient)) {
                    throw new DataException("schema: the column '" + source + "' is an input and also the "
                            + (source.equals(id) ? "id" : source.equals(patient) ? "patient" : "label")
                            + ". Hint: remove it from \"columns\"; a model would learn it by heart.");
                }
            }
        }
        if (columns.isEmpty()) {
            throw new DataException("schema: there is no input. Hint: name at least one column in \"columns\".");
        }
    }

    /** All columns that a table for training must have. */
    public Set<String> needed() {
        Set<String> needed = inputs();
        for (String special : List.of(id, patient, order)) {
            if (!special.isEmpty()) {
                needed.add(special);
            }
        }
        needed.addAll(label.sources());
        if (label instanceof LabelRule.Readmission dates && !dates.deathColumn().isEmpty()) {
            needed.add(dates.deathColumn());
        }
        exclusions.forEach(rule -> needed.add(rule.column()));
        return needed;
    }

    /** The columns that the inputs are made of. */
    public Set<String> inputs() {
        Set<String> inputs = new LinkedHashSet<>();
        columns.forEach(column -> inputs.addAll(column.sources()));
        return inputs;
    }

    /** This with another least number of training rows of a level. */
    public TableSchema rare(int count) {
        return new TableSchema(id, patient, order, label, exclusions, columns, missing, count);
    }

    /** This without some inputs. */
    public TableSchema without(Set<String> names) {
        return new TableSchema(
                id,
                patient,
                order,
                label,
                exclusions,
                columns.stream()
                        .filter(column -> !names.contains(column.name()))
                        .toList(),
                missing,
                rare);
    }

    /** This with another rule for the label. */
    public TableSchema label(LabelRule rule) {
        return new TableSchema(id, patient, order, rule, exclusions, columns, missing, rare);
    }

    /** The input of a name. */
    public Optional<TableColumn> column(String name) {
        return columns.stream().filter(column -> column.name().equals(name)).findFirst();
    }

    /** Reads a schema file. */
    public static TableSchema read(Path file) {
        return of(file.toString(), Json.readObject(file));
    }

    /**
     * Reads a schema.
     *
     * @param source what errors call it
     * @throws DataException naming the entry that is wrong
     */
    public static TableSchema of(String source, Map<String, Object> map) {
        SchemaReader in = new SchemaReader(source, map);
        List<Exclusion> exclusions = new ArrayList<>();
        if (in.has("exclude")) {
            for (SchemaReader rule : in.objects("exclude")) {
                exclusions.add(new Exclusion(
                        rule.text("column"),
                        rule.texts("values"),
                        rule.optionalText("reason").orElse("excluded")));
                rule.checkAllRead();
            }
        }
        int rare = in.has("rare") ? in.number("rare") : RARE;
        if (rare < 1) {
            throw in.wrong("has \"rare\": " + rare, "give at least 1");
        }
        TableSchema schema = new TableSchema(
                in.optionalText("id").orElse(""),
                in.optionalText("patient").orElse(""),
                in.optionalText("order").orElse(""),
                LabelRule.of(in.object("label")),
                exclusions,
                in.objects("columns").stream().map(TableColumn::of).toList(),
                in.has("missing") ? in.texts("missing") : MISSING,
                rare);
        in.optionalTexts("ignore"); // columns that are known and not used: for people
        in.optionalTexts("notes");
        in.checkAllRead();
        return schema;
    }

    /** For a file, or a model's card. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        putIfGiven(map, "id", id);
        putIfGiven(map, "patient", patient);
        putIfGiven(map, "order", order);
        map.put("label", label.toMap());
        List<Object> rules = new ArrayList<>();
        for (Exclusion rule : exclusions) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("column", rule.column());
            entry.put("values", rule.values());
            entry.put("reason", rule.reason());
            rules.add(entry);
        }
        map.put("exclude", rules);
        map.put("columns", columns.stream().map(TableColumn::toMap).toList());
        map.put("missing", missing);
        map.put("rare", rare);
        return map;
    }

    private static void putIfGiven(Map<String, Object> map, String name, String value) {
        if (!value.isEmpty()) {
            map.put(name, value);
        }
    }
}
