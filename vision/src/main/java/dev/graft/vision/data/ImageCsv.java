package dev.graft.vision.data;

import static dev.graft.message.Message.setting;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import de.siegmar.fastcsv.reader.NamedCsvRecordHandler;
import dev.graft.message.Message;
import dev.graft.nn.data.DataException;
import dev.graft.nn.data.table.CsvText;
import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.transform.ImagePipeline;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Images listed in a CSV file (RFC 4180; UTF-8, unless a byte-order mark or the caller says otherwise) with a header
 * line. The columns are {@code file} (relative to a folder), {@code label} and, optionally, {@code patient}, in any
 * letter case and with spaces around. Further columns are ignored.
 *
 * <pre>
 * file,label,patient
 * 2021/0001.png,pneumonia,p17
 * 2021/0002.png,normal,p18
 * </pre>
 *
 * <p><b>Several labels at once.</b> Where an image may have any number of labels, they are columns of 0 and 1, which
 * the caller names, or a column {@code labels} instead of {@code label}, with names between {@code ;} or {@code |} and
 * nothing for none:
 *
 * <pre>
 * file,edema,effusion            file,labels
 * 0001.png,1,1                   0001.png,edema;effusion
 * 0002.png,0,0                   0002.png,
 * </pre>
 *
 * <p>Classes are the different labels, sorted as numbers if all are whole numbers, else as text. With patients,
 * {@link #split} keeps each patient's images on one side.
 */
public final class ImageCsv extends ImageDataset {
    private static final Pattern OTHER_SEPARATOR = Pattern.compile("[;\t|]");
    private static final String ENCODING = Message.inJava("csvEncoding, the charset of ImageCsv.open", "csvEncoding");

    private final Columns columns;
    /** For each image, its line in the list. */
    private final List<Long> lines;

    /** The header, and the names of those of its columns that are read. */
    private record Columns(List<String> all, String file, LabelColumns labels, Optional<String> patient) {
        static Columns of(Path csv, List<String> header, List<String> labelColumns, Optional<String> group) {
            String file = required(csv, header, "file");
            LabelColumns labels = labelColumns.isEmpty()
                    ? find(csv, header, "label")
                            .map(LabelColumns::one)
                            .or(() -> find(csv, header, "labels").map(LabelColumns::list))
                            .orElseGet(() -> LabelColumns.one(required(csv, header, "label")))
                    : LabelColumns.flags(labelColumns.stream()
                            .map(name -> required(csv, header, name))
                            .toList());
            Optional<String> patient = group.isPresent()
                    ? Optional.of(find(csv, header, group.get())
                            .orElseThrow(() -> new DataException("image csv: " + csv + " has no column '" + group.get()
                                    + "'. Hint: the header is " + header + ".")))
                    : find(csv, header, "patient");
            return new Columns(List.copyOf(header), file, labels, patient);
        }

        private static String required(Path csv, List<String> header, String name) {
            return find(csv, header, name)
                    .orElseThrow(() -> new DataException("image csv: " + csv + " has no column '" + name
                            + "'. Hint: the header is " + header
                            + ", it needs file and label, or for any number of labels"
                            + " a column labels, or columns of 0 and 1 named by " + setting("labelColumns")
                            + (header.stream()
                                            .anyMatch(column -> OTHER_SEPARATOR
                                                    .matcher(column)
                                                    .find())
                                    ? ", separated by commas."
                                    : ".")));
        }

        static List<String> named(List<String> header, String name) {
            return header.stream()
                    .filter(column -> column.strip().equalsIgnoreCase(name))
                    .toList();
        }

        private static Optional<String> find(Path csv, List<String> header, String name) {
            List<String> found = named(header, name);
            if (found.size() > 1) {
                throw new DataException("image csv: " + csv + " has the columns '" + String.join("' and '", found)
                        + "'. Hint: keep one of them.");
            }
            return found.stream().findFirst();
        }
    }

    private ImageCsv(
            Listing listing,
            Columns columns,
            List<Long> lines,
            ImagePipeline pipeline,
            Consumer<? super ImageNote> notes) {
        super(listing, pipeline, notes);
        this.columns = columns;
        this.lines = lines;
    }

    /** The names in the header line. */
    public List<String> columns() {
        return columns.all.stream().map(String::strip).toList();
    }

    /** As {@link #open(Path, Path, Charset, ImagePipeline)}, in UTF-8, files relative to the CSV file's own folder. */
    public static ImageCsv open(Path csv, ImagePipeline pipeline) {
        return open(csv, StandardCharsets.UTF_8, pipeline);
    }

    /** As {@link #open(Path, Path, Charset, ImagePipeline)}, files relative to the CSV file's own folder. */
    public static ImageCsv open(Path csv, Charset charset, ImagePipeline pipeline) {
        Path folder = csv.toAbsolutePath().getParent();
        return open(csv, folder == null ? csv : folder, charset, pipeline);
    }

    /** As {@link #open(Path, Path, Charset, ImagePipeline)}, in UTF-8. */
    public static ImageCsv open(Path csv, Path folder, ImagePipeline pipeline) {
        return open(csv, folder, StandardCharsets.UTF_8, pipeline);
    }

    /**
     * Reads the list; decodes nothing yet.
     *
     * @param folder the folder that the files are relative to
     * @param charset the encoding of the list, if it does not start with a byte-order mark
     * @throws DataException if the list cannot be read, is not in that encoding, lacks a column or a value, lists a
     *     file twice, even under different names, or a file does not exist
     */
    public static ImageCsv open(Path csv, Path folder, Charset charset, ImagePipeline pipeline) {
        return open(csv, folder, charset, List.of(), pipeline);
    }

    /**
     * As {@link #open(Path, Path, Charset, ImagePipeline)}, with the labels in columns of 0 and 1.
     *
     * @param labelColumns the columns, one for each label; empty for a column {@code label} or {@code labels}
     * @throws DataException also for a value other than 0 and 1, and for a column that is there twice
     */
    public static ImageCsv open(
            Path csv, Path folder, Charset charset, List<String> labelColumns, ImagePipeline pipeline) {
        return open(csv, folder, charset, labelColumns, Optional.empty(), pipeline);
    }

    /**
     * As {@link #open(Path, Path, Charset, List, ImagePipeline)}, with the {@link #groups()} in another column than
     * {@code patient}.
     *
     * @param group the column, in any letter case; empty for {@code patient}, where there is one
     * @throws DataException also where there is no such column
     */
    public static ImageCsv open(
            Path csv,
            Path folder,
            Charset charset,
            List<String> labelColumns,
            Optional<String> group,
            ImagePipeline pipeline) {
        List<String> names = new ArrayList<>();
        LabelReader labels = new LabelReader();
        List<String> patients = new ArrayList<>();
        List<Long> lines = new ArrayList<>();
        ListedFiles files = new ListedFiles(csv, folder);
        Optional<Columns> found = Optional.empty();
        try (CsvReader<NamedCsvRecord> reader = reader(csv, charset)) {
            for (NamedCsvRecord row : reader) {
                Columns columns =
                        found.isPresent() ? found.get() : Columns.of(csv, row.getHeader(), labelColumns, group);
                found = Optional.of(columns);
                if (row.getFieldCount() != row.getHeader().size()) {
                    throw error(
                            csv,
                            row,
                            "has " + row.getFieldCount() + " fields, the header "
                                    + row.getHeader().size(),
                            "put fields that hold a comma in quotes, and close every quote");
                }
                String name = value(csv, row, columns.file);
                files.add(name, row.getStartingLineNumber());
                names.add(name);
                lines.add(row.getStartingLineNumber());
                labels.add(
                        columns.labels,
                        column -> FileNames.composed(row.getField(column).strip()),
                        (problem, fix) -> error(csv, row, problem, fix));
                if (columns.patient.isPresent()) {
                    patients.add(FileNames.composed(value(csv, row, columns.patient.get())));
                }
            }
        } catch (IOException e) {
            throw new DataException(
                    "image csv: " + csv + " cannot be read (" + e.getMessage() + "). Hint: check the path.", e);
        } catch (UncheckedIOException | CsvParseException e) {
            throw new DataException(
                    "image csv: " + csv + " is not a valid CSV file (" + e.getMessage()
                            + "). Hint: comma-separated UTF-8 with a header line.",
                    e);
        }
        if (found.isEmpty()) {
            throw new DataException("image csv: " + csv
                    + " lists no images. Hint: a header line 'file,label', then a line for each image.");
        }
        ImageDataset.Listing listing = labels.listing(csv, folder, List.copyOf(names));
        String source = found.get()
                .patient
                .map(column -> "column '" + column.strip() + "'")
                .orElse("");
        return new ImageCsv(
                listing.withGroups(List.copyOf(patients), source),
                found.get(),
                List.copyOf(lines),
                pipeline,
                Decoding.defaults().notes());
    }

    /** Whether a list has a column of this name; false for what cannot be read, which opening it tells of. */
    public static boolean hasColumn(Path csv, Charset charset, String name) {
        if (!Files.isRegularFile(csv)) {
            return false;
        }
        try (CsvReader<NamedCsvRecord> reader = reader(csv, charset)) {
            return reader.stream()
                    .findFirst()
                    .filter(row -> !Columns.named(row.getHeader(), name).isEmpty())
                    .isPresent();
        } catch (IOException | UncheckedIOException | CsvParseException | DataException e) {
            return false;
        }
    }

    private static CsvReader<NamedCsvRecord> reader(Path csv, Charset charset) throws IOException {
        return CsvReader.builder()
                .build(
                        NamedCsvRecordHandler.of(handler -> handler.allowDuplicateHeaderFields(true)),
                        CsvText.read("image csv: " + csv, csv, charset, ENCODING));
    }

    @Override
    String place(int index) {
        return "line " + lines.get(index) + " (" + names().get(index) + ")";
    }

    @Override
    public ImageCsv withNotes(Consumer<? super ImageNote> listener) {
        return new ImageCsv(listing(), columns, lines, pipeline(), listener);
    }

    @Override
    ImageCsv with(Listing other) {
        return new ImageCsv(other, columns, lines, pipeline(), notes());
    }

    @Override
    public ImageCsv withPipeline(ImagePipeline other) {
        return new ImageCsv(listing(), columns, lines, other, notes());
    }

    private static String value(Path csv, NamedCsvRecord row, String column) {
        String value = row.getField(column).strip();
        if (value.isEmpty()) {
            throw error(csv, row, "has an empty '" + column.strip() + "'", "fill it in or remove the line");
        }
        return value;
    }

    /** The files so far, by location rather than by name, so that none is listed twice. */
    private static final class ListedFiles {
        /** A file as the list names it. */
        private record Entry(String name, Path place, long line) {}

        private final Path csv;
        private final Path folder;
        /**
         * By location in one letter case and Unicode form, because some file systems treat names of different case or
         * form as equal.
         */
        private final Map<String, List<Entry>> byPlace = new HashMap<>();

        ListedFiles(Path csv, Path folder) {
            this.csv = csv;
            this.folder = folder;
        }

        void add(String name, long line) {
            Path place = place(name, line);
            List<Entry> alike = byPlace.computeIfAbsent(
                    FileNames.composed(place.toString()).toLowerCase(Locale.ROOT), key -> new ArrayList<>(1));
            for (Entry earlier : alike) {
                if (FileNames.areSame(earlier.place, place)) {
                    throw error(
                            csv,
                            line,
                            "lists " + name + " again (first in line " + earlier.line
                                    + (earlier.name.equals(name) ? "" : " as " + earlier.name) + ")",
                            "keep one line for each file");
                }
            }
            alike.add(new Entry(name, place, line));
        }

        private Path place(String name, long line) {
            try {
                Path file = folder.resolve(name);
                if (Files.isRegularFile(file)) {
                    return FileNames.place(file);
                }
            } catch (InvalidPathException e) {
                if (!FileNames.canSay(name)) {
                    throw FileNames.unreadable(name);
                }
            }
            throw error(
                    csv,
                    line,
                    "names " + name + ", which is not in " + folder,
                    "the column 'file' must be relative to that folder"
                            + (isThereInOtherForm(name)
                                    ? "; a file there has this name in another Unicode form (NFC and NFD)"
                                    : ""));
        }

        private boolean isThereInOtherForm(String name) {
            for (Normalizer.Form form : List.of(Normalizer.Form.NFC, Normalizer.Form.NFD)) {
                try {
                    if (Files.isRegularFile(folder.resolve(Normalizer.normalize(name, form)))) {
                        return true;
                    }
                } catch (InvalidPathException e) {
                    return false;
                }
            }
            return false;
        }
    }

    private static DataException error(Path csv, NamedCsvRecord row, String problem, String hint) {
        return error(csv, row.getStartingLineNumber(), problem, hint);
    }

    private static DataException error(Path csv, long line, String problem, String hint) {
        return new DataException("image csv: " + csv + " line " + line + " " + problem + ". Hint: " + hint + ".");
    }
}
