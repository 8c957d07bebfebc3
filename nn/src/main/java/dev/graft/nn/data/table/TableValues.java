package dev.graft.nn.data.table;

import dev.graft.nn.data.DataException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers and dates of a column; each different text is read once. */
final class TableValues {
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,3})?");
    private static final Pattern DATE = Pattern.compile("\\d{4}-\\d{2}-\\d{2}([T ].*)?");
    private static final Pattern TIME =
            Pattern.compile("(\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,9})?)?)(Z|[+-]\\d{2}:?\\d{2})?");
    private static final int[] NO_ROWS = {};
    /** Squares of such numbers, and sums of many squares, are finite. */
    private static final double LARGEST = 1e30;

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
            } else if (NUMBER.matcher(text).matches()) {
                numbers[code] = Double.parseDouble(text);
                if (Math.abs(numbers[code]) > LARGEST) {
                    throw table.at(
                            rowOf(values, code),
                            column,
                            "holds '" + text + "', which is too large for a number of a table",
                            "correct it; if it stands for a missing value, add it to \"missing\" in the schema");
                }
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
     * The rows in the order of a column, which holds numbers of any length or ISO dates. Rows with equal values keep
     * their order.
     *
     * @throws DataException for a value of these rows that is neither, or numbers among dates
     */
    static int[] sorted(Table table, String column, int[] rows) {
        if (rows.length == 0) {
            return NO_ROWS;
        }
        Table.Values values = table.column(column);
        int[] rank = ranksOf(table, column, rows);
        Integer[] order = new Integer[rows.length];
        Arrays.setAll(order, i -> rows[i]);
        Arrays.sort(order, (a, b) -> Integer.compare(rank[values.of()[a]], rank[values.of()[b]]));
        return Arrays.stream(order).mapToInt(Integer::intValue).toArray();
    }

    /** The places of the different values of some rows in their order; equal for equal numbers and times. */
    private static int[] ranksOf(Table table, String column, int[] rows) {
        Table.Values values = table.column(column);
        boolean dates = DATE.matcher(table.value(rows[0], column)).matches();
        Map<Integer, BigDecimal> numbers = new HashMap<>();
        for (int row : rows) {
            int code = values.of()[row];
            if (!numbers.containsKey(code)) {
                String text = values.distinct().get(code);
                Optional<BigDecimal> number = dates ? time(text) : number(text);
                numbers.put(
                        code,
                        number.orElseThrow(() -> table.at(
                                row,
                                column,
                                text.isEmpty()
                                        ? "is empty, and the rows are in its order"
                                        : "holds '" + text + "', which is no " + (dates ? "date" : "number")
                                                + " to put the rows in order by",
                                "write numbers in all rows, or dates as 2024-05-31 or 2024-05-31 09:30 in all; or name"
                                        + " another column as \"order\" in the schema")));
            }
        }
        List<Map.Entry<Integer, BigDecimal>> sorted = new ArrayList<>(numbers.entrySet());
        sorted.sort(Map.Entry.comparingByValue());
        int[] rank = new int[values.distinct().size()];
        for (int i = 1; i < sorted.size(); i++) {
            Map.Entry<Integer, BigDecimal> before = sorted.get(i - 1);
            Map.Entry<Integer, BigDecimal> each = sorted.get(i);
            rank[each.getKey()] = before.getValue().compareTo(each.getValue()) == 0 ? rank[before.getKey()] : i;
        }
        return rank;
    }

    private static Optional<BigDecimal> number(String text) {
        return NUMBER.matcher(text).matches() ? Optional.of(new BigDecimal(text)) : Optional.empty();
    }

    /** The seconds since 1970, at UTC where no offset is given. */
    private static Optional<BigDecimal> time(String text) {
        try {
            if (!DATE.matcher(text).matches()) {
                return Optional.empty();
            }
            LocalDateTime time = LocalDate.parse(text.substring(0, 10)).atStartOfDay();
            ZoneOffset offset = ZoneOffset.UTC;
            if (text.length() > 10) {
                Matcher parts = TIME.matcher(text.substring(11));
                if (!parts.matches()) {
                    return Optional.empty();
                }
                time = time.with(LocalTime.parse(parts.group(1)));
                offset = parts.group(2) == null ? offset : ZoneOffset.of(parts.group(2));
            }
            Instant instant = time.toInstant(offset);
            return Optional.of(
                    BigDecimal.valueOf(instant.getEpochSecond()).add(BigDecimal.valueOf(instant.getNano(), 9)));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
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
