package dev.graft.nn.data.table;

import static dev.graft.message.Message.setting;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import dev.graft.nn.data.DataException;
import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the rows of a table one after the other: comma-separated text with a header line, plain ({@code .csv}),
 * compressed ({@code .csv.gz}) or in an archive ({@code .zip}, or {@code archive.zip!name.csv}). Values are text; none
 * is taken for missing, for a number or for a date.
 *
 * <pre>{@code
 * try (TableReader rows = TableReader.open(Path.of("stays.csv.gz"))) {
 *     for (Optional<Table> part = rows.next(1000); part.isPresent(); part = rows.next(1000)) {
 *         ...
 *     }
 * }
 * }</pre>
 *
 * <p>All its failures are {@link DataException}s that name the file, the line and the fix. It is for one thread.
 */
public final class TableReader implements AutoCloseable {
    private final TableText.Source source;
    private final QuoteCounter text;
    private final CsvReader<CsvRecord> csv;
    private final CloseableIterator<CsvRecord> records;
    private final List<String> header;
    private long line = 1;
    private List<String> last = List.of();

    private TableReader(TableText.Source source) {
        this.source = source;
        text = new QuoteCounter(source.open());
        csv = CsvReader.builder()
                .allowExtraFields(true) // counted here, with a line in the error
                .allowMissingFields(true)
                .skipEmptyLines(true)
                .ofCsvRecord(text);
        records = csv.iterator();
        header = guarded(() -> {
            if (!records.hasNext()) {
                throw new DataException(
                        "table: " + source.name()
                                + " is empty. Hint: give a header line with the names of the columns, then a line for each row.");
            }
            return records.next().getFields().stream().map(String::strip).toList();
        });
        Set<String> seen = new HashSet<>();
        for (int c = 0; c < header.size(); c++) {
            if (header.get(c).isEmpty() || !seen.add(header.get(c))) {
                closeQuietly();
                throw new DataException("table: " + source.name() + " line 1 column " + (c + 1)
                        + (header.get(c).isEmpty()
                                ? " has no name"
                                : " has the name '" + header.get(c) + "' again, as column "
                                        + (1 + header.indexOf(header.get(c))))
                        + ". Hint: give every column a name of its own.");
            }
        }
    }

    /** Opens a table in UTF-8, or in UTF-16 with a byte-order mark. */
    public static TableReader open(Path file) {
        return open(file, StandardCharsets.UTF_8, List.of());
    }

    /**
     * Opens a table.
     *
     * @param charset the encoding where there is no byte-order mark
     * @param columns that the table must have; of several tables in an archive, the one that has them is taken
     * @throws DataException if there is no such table, or more than one
     */
    public static TableReader open(Path file, Charset charset, Collection<String> columns) {
        List<TableText.Source> sources = TableText.sources(file, charset);
        if (sources.size() == 1) {
            TableReader only = new TableReader(sources.get(0));
            only.requireColumns(columns);
            return only;
        }
        List<TableReader> fitting = new ArrayList<>();
        for (TableText.Source source : sources) {
            TableReader reader = new TableReader(source);
            if (reader.header.containsAll(columns)) {
                fitting.add(reader);
            } else {
                reader.closeQuietly();
            }
        }
        if (fitting.size() == 1) {
            return fitting.get(0);
        }
        fitting.forEach(TableReader::closeQuietly);
        throw new DataException("table: " + file + " holds " + sources.size() + " tables, of which "
                + (fitting.isEmpty() ? "none has" : fitting.size() + " have")
                + " the columns that are needed. Hint: name"
                + " one, such as " + sources.get(0).name() + ".");
    }

