package dev.graft.nn.run;

import static dev.graft.message.Message.setting;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import de.siegmar.fastcsv.reader.NamedCsvRecordHandler;
import dev.graft.nn.data.table.CsvText;
import dev.graft.nn.metric.interval.Subgroups;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What examples or patients are divided by, such as age, sex and site: a CSV file with a column {@code file} or
 * {@code patient}, and one for each division. A file may be named by its last parts, if no other image has the same.
 * Numbers of more than eight values become ranges: of a column {@code age} below 18, 40, 60, 80, and above; of others
 * by their quartiles.
 */
public final class SubgroupFile {
    /** They name an image or say what it shows, and divide nothing. */
    private static final List<String> NO_DIVISIONS = List.of("file", "patient", "label");

    private static final String PATIENT = "patient";
    private static final int MOST_VALUES = 8;
    private static final int MOST_PARTS = 50;
    private static final double[] AGES = {18, 40, 60, 80};

    private final Path file;
    private final Header header;
    /** By file, or by the hash of the patient. */
    private final Map<String, Line> lines;

    private SubgroupFile(Path file, Header header, Map<String, Line> lines) {
        this.file = file;
        this.header = header;
        this.lines = lines;
    }

    /**
     * The columns that are read.
     *
     * @param key what each line is about, as the file spells it
     * @param divisions by their names without spaces around, as the file spells them
     */
    private record Header(String key, boolean isByPatient, Map<String, String> divisions) {
        String name() {
            return isByPatient ? PATIENT : "file";
        }

        static Header of(Path file, List<String> columns) {
            Map<String, String> byName = new LinkedHashMap<>();
            Map<String, String> divisions = new LinkedHashMap<>();
            for (String column : columns) {
                String name = composed(column);
                String lower = name.toLowerCase(Locale.ROOT);
                if (!name.isEmpty() && byName.put(lower, column) != null) {
                    throw new RunException(
                            setting("subgroups") + " " + file + " has the column '" + name + "' twice",
                            "keep one of them");
                }
                if (!name.isEmpty() && !NO_DIVISIONS.contains(lower)) {
                    divisions.put(name, column);
                }
            }
            String byFile = byName.get("file");
            String key = byFile == null ? byName.get(PATIENT) : byFile;
            if (key == null) {
                throw new RunException(
                        setting("subgroups") + " " + file + " has neither a column file nor a column patient",
                        "add the one that says what each line is about"
                                + (columns.size() == 1 && columns.get(0).matches(".*[;\t].*")
                                        ? ", and separate columns by commas"
                                        : ""));
            }
            if (divisions.isEmpty()) {
                throw new RunException(
                        setting("subgroups") + " " + file + " has no column that divides the images",
                        "add one, such as age, sex or site");
            }
            return new Header(key, byFile == null, divisions);
        }
    }

    /** What a line says: its value of each division, and where it is. */
    private record Line(Map<String, String> values, long number) {}

    /** As {@link #read(Path, Charset)}, in UTF-8. */
    public static SubgroupFile read(Path file) {
        return read(file, StandardCharsets.UTF_8);
    }

    /**
     * Reads a file.
     *
     * @param charset the encoding of a file without a byte-order mark
     * @throws dev.graft.nn.data.DataException for a file that cannot be read, or is not in that encoding
     * @throws RunException for a file that names neither files nor patients, divides nothing, or says two things of one
     *     file or patient
     */
    public static SubgroupFile read(Path file, Charset charset) {
        Map<String, Line> lines = new HashMap<>();
        Optional<Header> found = Optional.empty();
        String text = CsvText.read(setting("subgroups") + " " + file, file, charset, setting("csvEncoding"));
        try (CsvReader<NamedCsvRecord> reader = CsvReader.builder()
                .build(NamedCsvRecordHandler.of(handler -> handler.allowDuplicateHeaderFields(true)), text)) {
            for (NamedCsvRecord row : reader) {
                Header header = found.isPresent() ? found.get() : Header.of(file, row.getHeader());
                found = Optional.of(header);
                add(file, header, row, lines);
            }
        } catch (IOException | UncheckedIOException | CsvParseException e) {
            throw new RunException(
                    setting("subgroups") + " " + file + " is not a valid CSV file (" + e.getMessage() + ")",
                    "give a CSV file with a header, and put fields that hold a comma in quotes",
                    e);
        }
        if (lines.isEmpty()) {
            throw new RunException(
                    setting("subgroups") + " " + file + " has no lines", "give a header and a line for each image");
        }
        return new SubgroupFile(file, found.orElseThrow(), lines);
    }

    private static void add(Path file, Header header, NamedCsvRecord row, Map<String, Line> lines) {
        Map<String, String> values = new LinkedHashMap<>();
        header.divisions().forEach((name, column) -> values.put(name, composed(row.getField(column))));
        String name = composed(row.getField(header.key()));
        long number = row.getStartingLineNumber();
        if (name.isEmpty()) {
            if (values.values().stream().allMatch(String::isEmpty)) {
                return; // a spreadsheet's empty line
            }
            throw new RunException(
                    setting("subgroups") + " " + file + " line " + number + " has an empty '" + header.name() + "'",
                    "fill it in or remove the line");
        }
        Line earlier = lines.putIfAbsent(
                header.isByPatient() ? PatientHash.of(name) : name.replace('\\', '/'), new Line(values, number));
        if (earlier != null && !earlier.values().equals(values)) {
            String column = values.keySet().stream()
                    .filter(division -> !Objects.equals(
                            values.get(division), earlier.values().get(division)))
                    .findFirst()
                    .orElseThrow();
            throw new RunException(
                    setting("subgroups") + " " + file + " says two things of the " + header.name() + " " + name
                            + ": its " + column + " is '" + earlier.values().get(column) + "' in line "
                            + earlier.number() + ", and '" + values.get(column) + "' in line " + number,
                    header.isByPatient()
                            ? "keep one of them, or name files where a patient's images differ"
                            : "keep one of them");
        }
    }

