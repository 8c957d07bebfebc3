package dev.graft.nn.run;

import static dev.graft.message.Message.setting;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.graft.nn.metric.interval.Subgroups;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What examples or patients are divided by, such as age, sex and site: a CSV file with a column {@code file} or
 * {@code patient}, and one for each division. Numbers of more than eight values become ranges: of a column {@code age}
 * below 18, 40, 60, 80, and above; of others by their quartiles.
 */
public final class SubgroupFile {
    /** They name an image or say what it shows, and divide nothing. */
    private static final List<String> NO_DIVISIONS = List.of("file", "patient", "label");

    private static final String PATIENT = "patient";
    private static final int MOST_VALUES = 8;
    private static final int MOST_PARTS = 50;
    private static final double[] AGES = {18, 40, 60, 80};

    private final Path file;
    private final String key;
    private final List<String> columns;
    private final Map<String, Map<String, String>> rows;

    private SubgroupFile(Path file, String key, List<String> columns, Map<String, Map<String, String>> rows) {
        this.file = file;
        this.key = key;
        this.columns = columns;
        this.rows = rows;
    }

    /**
     * Reads a file.
     *
     * @throws RunException for a file that cannot be read, names neither files nor patients, or divides nothing
     */
    public static SubgroupFile read(Path file) {
        Map<String, Map<String, String>> rows = new HashMap<>();
        List<String> columns = new ArrayList<>();
        String key = "";
        try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().ofNamedCsvRecord(file)) {
            for (NamedCsvRecord row : reader) {
                if (columns.isEmpty()) {
                    columns.addAll(row.getHeader());
                    key = columns.contains("file") ? "file" : columns.contains(PATIENT) ? PATIENT : "";
                    columns.removeIf(
                            column -> NO_DIVISIONS.contains(column.strip().toLowerCase(Locale.ROOT)));
                    check(file, key, columns);
                }
                Map<String, String> values = new HashMap<>();
                for (String column : columns) {
                    values.put(column, row.findField(column).orElse("").strip());
                }
                String name = row.getField(key).strip();
                rows.put(key.equals(PATIENT) ? PatientHash.of(name) : name.replace('\\', '/'), values);
            }
        } catch (IOException | UncheckedIOException | CsvParseException | NoSuchElementException e) {
            throw new RunException(
                    setting("subgroups") + " " + file + " cannot be read (" + e.getMessage() + ")",
                    "give a CSV file with a header",
                    e);
        }
        if (rows.isEmpty()) {
            throw new RunException(
                    setting("subgroups") + " " + file + " has no lines", "give a header and a line for each image");
        }
        return new SubgroupFile(file, key, List.copyOf(columns), rows);
    }

    /**
     * Refuses what would divide nothing, before hours are spent.
     *
     * @param examples what each is called, such as its file
     * @param patients of each; empty if they are not known
     * @throws RunException for a file that names none of these, or names patients where those are not known
     */
    public void check(List<String> examples, List<String> patients) {
        if (isByPatient() && patients.isEmpty()) {
            throw new RunException(
                    setting("subgroups") + " " + file + " names patients, and nothing tells which images are of which",
                    "say so with " + setting("group") + ", or name files");
        }
        boolean none = true;
        for (int i = 0; i < examples.size() && none; i++) {
            none = of(examples, patients, i) == null;
        }
        if (none) {
            throw new RunException(
                    setting("subgroups") + " " + file + " names none of the " + examples.size()
                            + " images by its column " + key,
                    "name them as they are listed"
                            + (examples.isEmpty() || isByPatient() ? "" : ", such as " + examples.get(0)));
        }
        columns.forEach(column -> parts(column, values(column, examples, patients)));
    }

    /**
     * Each column's value for each example; blank where it is not given.
     *
     * @param examples what each is called, such as its file
     * @param patients of each; empty if they are not known
     * @throws RunException for a column of too many values
     */
    public Map<String, List<String>> of(List<String> examples, List<String> patients) {
        Map<String, List<String>> found = new LinkedHashMap<>();
        columns.forEach(column -> found.put(column, parts(column, values(column, examples, patients))));
        return found;
    }

    private boolean isByPatient() {
        return key.equals(PATIENT);
    }

    private List<String> values(String column, List<String> examples, List<String> patients) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < examples.size(); i++) {
            Map<String, String> own = of(examples, patients, i);
            values.add(own == null ? "" : own.getOrDefault(column, ""));
        }
        return values;
    }

    private @Nullable Map<String, String> of(List<String> examples, List<String> patients, int i) {
        if (isByPatient()) {
            return patients.isEmpty() ? null : rows.get(PatientHash.of(patients.get(i)));
        }
        return ofFile(rows, examples.get(i));
    }

    private static void check(Path file, String key, List<String> columns) {
        if (key.isEmpty()) {
            throw new RunException(
                    setting("subgroups") + " " + file + " has neither a column file nor a column patient",
                    "add the one that says what each line is about");
        }
        if (columns.isEmpty()) {
            throw new RunException(
                    setting("subgroups") + " " + file + " has no column that divides the images",
                    "add one, such as age, sex or site");
        }
    }

    /** By the whole name, or by its last parts. */
    private static @Nullable Map<String, String> ofFile(Map<String, Map<String, String>> rows, String image) {
        String name = image.replace('\\', '/');
        for (String rest = name; ; rest = rest.substring(rest.indexOf('/') + 1)) {
            if (rows.containsKey(rest)) {
                return rows.get(rest);
            }
            if (rest.indexOf('/') < 0) {
                return null;
            }
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
