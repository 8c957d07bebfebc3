package dev.graft.nn.data.table;

import dev.graft.nn.data.DataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Turns rows of text into numbers, by what the training rows alone have taught: the mean and the deviation of each
 * number, and the levels of each category. Rare and unseen levels share the code 0, "other". A number that is missing
 * in some training rows gets a second input, which is 1 where it is missing.
 *
 * <p>Immutable and thread-safe. {@link #toMap} is a part of a model's card.
 */
public final class TableEncoder {
    /** The level of what is rare or unseen. */
    public static final String OTHER = "other";

    /** In deviations: no measurement is so far out, and networks compute with floats. */
    private static final double FARTHEST = 1e6;

    private final TableSchema schema;
    private final List<Category> categories;
    private final List<Numeric> numbers;

    /**
     * A categorical input.
     *
     * @param column how it is made
     * @param levels those that are not "other", sorted; the first has code 1
     */
    public record Category(TableColumn column, List<String> levels) {
        public Category {
            levels = List.copyOf(levels);
        }

        /** The number of codes: all levels and "other". */
        public int size() {
            return levels.size() + 1;
        }
    }

    /**
     * A numeric input.
     *
     * @param column how it is made
     * @param mean of the training rows, after its scale
     * @param deviation of the training rows; 1 where they are all equal
     * @param indicated whether a second input says that it is missing
     */
    public record Numeric(TableColumn column, double mean, double deviation, boolean indicated) {}

    private TableEncoder(TableSchema schema, List<Category> categories, List<Numeric> numbers) {
        this.schema = schema;
        this.categories = List.copyOf(categories);
        this.numbers = List.copyOf(numbers);
    }

    /**
     * Learns from training rows.
     *
     * @param schema its {@code rare} says how many rows a level needs
     * @param rows of the table to learn from; no others are looked at
     * @throws DataException for an input that is missing in all of them, and for values of the wrong type
     */
    public static TableEncoder fit(TableSchema schema, Table table, int... rows) {
        return fit(Optional.empty(), schema, table, rows);
    }

    /**
     * As {@link #fit}, but an input that is missing in all of the rows is encoded as an older encoder does it, where
     * that knows an input of this name and type.
     */
    public static TableEncoder fit(TableEncoder older, TableSchema schema, Table table, int... rows) {
        return fit(Optional.of(older), schema, table, rows);
    }

    /** The inputs that are missing in all of some rows, of which nothing can be learnt. */
    public static Set<String> missing(TableSchema schema, Table table, int... rows) {
        Set<String> missing = new LinkedHashSet<>();
        for (TableColumn column : schema.columns()) {
            boolean isKnown = column.isNumeric()
                    ? number(schema, table, column, rows).isPresent()
                    : category(schema, table, column, rows).isPresent();
            if (!isKnown) {
                missing.add(column.name());
            }
        }
        return missing;
    }

    private static TableEncoder fit(Optional<TableEncoder> older, TableSchema schema, Table table, int... rows) {
        if (rows.length == 0) {
            throw new DataException("table: " + table.name() + " has no training row. Hint: look at the split.");
        }
        List<Category> categories = new ArrayList<>();
        List<Numeric> numbers = new ArrayList<>();
        for (TableColumn column : schema.columns()) {
            if (column.isNumeric()) {
                numbers.add(number(schema, table, column, rows)
                        .or(() -> older.flatMap(known -> known.numbers.stream()
                                .filter(own -> own.column().equals(column))
                                .findFirst()))
                        .orElseThrow(() -> allMissing(table, column, rows)));
            } else {
                categories.add(category(schema, table, column, rows)
                        .or(() -> older.flatMap(known -> known.categories.stream()
                                .filter(own -> own.column().equals(column))
                                .findFirst()))
                        .orElseThrow(() -> allMissing(table, column, rows)));
            }
        }
        return new TableEncoder(schema, categories, numbers);
    }

    private static DataException allMissing(Table table, TableColumn column, int... rows) {
        return table.at(
                rows[0],
                column.name(),
                "is missing here and in all other of the " + rows.length + " training rows",
                "remove it from \"columns\" of the schema, or add rows that have it");
    }

    /** Empty where it is missing in all rows. */
    private static Optional<Numeric> number(TableSchema schema, Table table, TableColumn column, int[] rows) {
        double[] values = values(schema, table, column, rows);
        int known = 0;
        double sum = 0;
        for (double value : values) {
            if (!Double.isNaN(value)) {
                known++;
                sum += value;
            }
        }
        if (known == 0) {
            return Optional.empty();
        }
        double mean = sum / known;
        double squares = 0;
        for (double value : values) {
            squares += Double.isNaN(value) ? 0 : (value - mean) * (value - mean);
        }
        double deviation = Math.sqrt(squares / known);
        return Optional.of(
                new Numeric(column, mean, deviation > 1e-12 * Math.abs(mean) ? deviation : 1, known < values.length));
    }

    /** Empty where it is missing in all rows. */
    private static Optional<Category> category(TableSchema schema, Table table, TableColumn column, int[] rows) {
        Table.Values values = table.column(column.name());
        UnaryOperator<String> level = level(schema, column);
        int[] counts = new int[values.distinct().size()];
        for (int row : rows) {
            counts[values.of()[row]]++;
        }
        Map<String, Integer> byLevel = new HashMap<>();
        for (int code = 0; code < counts.length; code++) {
            byLevel.merge(level.apply(values.distinct().get(code)), counts[code], Integer::sum);
        }
        boolean allMissing = byLevel.entrySet().stream()
                .allMatch(entry -> entry.getValue() == 0 || isMissing(schema, column, entry.getKey()));
        return allMissing
                ? Optional.empty()
                : Optional.of(new Category(
                        column,
                        byLevel.entrySet().stream()
                                .filter(entry -> entry.getValue() >= schema.rare())
                                .map(Map.Entry::getKey)
                                .sorted()
                                .toList()));
    }

    private static boolean isMissing(TableSchema schema, TableColumn column, String level) {
        return column instanceof TableColumn.Code
                ? level.equals(MISSING)
                : schema.missing().contains(level);
    }

    /** The group of a code that is missing. */
    public static final String MISSING = "missing";

    /** What a value's level is. */
    private static UnaryOperator<String> level(TableSchema schema, TableColumn column) {
        if (column instanceof TableColumn.Code code) {
            UnaryOperator<String> group = code.groups().reader();
            Set<String> missing = new HashSet<>(schema.missing());
            return text -> missing.contains(text) ? MISSING : group.apply(text);
        }
        return text -> text;
    }

    /** The number of each of some rows before it is standardised; NaN where it is missing. */
    private static double[] values(TableSchema schema, Table table, TableColumn column, int[] rows) {
        double[] values = new double[rows.length];
        if (column instanceof TableColumn.Count count) {
            for (String source : count.of()) {
                Table.Values cells = table.column(source);
                boolean[] counts = new boolean[cells.distinct().size()];
                for (int code = 0; code < counts.length; code++) {
                    counts[code] = count.values().contains(cells.distinct().get(code));
                }
                for (int i = 0; i < rows.length; i++) {
                    values[i] += counts[cells.of()[rows[i]]] ? 1 : 0;
                }
            }
            return values;
        }
        Set<String> missing = new HashSet<>(schema.missing());
        double[] numbers = column instanceof TableColumn.Ordinal ordinal
                ? TableValues.ranks(table, column.name(), ordinal.levels(), missing)
                : TableValues.numbers(table, column.name(), missing);
        int[] codes = table.column(column.name()).of();
        boolean log = column instanceof TableColumn.Numeric numeric && numeric.scale() == TableColumn.Scale.LOG1P;
        for (int i = 0; i < rows.length; i++) {
            double value = numbers[codes[rows[i]]];
            if (log && value <= -1) {
                throw table.at(
                        rows[i],
                        column.name(),
                        "holds " + value + ", which has no logarithm of 1 + x",
                        "make its scale \"linear\" in the schema");
            }
            values[i] = log ? Math.log1p(value) : value;
        }
        return values;
    }

    /**
     * An encoder of this one's inputs that agrees with an older one on all that the older one knows: codes of levels,
     * means and deviations. Levels that are new get codes behind them. Inputs are matched by name and type.
     */
    public TableEncoder behind(TableEncoder older) {
        List<Category> merged = new ArrayList<>();
        for (Category own : categories) {
            List<String> levels = new ArrayList<>();
            older.categories.stream()
                    .filter(other -> other.column().equals(own.column()))
                    .findFirst()
                    .ifPresent(other -> levels.addAll(other.levels()));
            own.levels().stream().filter(level -> !levels.contains(level)).forEach(levels::add);
            merged.add(new Category(own.column(), levels));
        }
        List<Numeric> known = new ArrayList<>();
        for (Numeric own : numbers) {
            known.add(older.numbers.stream()
                    .filter(other -> other.column().equals(own.column()))
                    .findFirst()
                    .orElse(own));
        }
        return new TableEncoder(schema, merged, known);
    }

    /** The schema whose inputs it makes. */
    public TableSchema schema() {
        return schema;
    }

    /** The categorical inputs, in the schema's order. */
    public List<Category> categories() {
        return categories;
    }

    /** The numeric inputs, in the schema's order, without those that say that one is missing. */
    public List<Numeric> numbers() {
        return numbers;
    }

    /** The number of numeric inputs, with those that say that one is missing. */
    public int numerics() {
        return numbers.size()
                + (int) numbers.stream().filter(Numeric::indicated).count();
    }

    /** Encodes the rows of a table. */
    public EncodedRows encode(Table table, int... rows) {
        int k = categories.size();
        int m = numerics();
        int[] codes = new int[Math.multiplyExact(rows.length, k)];
        float[] out = new float[Math.multiplyExact(rows.length, m)];
        for (int c = 0; c < k; c++) {
            TableColumn column = categories.get(c).column();
            Table.Values values = table.column(column.name());
            UnaryOperator<String> level = level(schema, column);
            Map<String, Integer> codeOf = new HashMap<>();
            for (String name : categories.get(c).levels()) {
                codeOf.put(name, codeOf.size() + 1);
            }
            int[] mapped = values.distinct().stream()
                    .mapToInt(text -> codeOf.getOrDefault(level.apply(text), 0))
                    .toArray();
            for (int i = 0; i < rows.length; i++) {
                codes[i * k + c] = mapped[values.of()[rows[i]]];
            }
        }
        int at = 0;
        for (Numeric number : numbers) {
            double[] values = values(schema, table, number.column(), rows);
            for (int i = 0; i < rows.length; i++) {
                boolean missing = Double.isNaN(values[i]);
                double standard = (values[i] - number.mean()) / number.deviation();
                if (Math.abs(standard) > FARTHEST) {
                    throw table.at(
                            rows[i],
                            number.column().name(),
                            String.format(
                                    Locale.ROOT,
                                    "holds '%s', which is %.1e deviations from the mean of the training rows",
                                    table.value(rows[i], number.column().name()),
                                    Math.abs(standard)),
                            "correct it, or leave it empty if it is not known");
                }
                out[i * m + at] = missing ? 0 : (float) standard;
                if (number.indicated()) {
                    out[i * m + at + 1] = missing ? 1 : 0;
                }
            }
            at += number.indicated() ? 2 : 1;
        }
        return new EncodedRows(rows.length, codes, out);
    }

    /** Encodes all rows of a table. */
    public EncodedRows encode(Table table) {
        int[] rows = new int[table.size()];
        Arrays.setAll(rows, i -> i);
        return encode(table, rows);
    }

    /** For a model's card. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("schema", schema.toMap());
        Map<String, Object> levels = new LinkedHashMap<>();
        categories.forEach(category -> levels.put(category.column().name(), category.levels()));
        map.put("levels", levels);
        Map<String, Object> statistics = new LinkedHashMap<>();
        for (Numeric number : numbers) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("mean", number.mean());
            entry.put("deviation", number.deviation());
            entry.put("indicated", number.indicated());
            statistics.put(number.column().name(), entry);
        }
        map.put("numbers", statistics);
        return map;
    }

    /**
     * Reads what {@link #toMap} has written.
     *
     * @param source what errors call it
     */
    public static TableEncoder of(String source, Map<String, Object> map) {
        SchemaReader in = new SchemaReader(source, map);
        TableSchema schema =
                TableSchema.of(source + " \"schema\"", in.object("schema").entries());
        SchemaReader levels = in.object("levels");
        SchemaReader statistics = in.object("numbers");
        List<Category> categories = new ArrayList<>();
        List<Numeric> numbers = new ArrayList<>();
        for (TableColumn column : schema.columns()) {
            if (column.isNumeric()) {
                SchemaReader entry = statistics.object(column.name());
                double deviation = entry.real("deviation");
                if (!(deviation > 0)) {
                    throw entry.wrong("has a deviation of " + deviation, "restore the file, or train the model again");
                }
                numbers.add(new Numeric(column, entry.real("mean"), deviation, entry.flag("indicated")));
            } else {
                categories.add(new Category(column, levels.texts(column.name())));
            }
        }
        return new TableEncoder(schema, categories, numbers);
    }
}
