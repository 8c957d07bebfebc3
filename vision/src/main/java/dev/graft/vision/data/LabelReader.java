package dev.graft.vision.data;

import dev.graft.nn.data.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Collects the labels of a list of images, line by line. */
final class LabelReader {
    private static final Pattern WHOLE_NUMBER = Pattern.compile("-?\\d{1,9}");
    private static final Pattern SEPARATOR = Pattern.compile("[;|]");
    /** As a spreadsheet and pandas write them. */
    private static final Set<String> YES = Set.of("1", "1.0");

    private static final Set<String> NO = Set.of("0", "0.0");

    private final List<List<String>> labels = new ArrayList<>();
    private LabelColumns columns = LabelColumns.one("label");

    /**
     * The labels of one line.
     *
     * @param field the text in a column, without spaces around
     * @param error what to throw for a problem and its fix
     */
    void add(LabelColumns where, UnaryOperator<String> field, BiFunction<String, String, DataException> error) {
        columns = where;
        List<String> found = new ArrayList<>();
        for (String column : where.columns()) {
            String value = field.apply(column);
            switch (where.kind()) {
                case ONE -> {
                    if (value.isEmpty()) {
                        throw error.apply("has an empty '" + column.strip() + "'", "fill it in or remove the line");
                    }
                    found.add(value);
                }
                case LIST -> addList(column, value, found, error);
                case FLAGS -> {
                    if (value.isEmpty()) {
                        throw error.apply(
                                "has an empty '" + column.strip() + "'",
                                "a label that is not known cannot be learnt: fill in 0 or 1, or remove the line");
                    }
                    if (!YES.contains(value) && !NO.contains(value)) {
                        throw error.apply(
                                "has '" + value + "' in '" + column.strip() + "'",
                                "a label's column holds 0 and 1 alone");
                    }
                    if (YES.contains(value)) {
                        found.add(FileNames.composed(column.strip()));
                    }
                }
            }
        }
        labels.add(found);
    }

    private static void addList(
            String column, String value, List<String> found, BiFunction<String, String, DataException> error) {
        if (value.isEmpty()) {
            return;
        }
        for (String part : SEPARATOR.split(value, -1)) {
            String name = part.strip();
            if (name.isEmpty() || found.contains(name)) {
                throw error.apply(
                        "has '" + value + "' in '" + column.strip() + "'",
                        name.isEmpty() ? "remove the separator that follows nothing" : "name each label once");
            }
            found.add(name);
        }
    }

    /** All lines together. */
    ImageDataset.Listing listing(Path csv, Path folder, List<String> names) {
        List<String> classes = classes(csv);
        Map<String, Integer> number = new HashMap<>();
        classes.forEach(c -> number.put(c, number.size()));
        if (columns.kind() == LabelColumns.Kind.ONE) {
            int[] labelOf =
                    labels.stream().mapToInt(found -> number.get(found.get(0))).toArray();
            return new ImageDataset.Listing(folder, names, labelOf, classes);
        }
        List<BitSet> sets = labels.stream()
                .map(found -> {
                    BitSet has = new BitSet();
                    found.forEach(name -> has.set(Objects.requireNonNull(number.get(name))));
                    return has;
                })
                .toList();
        List<BitSet> combinations = new ArrayList<>(new LinkedHashSet<>(sets));
        Map<BitSet, Integer> place = new HashMap<>();
        combinations.forEach(has -> place.put(has, place.size()));
        return new ImageDataset.Listing(
                folder, names, sets.stream().mapToInt(place::get).toArray(), classes, List.of(), "", combinations);
    }

    private List<String> classes(Path csv) {
        if (columns.kind() == LabelColumns.Kind.FLAGS) {
            List<String> names = columns.columns().stream()
                    .map(column -> FileNames.composed(column.strip()))
                    .toList();
            if (new HashSet<>(names).size() < names.size()) {
                throw new DataException("image csv: " + csv + ": a label's column is named twice: " + names
                        + ". Hint: name each once.");
            }
            return names;
        }
        List<String> all = labels.stream().flatMap(List::stream).toList();
        boolean numbers = all.stream().allMatch(l -> WHOLE_NUMBER.matcher(l).matches());
        Comparator<String> byText = Comparator.naturalOrder();
        TreeSet<String> sorted = new TreeSet<>(
                numbers ? Comparator.<String>comparingInt(Integer::parseInt).thenComparing(byText) : byText);
        sorted.addAll(all);
        return List.copyOf(sorted);
    }
}
