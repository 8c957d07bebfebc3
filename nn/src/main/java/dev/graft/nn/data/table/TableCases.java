package dev.graft.nn.data.table;

import dev.graft.nn.data.DataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The rows of a table that have an answer and are not excluded, in the order of the schema's {@code order}. Immutable.
 *
 * <pre>{@code
 * TableCases cases = TableCases.of(Table.read(file), schema);
 * cases.notes().forEach(System.out::println);           // 2423 rows left out: death or hospice
 * }</pre>
 */
public final class TableCases {
    private final Table table;
    private final TableSchema schema;
    private final int[] rows;
    private final boolean[] positive;
    private final List<String> notes;

    private TableCases(Table table, TableSchema schema, int[] rows, boolean[] positive, List<String> notes) {
        this.table = table;
        this.schema = schema;
        this.rows = rows;
        this.positive = positive;
        this.notes = List.copyOf(notes);
    }

    /**
     * Applies a schema to a table.
     *
     * @throws DataException naming file, line and column of what does not fit the schema
     */
    public static TableCases of(Table table, TableSchema schema) {
        if (!schema.id().isEmpty()) {
            TableValues.checkUnique(table, schema.id());
        }
        Labels labels = Labels.of(table, schema);
        List<String> notes = new ArrayList<>(labels.notes());
        Map<String, Integer> reasons = new LinkedHashMap<>();
        schema.exclusions().forEach(rule -> reasons.putIfAbsent(rule.reason(), 0));
        int[] kept = IntStream.range(0, table.size())
                .filter(row -> {
                    for (TableSchema.Exclusion rule : schema.exclusions()) {
                        if (rule.values().contains(table.value(row, rule.column()))) {
                            reasons.merge(rule.reason(), 1, Integer::sum);
                            return false;
                        }
                    }
                    return labels.of()[row] != Labels.NONE;
                })
                .toArray();
        reasons.forEach((reason, count) -> notes.add(count + " rows left out: " + reason));
        if (kept.length == 0) {
            throw TableValues.lacksRows(table, "all " + table.size() + " are excluded or without an answer");
        }
        if (!schema.order().isEmpty()) {
            kept = TableValues.sorted(table, schema.order(), kept);
        }
        boolean[] positive = new boolean[kept.length];
        for (int i = 0; i < kept.length; i++) {
            positive[i] = labels.of()[kept[i]] == Labels.YES;
        }
        return new TableCases(table, schema, kept, positive, notes);
    }

    /** What was left out and why, for people. */
    public List<String> notes() {
        return notes;
    }

    public Table table() {
        return table;
    }

    public TableSchema schema() {
        return schema;
    }

    /** The same cases, to be encoded by another schema. */
    public TableCases withSchema(TableSchema other) {
        return new TableCases(table, other, rows, positive, notes);
    }

    /** The number of cases. */
    public int size() {
        return rows.length;
    }

    /** The row of the table that is a case. */
    public int row(int index) {
        return rows[index];
    }

    /** The rows of the table that are the cases. */
    public int[] rows() {
        return rows.clone();
    }

    public boolean isPositive(int index) {
        return positive[index];
    }

    /** The answers. */
    public boolean[] positive() {
        return positive.clone();
    }

    /** The share of cases whose answer is yes. */
    public double prevalence() {
        return (double) positives() / rows.length;
    }

    /** How many cases have the answer yes. */
    public int positives() {
        return (int)
                IntStream.range(0, positive.length).filter(i -> positive[i]).count();
    }

    /** The id of each case; its line in the table where the schema names none. */
    public List<String> ids() {
        return schema.id().isEmpty()
                ? Arrays.stream(rows)
                        .mapToObj(row -> Integer.toString(table.line(row)))
                        .toList()
                : Arrays.stream(rows)
                        .mapToObj(row -> table.value(row, schema.id()))
                        .toList();
    }

    /** The patient of each case; empty texts where the schema names none. */
    public List<String> patients() {
        return Arrays.stream(rows)
                .mapToObj(row -> schema.patient().isEmpty() ? "" : table.value(row, schema.patient()))
                .toList();
    }

    /** Some of the cases, in the order given. */
    public TableCases only(int... indices) {
        int[] few = new int[indices.length];
        boolean[] answers = new boolean[indices.length];
        for (int i = 0; i < indices.length; i++) {
            few[i] = rows[indices[i]];
            answers[i] = positive[indices[i]];
        }
        return new TableCases(table, schema, few, answers, List.of());
    }

    /** The cases that a rule keeps, by their indices. */
    public TableCases where(IntPredicate keep) {
        return only(IntStream.range(0, rows.length).filter(keep).toArray());
    }

    /** Each patient's first case, in the order of the schema. */
    public TableCases first() {
        if (schema.patient().isEmpty() || schema.order().isEmpty()) {
            throw new DataException("schema: a patient's first row is not known without \"patient\" and \"order\"."
                    + " Hint: name both columns.");
        }
        Set<String> seen = new HashSet<>();
        return where(i -> seen.add(table.value(rows[i], schema.patient())));
    }
}
