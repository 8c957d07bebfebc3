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
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Images listed in a CSV file (RFC 4180, UTF-8) with a header line: column {@code file} (relative to a folder), column {@code label}, and
 * perhaps {@code patient}; further columns are left alone.
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

    private ImageCsv(Listing listing, ImagePipeline pipeline, Consumer<? super ImageNote> notes) {
        super(listing, pipeline, notes);
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
        try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().detectBomHeader(true).ofNamedCsvRecord(csv)) {
            for (NamedCsvRecord row : reader) {
                if (row.getFieldCount() != row.getHeader().size()) {
                    throw error(csv, row, "has " + row.getFieldCount() + " fields, the header " + row.getHeader().size(),
                            "put fields that hold a comma in quotes, and close every quote");
                }
                String name = value(csv, row, "file");
                Long earlier = lineOf.putIfAbsent(name, row.getStartingLineNumber());
                if (earlier != null) {
                    throw error(csv, row, "lists " + name + " again (first in line " + earlier + ")", "keep one line for each file");
                }
                if (!exists(folder, name)) {
                    throw error(csv, row, "names " + name + ", which is not in " + folder,
                            "the column 'file' must be relative to that folder");
                }
                names.add(name);
                labels.add(value(csv, row, "label"));
                if (row.getHeader().contains("patient")) {
                    patients.add(value(csv, row, "patient"));
                }
            }
        } catch (IOException e) {
            throw new DataException("image csv: " + csv + " cannot be read (" + e.getMessage() + "). Hint: check the path.", e);
        } catch (UncheckedIOException | CsvParseException e) {
            throw new DataException("image csv: " + csv + " is not a valid CSV file (" + e.getMessage()
                    + "). Hint: comma-separated UTF-8 with a header line.", e);
        }
        if (names.isEmpty()) {
            throw new DataException("image csv: " + csv
                    + " lists no images. Hint: a header line 'file,label', then a line for each image.");
        }
        List<String> classes = classes(labels);
        Map<String, Integer> number = new HashMap<>();
        classes.forEach(c -> number.put(c, number.size()));
        int[] labelOf = labels.stream().mapToInt(number::get).toArray();
        return new ImageCsv(new Listing(folder, List.copyOf(names), labelOf, classes, List.copyOf(patients)), pipeline,
                Decoding.defaults().notes());
    }

    @Override
    public ImageCsv withNotes(Consumer<? super ImageNote> listener) {
        return new ImageCsv(listing(), pipeline(), listener);
    }

    @Override
    public ImageCsv withPipeline(ImagePipeline other) {
        return new ImageCsv(listing(), other, notes());
    }

    private static List<String> classes(List<String> labels) {
        boolean numbers = labels.stream().allMatch(l -> WHOLE_NUMBER.matcher(l).matches());
        Comparator<String> byText = Comparator.naturalOrder();
        TreeSet<String> sorted = new TreeSet<>(numbers ? Comparator.<String>comparingInt(Integer::parseInt).thenComparing(byText) : byText);
        sorted.addAll(labels);
        return List.copyOf(sorted);
    }

    private static String value(Path csv, NamedCsvRecord row, String column) {
        String value = row.findField(column)
                .orElseThrow(() -> error(csv, row, "has no column '" + column + "'", "the header is " + row.getHeader()
                        + ", it needs file and label"))
                .strip();
        if (value.isEmpty()) {
            throw error(csv, row, "has an empty '" + column + "'", "fill it in or remove the line");
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
