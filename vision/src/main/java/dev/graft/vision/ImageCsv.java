package dev.graft.vision;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.graft.nn.data.DataException;
import dev.graft.vision.image.Decoding;
import dev.graft.vision.image.ImageNote;
import dev.graft.vision.image.ImagePipeline;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Images listed in a CSV file (RFC 4180, UTF-8) with a header line: column {@code file} (relative to a folder), column {@code label}, and
 * perhaps {@code patient}, in any case and with spaces around; further columns are left alone.
 *
 * <pre>
 * file,label,patient
 * 2021/0001.png,pneumonia,p17
 * 2021/0002.png,normal,p18
 * </pre>
 *
 * <p>Classes are the different labels, sorted: as numbers where all are whole numbers, else as text. With patients, {@link #split} keeps
 * each patient's images on one side.
 */
public final class ImageCsv extends ImageDataset {
    private static final Pattern WHOLE_NUMBER = Pattern.compile("-?\\d{1,9}");

    private final Columns columns;

    /** The header as it is, and the names of the columns in it that are read. */
    private record Columns(List<String> all, String file, String label, Optional<String> patient) {
        static Columns of(Path csv, List<String> header) {
            return new Columns(List.copyOf(header), required(csv, header, "file"), required(csv, header, "label"), find(csv, header, "patient"));
        }

        private static String required(Path csv, List<String> header, String name) {
            return find(csv, header, name).orElseThrow(() -> new DataException("image csv: " + csv + " has no column '" + name + "'. Hint: the header is "
                    + header + ", it needs file and label."));
        }

        private static Optional<String> find(Path csv, List<String> header, String name) {
            List<String> found = header.stream().filter(column -> column.strip().equalsIgnoreCase(name)).toList();
            if (found.size() > 1) {
                throw new DataException("image csv: " + csv + " has the columns '" + String.join("' and '", found) + "'. Hint: keep one of them.");
            }
            return found.stream().findFirst();
        }
    }

    private ImageCsv(Listing listing, Columns columns, ImagePipeline pipeline, Consumer<? super ImageNote> notes) {
        super(listing, pipeline, notes);
        this.columns = columns;
    }

    /** The names in the header line. */
    public List<String> columns() {
        return columns.all.stream().map(String::strip).toList();
    }

    /** The column that {@link #groups()} come from, as it is called in the file. */
    public Optional<String> patientColumn() {
        return columns.patient.map(String::strip);
    }

    /** As {@link #open(Path, Path, ImagePipeline)}, files relative to the CSV file's own folder. */
    public static ImageCsv open(Path csv, ImagePipeline pipeline) {
        Path folder = csv.toAbsolutePath().getParent();
        return open(csv, folder == null ? csv : folder, pipeline);
    }

    /**
     * Reads the list; decodes nothing yet.
     *
     * @param folder what the files are relative to
     * @throws DataException if the list cannot be read, lacks a column or a value, lists a file twice, or a file does not exist
     */
    public static ImageCsv open(Path csv, Path folder, ImagePipeline pipeline) {
        List<String> names = new ArrayList<>();
        List<String> labels = new ArrayList<>();
        List<String> patients = new ArrayList<>();
        Map<String, Long> lineOf = new HashMap<>();
        Optional<Columns> found = Optional.empty();
        try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().detectBomHeader(true).ofNamedCsvRecord(csv)) {
            for (NamedCsvRecord row : reader) {
                Columns columns = found.isPresent() ? found.get() : Columns.of(csv, row.getHeader());
                found = Optional.of(columns);
                if (row.getFieldCount() != row.getHeader().size()) {
                    throw error(csv, row, "has " + row.getFieldCount() + " fields, the header " + row.getHeader().size(),
                            "put fields that hold a comma in quotes, and close every quote");
                }
                String name = value(csv, row, columns.file);
                Long earlier = lineOf.putIfAbsent(name, row.getStartingLineNumber());
                if (earlier != null) {
                    throw error(csv, row, "lists " + name + " again (first in line " + earlier + ")", "keep one line for each file");
                }
                if (!exists(folder, name)) {
                    throw error(csv, row, "names " + name + ", which is not in " + folder,
                            "the column 'file' must be relative to that folder");
                }
                names.add(name);
                labels.add(value(csv, row, columns.label));
                if (columns.patient.isPresent()) {
                    patients.add(value(csv, row, columns.patient.get()));
                }
            }
        } catch (IOException e) {
            throw new DataException("image csv: " + csv + " cannot be read (" + e.getMessage() + "). Hint: check the path.", e);
        } catch (UncheckedIOException | CsvParseException e) {
            throw new DataException("image csv: " + csv + " is not a valid CSV file (" + e.getMessage()
                    + "). Hint: comma-separated UTF-8 with a header line.", e);
        }
        if (found.isEmpty()) {
            throw new DataException("image csv: " + csv
                    + " lists no images. Hint: a header line 'file,label', then a line for each image.");
        }
        List<String> classes = classes(labels);
        Map<String, Integer> number = new HashMap<>();
        classes.forEach(c -> number.put(c, number.size()));
        int[] labelOf = labels.stream().mapToInt(number::get).toArray();
        return new ImageCsv(new Listing(folder, List.copyOf(names), labelOf, classes, List.copyOf(patients)), found.get(), pipeline,
                Decoding.defaults().notes());
    }

    @Override
    public ImageCsv withNotes(Consumer<? super ImageNote> listener) {
        return new ImageCsv(listing(), columns, pipeline(), listener);
    }

    @Override
    public ImageCsv withPipeline(ImagePipeline other) {
        return new ImageCsv(listing(), columns, other, notes());
    }

    private static List<String> classes(List<String> labels) {
        boolean numbers = labels.stream().allMatch(l -> WHOLE_NUMBER.matcher(l).matches());
        Comparator<String> byText = Comparator.naturalOrder();
        TreeSet<String> sorted = new TreeSet<>(numbers ? Comparator.<String>comparingInt(Integer::parseInt).thenComparing(byText) : byText);
        sorted.addAll(labels);
        return List.copyOf(sorted);
    }

    private static String value(Path csv, NamedCsvRecord row, String column) {
        String value = row.getField(column).strip();
        if (value.isEmpty()) {
            throw error(csv, row, "has an empty '" + column.strip() + "'", "fill it in or remove the line");
        }
        return value;
    }

    private static boolean exists(Path folder, String name) {
        try {
            return Files.isRegularFile(folder.resolve(name));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static DataException error(Path csv, NamedCsvRecord row, String problem, String hint) {
        return new DataException("image csv: " + csv + " line " + row.getStartingLineNumber() + " " + problem + ". Hint: " + hint + ".");
    }
}