    /** @throws DataException naming all columns that are missing, and the most similar ones that are there */
    private void requireColumns(Collection<String> columns) {
        List<String> missing = columns.stream()
                .filter(name -> !header.contains(name))
                .distinct()
                .toList();
        if (!missing.isEmpty()) {
            closeQuietly();
            throw new DataException("table: " + source.name() + " line 1 lacks the column"
                    + (missing.size() == 1 ? " '" : "s '") + String.join("', '", missing) + "'. Hint: "
                    + missing.stream()
                            .map(name -> dev.graft.message.Similar.of(name, header))
                            .flatMap(Optional::stream)
                            .findFirst()
                            .map(near -> "did you mean '" + near + "'?")
                            .orElse("the header is " + header + "."));
        }
    }

    /** The names of the columns, without spaces around. */
    public List<String> header() {
        return header;
    }

    /** What errors call the table: the file, and its entry in an archive. */
    public String name() {
        return source.name();
    }

    /** The next rows as a table; empty at the end. */
    public Optional<Table> next(int most) {
        Table.Builder rows = new Table.Builder(name(), header);
        while (rows.size() < most && hasNext()) {
            CsvRecord record = guarded(records::next);
            line = record.getStartingLineNumber();
            last = record.getFields();
            if (record.getFieldCount() != header.size()) {
                throw new DataException("table: " + name() + " line " + line + " has " + record.getFieldCount()
                        + " fields, the header has " + header.size()
                        + (record.getFieldCount() < header.size()
                                ? ": column '" + header.get(record.getFieldCount()) + "' and what follows is missing"
                                : "")
                        + ". Hint: put fields that hold a comma in quotes, close every quote, and write empty fields"
                        + " for what is unknown.");
            }
            rows.add(record.getFields(), line);
        }
        return rows.size() == 0 ? Optional.empty() : Optional.of(rows.build());
    }

    /**
     * Whether there is another row. The parser takes an open quote at the end for closed, which would hide that the
     * rows behind it are a part of one value.
     */
    private boolean hasNext() {
        boolean more = guarded(records::hasNext);
        if (!more && text.quotes % 2 == 1 && last.stream().anyMatch(field -> field.indexOf('\n') >= 0)) {
            throw new DataException("table: " + name() + " line " + line
                    + " opens a quote that is never closed. Hint: close it, or write a quote inside a field twice.");
        }
        return more;
    }

    /** Counts quotes: a whole CSV file has an even number of them. */
    private static final class QuoteCounter extends FilterReader {
        private long quotes;

        QuoteCounter(Reader in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int c = super.read();
            quotes += c == '"' ? 1 : 0;
            return c;
        }

        @Override
        public int read(char[] buffer, int from, int length) throws IOException {
            int count = super.read(buffer, from, length);
            for (int i = 0; i < count; i++) {
                quotes += buffer[from + i] == '"' ? 1 : 0;
            }
            return count;
        }
    }

    /** All rows. */
    public Table rest() {
        return next(Integer.MAX_VALUE)
                .orElseThrow(() -> new DataException("table: " + name()
                        + " line 2 is missing: it has a header and no row. Hint: give a line for each row."));
    }

    /** What a parser does, which may fail at any character. */
    private <T> T guarded(java.util.function.Supplier<T> parse) {
        try {
            return parse.get();
        } catch (CsvParseException | UncheckedIOException e) {
            Throwable cause = e;
            while (cause.getCause() != null && !(cause instanceof IOException)) {
                cause = cause.getCause();
            }
            closeQuietly();
            if (cause instanceof CharacterCodingException) {
                throw new DataException(
                        "table: " + name() + " is not " + source.charset() + " after line " + line
                                + ". Hint: name its encoding with " + setting("encoding", "windows-1252") + ".",
                        e);
            }
            throw new DataException(
                    "table: " + name() + " is not a whole CSV file after line " + line + " (" + cause.getMessage()
                            + "). Hint: comma-separated text with a header line, and every quote closed.",
                    e);
        }
    }

    private void closeQuietly() {
        try {
            csv.close();
        } catch (IOException e) {
            // the failure that is being reported matters more
        }
    }

    @Override
    public void close() {
        closeQuietly();
    }
}