    /** Without spaces around, in Unicode's composed form, as lists of images are read. */
    private static String composed(String text) {
        return Normalizer.normalize(text.strip(), Normalizer.Form.NFC);
    }

    /**
     * Refuses what would divide nothing, before hours are spent.
     *
     * @param examples what each is called, such as its file
     * @param patients of each; empty if they are not known
     * @throws RunException where there are none, for a file that names none of these, or several by one line, and for
     *     one that names patients where those are not known
     */
    public void check(List<String> examples, List<String> patients) {
        if (examples.isEmpty()) {
            throw new RunException(
                    setting("subgroups") + " " + file + " divides the images that judge the model, and there are none",
                    "hold some back with " + setting("valFraction") + ", or leave " + setting("subgroups") + " out");
        }
        if (header.isByPatient() && patients.isEmpty()) {
            throw new RunException(
                    setting("subgroups") + " " + file + " names patients, and nothing tells which images are of which",
                    "say so with " + setting("group") + ", or name files");
        }
        List<Map<String, String>> own = own(examples, patients);
        if (own.stream().allMatch(Map::isEmpty)) {
            throw new RunException(
                    setting("subgroups") + " " + file + " names none of the " + examples.size()
                            + " images by its column " + header.name(),
                    "name them as they are listed" + (header.isByPatient() ? "" : ", such as " + examples.get(0)));
        }
        header.divisions().keySet().forEach(column -> parts(column, values(column, own)));
    }

    /**
     * Refuses a line that names several examples, such as a bare file name that is in two folders.
     *
     * @param examples what each is called, such as its file
     * @throws RunException naming two of them
     */
    public void checkNames(List<String> examples) {
        if (!header.isByPatient()) {
            own(examples, List.of());
        }
    }

    /**
     * Each column's value for each example; blank where it is not given.
     *
     * @param examples what each is called, such as its file
     * @param patients of each; empty if they are not known
     * @throws RunException for a column of too many values, or a line that names several examples
     */
    public Map<String, List<String>> of(List<String> examples, List<String> patients) {
        List<Map<String, String>> own = own(examples, patients);
        Map<String, List<String>> found = new LinkedHashMap<>();
        header.divisions().keySet().forEach(column -> found.put(column, parts(column, values(column, own))));
        return found;
    }

    private static List<String> values(String column, List<Map<String, String>> own) {
        return own.stream().map(values -> values.getOrDefault(column, "")).toList();
    }

    /** What is said of each example; empty for one that no line names. */
    private List<Map<String, String>> own(List<String> examples, List<String> patients) {
        Map<Long, String> named = new HashMap<>();
        List<Map<String, String>> own = new ArrayList<>();
        for (int i = 0; i < examples.size(); i++) {
            String example = examples.get(i);
            Line line = header.isByPatient() ? ofPatient(patients, i) : ofFile(example);
            own.add(line == null ? Map.of() : line.values());
            String other = line == null || header.isByPatient() ? null : named.putIfAbsent(line.number(), example);
            if (line != null && other != null && !other.equals(example)) {
                throw new RunException(
                        setting("subgroups") + " " + file + " line " + line.number() + " names several images: " + other
                                + " and " + example,
                        "name each with its folder, in a line of its own");
            }
        }
        return own;
    }

    private @Nullable Line ofPatient(List<String> patients, int i) {
        return patients.isEmpty() ? null : lines.get(PatientHash.of(composed(patients.get(i))));
    }

    /** By the whole name, or by its last parts. */
    private @Nullable Line ofFile(String image) {
        String rest = composed(image).replace('\\', '/');
        while (true) {
            Line line = lines.get(rest);
            int folder = rest.indexOf('/');
            if (line != null || folder < 0) {
                return line;
            }
            rest = rest.substring(folder + 1);
        }
    }

    /** Numbers of many values as ranges. */
    private static List<String> parts(String column, List<String> values) {
        List<String> given =
                values.stream().filter(value -> !value.isEmpty()).distinct().toList();
        List<OptionalDouble> numbers = given.stream().map(SubgroupFile::number).toList();
        boolean age = column.toLowerCase(Locale.ROOT).equals("age");
        if (numbers.stream().allMatch(OptionalDouble::isPresent) && (age || given.size() > MOST_VALUES)) {
            double[] all = values.stream()
                    .mapToDouble(value -> number(value).orElse(Double.NaN))
                    .toArray();
            double[] sorted = Arrays.stream(all)
                    .filter(value -> !Double.isNaN(value))
                    .sorted()
                    .toArray();
            double[] edges = age
                    ? AGES
                    : Arrays.stream(new double[] {
                                sorted[sorted.length / 4], sorted[sorted.length / 2], sorted[3 * sorted.length / 4]
                            })
                            .distinct()
                            .toArray();
            return Subgroups.ranges(all, edges);
        }
        if (given.size() > MOST_PARTS) {
            throw new RunException(
                    setting("subgroups") + ": the column " + column + " has " + given.size() + " values, more than "
                            + MOST_PARTS + ", and each would be a subgroup",
                    "leave it out, or group its values");
        }
        return values;
    }

    private static OptionalDouble number(String text) {
        try {
            double value = Double.parseDouble(text);
            return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
        } catch (NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }
}
