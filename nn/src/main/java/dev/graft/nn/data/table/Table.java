package dev.graft.nn.data.table;

import dev.graft.nn.data.DataException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows of text in named columns, in memory. Each column keeps its different values once, and a number for each row.
 * Immutable and thread-safe.
 */
public final class Table {
    private final String name;
    private final List<String> header;
    private final Map<String, Integer> positions;
    private final List<Values> columns;
    private final int[] lines;

    /**
     * One column.
     *
     * @param distinct its different values, in the order of their first rows
     * @param of for each row, the position of its value
     */
    record Values(List<String> distinct, int[] of) {}

    private Table(String name, List<String> header, List<Values> columns, int[] lines) {
        this.name = name;
        this.header = header;
        this.columns = columns;
        this.lines = lines;
        positions = new HashMap<>();
        for (int c = 0; c < header.size(); c++) {
            positions.put(header.get(c), c);
        }
    }

    /** Reads a whole table in UTF-8; see {@link TableReader}. */
    public static Table read(Path file) {
        return read(file, StandardCharsets.UTF_8, List.of());
    }

    /** Reads a whole table; see {@link TableReader#open(Path, Charset, Collection)}. */
    public static Table read(Path file, Charset charset, Collection<String> needed) {
        try (TableReader reader = TableReader.open(file, charset, needed)) {
            return reader.rest();
        }
    }

    /**
     * A table of rows that are in memory.
     *
     * @param name what errors call it
     */
    public static Table of(String name, List<String> header, List<List<String>> rows) {
        Builder builder = new Builder(name, header);
        for (int r = 0; r < rows.size(); r++) {
            if (rows.get(r).size() != header.size()) {
                throw new DataException("table: row " + r + " of " + name + " has "
                        + rows.get(r).size() + " values, the header has " + header.size()
                        + ". Hint: give one for each column.");
            }
            builder.add(rows.get(r), r + 2L);
        }
        return builder.build();
    }

    /** Collects rows. */
    static final class Builder {
        private final String name;
        private final List<String> header;
        private final List<Map<String, Integer>> known = new ArrayList<>();
        private final List<List<String>> distinct = new ArrayList<>();
        private int[][] codes;
        private int[] lines = new int[16];
        private int size;

        Builder(String name, List<String> header) {
            this.name = name;
            this.header = List.copyOf(header);
            codes = new int[header.size()][16];
            for (int c = 0; c < header.size(); c++) {
                known.add(new HashMap<>());
                distinct.add(new ArrayList<>());
            }
        }

        int size() {
            return size;
        }

        void add(List<String> row, long line) {
            if (size == lines.length) {
                int more = Math.toIntExact(Math.min(Integer.MAX_VALUE - 16L, 2L * size));
                lines = Arrays.copyOf(lines, more);
                for (int c = 0; c < codes.length; c++) {
                    codes[c] = Arrays.copyOf(codes[c], more);
                }
            }
            for (int c = 0; c < codes.length; c++) {
                String value = row.get(c).strip();
                Integer code = known.get(c).get(value);
                if (code == null) {
                    code = distinct.get(c).size();
                    known.get(c).put(value, code);
                    distinct.get(c).add(value);
                }
                codes[c][size] = code;
            }
            lines[size++] = (int) Math.min(Integer.MAX_VALUE, line);
        }

        Table build() {
            List<Values> columns = new ArrayList<>();
            for (int c = 0; c < codes.length; c++) {
                columns.add(new Values(List.copyOf(distinct.get(c)), Arrays.copyOf(codes[c], size)));
            }
            return new Table(name, header, List.copyOf(columns), Arrays.copyOf(lines, size));
        }
    }

    /** What errors call it: mostly its file. */
    public String name() {
        return name;
    }

    /** The names of the columns. */
    public List<String> header() {
        return header;
    }

    /** The number of rows. */
    public int size() {
        return lines.length;
    }

    public boolean has(String column) {
        return positions.containsKey(column);
    }

    /** The value in a row, from 0, and a column. */
    public String value(int row, String column) {
        Values values = column(column);
        return values.distinct.get(values.of[row]);
    }

    /** The different values of a column, in the order of their first rows. */
    public List<String> distinct(String column) {
        return column(column).distinct;
    }

    /** The line of its file in which a row begins. */
    public int line(int row) {
        return lines[row];
    }

    Values column(String column) {
        Integer position = positions.get(column);
        if (position == null) {
            throw new DataException(
                    "table: " + name + " has no column '" + column + "'. Hint: the header is " + header + ".");
        }
        return columns.get(position);
    }

    /** The failure at one value. */
    DataException at(int row, String column, String problem, String fix) {
        return new DataException("table: " + name + " line " + lines[row] + " column '" + column + "' " + problem
                + ". Hint: " + fix + ".");
    }
}
