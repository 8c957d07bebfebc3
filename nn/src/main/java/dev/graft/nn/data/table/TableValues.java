package dev.graft.nn.data.table;

import dev.graft.nn.data.DataException;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Numbers and dates of a column; each different text is read once. */
final class TableValues {
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,3})?");
    private static final Pattern DATE = Pattern.compile("\\d{4}-\\d{2}-\\d{2}([T ].*)?");
    private static final int[] NO_ROWS = {};

    private TableValues() {}

    /** The first row that has a value of the column. */
    private static int rowOf(Table.Values values, int code) {
        int[] of = values.of();
        for (int row = 0; row < of.length; row++) {
            if (of[row] == code) {
                return row;
            }
        }
        throw new IllegalStateException("table: no row has value " + code);
    }

    /** The numbers of the different values; NaN for what is missing. */
    static double[] numbers(Table table, String column, Set<String> missing) {
        Table.Values values = table.column(column);
        double[] numbers = new double[values.distinct().size()];
        for (int code = 0; code < numbers.length; code++) {
            String text = values.distinct().get(code);
            if (missing.contains(text)) {
                numbers[code] = Double.NaN;
            } else if (NUMBER.matcher(text).matches() && Double.isFinite(Double.parseDouble(text))) {
                numbers[code] = Double.parseDouble(text);
            } else {
                throw table.at(
                        rowOf(values, code),
                        column,
                        "holds '" + text + "', which is not a number",
                        text.matches("[+-]?\\d+,\\d+")
                                ? "write numbers with a decimal point"
                                : "correct it; if it stands for a missing value, add it to \"missing\" in the schema; if the"
                                        + " column holds words, make its type \"categorical\"");
            }
        }
        return numbers;
    }

    /** The positions of the different values among levels; NaN for what is missing. */
    static double[] ranks(Table table, String column, List<String> levels, Set<String> missing) {
        Table.Values values = table.column(column);
        double[] ranks = new double[values.distinct().size()];
        for (int code = 0; code < ranks.length; code++) {
            String text = values.distinct().get(code);
            int rank = levels.indexOf(text);
            if (rank < 0 && !missing.contains(text)) {
                throw table.at(
                        rowOf(values, code),
                        column,
                        "holds '" + text + "', which is no level of it",
                        "its levels in the schema are " + levels);
            }
            ranks[code] = rank < 0 ? Double.NaN : rank;
        }
        return ranks;
    }

    /** The days of the different values, since 1970. */
    static long[] days(Table table, String column) {
        Table.Values values = table.column(column);
        long[] days = new long[values.distinct().size()];
        for (int code = 0; code < days.length; code++) {
            String text = values.distinct().get(code);
            try {
                if (!DATE.matcher(text).matches()) {
                    throw new DateTimeException("");
                }
                days[code] = LocalDate.parse(text.substring(0, 10)).toEpochDay();
            } catch (DateTimeException e) {
                throw table.at(
                        rowOf(values, code),
                        column,
                        "holds '" + text + "', which is not a date",
                        "write dates as 2024-05-31, perhaps with a time behind them");
            }
        }
        return days;
    }

    /**
     * The rows in the order of a column: as numbers where all values are numbers, else as text, which is right for
     * dates too. Rows with equal values keep their order.
     */
    static int[] sorted(Table table, String column, int[] rows) {
        if (rows.length == 0) {
            return NO_ROWS;
        }
        Table.Values values = table.column(column);
        List<String> distinct = values.distinct();
        Integer[] codes = new Integer[distinct.size()];
        Arrays.setAll(codes, i -> i);
        if (distinct.stream().allMatch(text -> NUMBER.matcher(text).matches())) {
            double[] numbers =
                    distinct.stream().mapToDouble(Double::parseDouble).toArray();
            Arrays.sort(codes, (a, b) -> Double.compare(numbers[a], numbers[b]));
        } else {
            Arrays.sort(codes, (a, b) -> distinct.get(a).compareTo(distinct.get(b)));
        }
        int[] rank = new int[codes.length];
        for (int i = 0; i < codes.length; i++) {
            rank[codes[i]] = i;
        }
        Integer[] order = new Integer[rows.length];
        Arrays.setAll(order, i -> rows[i]);
        Arrays.sort(order, (a, b) -> Integer.compare(rank[values.of()[a]], rank[values.of()[b]]));
        return Arrays.stream(order).mapToInt(Integer::intValue).toArray();
    }

    /** The failure that a table has two rows of one id. */
    static void checkUnique(Table table, String column) {
        Table.Values values = table.column(column);
        if (values.distinct().size() == table.size()) {
            return;
        }
        int[] first = new int[values.distinct().size()];
        Arrays.fill(first, -1);
        for (int row = 0; row < table.size(); row++) {
            int code = values.of()[row];
            if (first[code] >= 0) {
                throw table.at(
                        row,
                        column,
                        "holds the id '" + values.distinct().get(code) + "' again (first in line "
                                + table.line(first[code]) + ")",
                        "keep one row of each id, or name another column as the schema's \"id\"");
            }
            first[code] = row;
        }
    }

    static DataException lacksRows(Table table, String why) {
        return new DataException("table: " + table.name() + " leaves no row to learn from: " + why
                + ". Hint: look at \"exclude\" and \"label\" in the schema.");
    }
}
