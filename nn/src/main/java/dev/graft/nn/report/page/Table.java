package dev.graft.nn.report.page;

import java.util.List;

/**
 * A table. The first cell of each row is the row's heading.
 *
 * @param caption what the table shows
 * @param columns their headings
 * @param numeric which columns are numbers, and are set flush right
 * @param rows as long as {@code columns} each
 */
public record Table(String caption, List<String> columns, List<Boolean> numeric, List<List<String>> rows)
        implements Block {
    /** @throws IllegalArgumentException if a row has another length than the headings */
    public Table {
        columns = List.copyOf(columns);
        numeric = List.copyOf(numeric);
        rows = rows.stream().map(List::copyOf).toList();
        for (List<String> row : rows) {
            if (row.size() != columns.size()) {
                throw new IllegalArgumentException(
                        "table: " + row.size() + " cells in a row, and " + columns.size() + " columns");
            }
        }
        if (numeric.size() != columns.size()) {
            throw new IllegalArgumentException("table: " + numeric.size() + " kinds of columns for " + columns.size());
        }
    }

    /** A table of text. */
    public static Table of(String caption, List<String> columns, List<List<String>> rows) {
        return new Table(caption, columns, columns.stream().map(c -> false).toList(), rows);
    }

    /** A table of which all but the first column are numbers. */
    public static Table ofNumbers(String caption, List<String> columns, List<List<String>> rows) {
        return new Table(
                caption,
                columns,
                java.util.stream.IntStream.range(0, columns.size())
                        .mapToObj(i -> i > 0)
                        .toList(),
                rows);
    }

    /** Two columns, for names and what they are. */
    public static Table ofFacts(String caption, List<List<String>> rows) {
        return of(caption, List.of("What", "Value"), rows);
    }

    /**
     * This with its first rows only, and a last one that says how many more there are.
     *
     * @param most how many rows
     */
    public Table atMost(int most) {
        if (rows.size() <= most) {
            return this;
        }
        List<List<String>> few = new java.util.ArrayList<>(rows.subList(0, most));
        List<String> last = new java.util.ArrayList<>();
        last.add("and " + (rows.size() - most) + " more");
        while (last.size() < columns.size()) {
            last.add("");
        }
        few.add(last);
        return new Table(caption, columns, numeric, few);
    }
}
