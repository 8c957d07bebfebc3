package dev.graft.vision.data;

import dev.graft.nn.data.DataException;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.Folds;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.data.Split;
import dev.graft.nn.data.Subset;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.file.ImageFormatException;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.transform.ImagePipeline;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Labelled image files, decoded and transformed on demand. An example's input is {@code [3, H, W]} (or one channel, if
 * the normalisation has one), channels-last in memory. Immutable and thread-safe.
 */
public abstract sealed class ImageDataset implements LabelledDataset permits ImageFolder, ImageCsv, ImageNpz {
    private final Listing listing;
    private final ImagePipeline pipeline;
    private final Consumer<? super ImageNote> notes;

    /**
     * The content of a data set.
     *
     * @param root the folder that {@code names} are relative to
     * @param names the files, with slashes, in order
     * @param labels the class of each file; of several labels, which combination of them
     * @param groups what each file belongs to, such as a patient; empty if unknown
     * @param groupedBy where the groups come from, in words; empty if they are unknown
     * @param combinations which of the classes each combination has, if a file has any number of them; else empty
     */
    record Listing(
            Path root,
            List<String> names,
            int[] labels,
            List<String> classes,
            List<String> groups,
            String groupedBy,
            List<BitSet> combinations) {
        /** Without groups, and with one class for each file. */
        Listing(Path root, List<String> names, int[] labels, List<String> classes) {
            this(root, names, labels, classes, List.of(), "", List.of());
        }

        Listing withClasses(int[] labelOf, List<String> names, List<BitSet> sets) {
            return new Listing(root, this.names, labelOf, names, groups, groupedBy, sets);
        }

        Listing withGroups(List<String> names, String source) {
            return new Listing(root, this.names, labels, classes, names, source, combinations);
        }

        boolean isMultiLabel() {
            return !combinations.isEmpty();
        }

        /** What a label means, in words. */
        String nameOf(int label) {
            if (!isMultiLabel()) {
                return classes.get(label);
            }
            BitSet has = combinations.get(label);
            return has.isEmpty() ? NONE : has.stream().mapToObj(classes::get).collect(Collectors.joining(" + "));
        }
    }

    private static final String NONE = "no label";
    private static final int LISTED = 5;

    /**
     * Two files with the same bytes.
     *
     * @param index position in this data set
     * @param otherIndex position in the other data set
     */
    public record Duplicate(int index, Path file, int otherIndex, Path otherFile) {}

    ImageDataset(Listing listing, ImagePipeline pipeline, Consumer<? super ImageNote> notes) {
        this.listing = listing;
        this.pipeline = pipeline;
        this.notes = notes;
    }

    Listing listing() {
        return listing;
    }

    /**
     * The same files and labels with another pipeline, such as an augmented one for training and a plain one for
     * validation.
     */
    public abstract ImageDataset withPipeline(ImagePipeline other);

    /**
     * The same files and labels, with another listener for notes about odd images, which are read nevertheless. Without
     * a listener, notes are logged as warnings.
     *
     * @param listener called by the threads that read images; {@link dev.graft.vision.image.file.ImageNotes} collects
     *     notes
     */
    public abstract ImageDataset withNotes(Consumer<? super ImageNote> listener);

    Consumer<? super ImageNote> notes() {
        return notes;
    }

    /**
     * The same images, with the class numbers of another list of the same names, such as that of a folder, which sorts
     * "10" before "2", for an array file, which does not.
     *
     * @throws IllegalArgumentException where a class of this data set is not in the list
     */
    public final ImageDataset withClasses(List<String> classes) {
        int[] number = listing.classes.stream().mapToInt(classes::indexOf).toArray();
        for (int c = 0; c < number.length; c++) {
            if (number[c] < 0) {
                throw new IllegalArgumentException("image data: the " + (listing.isMultiLabel() ? "label " : "class ")
                        + listing.classes.get(c) + " is not among " + classes);
            }
        }
        if (listing.isMultiLabel()) {
            return with(renumbered(number, List.copyOf(classes)));
        }
        int[] labels = Arrays.stream(listing.labels).map(label -> number[label]).toArray();
        return with(listing.withClasses(labels, List.copyOf(classes), List.of()));
    }

    private Listing renumbered(int[] number, List<String> classes) {
        List<BitSet> combinations = listing.combinations.stream()
                .map(has -> {
                    BitSet other = new BitSet();
                    has.stream().forEach(c -> other.set(number[c]));
                    return other;
                })
                .toList();
        return listing.withClasses(listing.labels, classes, combinations);
    }

    /** The same images, listed otherwise. */
    abstract ImageDataset with(Listing other);

    /** The folder that the names are relative to, or the array file. */
    public Path root() {
        return listing.root;
    }

    /** From decoded image to network input. */
    public ImagePipeline pipeline() {
        return pipeline;
    }

    @Override
    public int size() {
        return listing.names.size();
    }

    @Override
    public List<String> classes() {
        return listing.classes;
    }

    @Override
    public int[] labels() {
        checkOneClass();
        return listing.labels.clone();
    }

    @Override
    public int label(int index) {
        checkOneClass();
        return listing.labels[index];
    }

    private void checkOneClass() {
        if (listing.isMultiLabel()) {
            throw new IllegalStateException(
                    "image data: the images of " + listing.root + " have any number of labels. Hint: call has(index).");
        }
    }

    @Override
    public boolean isMultiLabel() {
        return listing.isMultiLabel();
    }

    @Override
    public boolean[] has(int index) {
        boolean[] has = new boolean[listing.classes.size()];
        if (listing.isMultiLabel()) {
            listing.combinations.get(listing.labels[index]).stream().forEach(c -> has[c] = true);
        } else {
            has[listing.labels[index]] = true;
        }
        return has;
    }

    /** As {@link #labelText}, and no two combinations of labels alike, whatever their names. */
    private String identityOf(int index) {
        return listing.isMultiLabel() ? Arrays.toString(has(index)) + listing.classes : labelText(index);
    }

    /** The class of an image by its name; of several labels, such as {@code edema + effusion} or {@code no label}. */
    public String labelText(int index) {
        return listing.nameOf(listing.labels[index]);
    }

    /** The files' names relative to the data set's folder, with slashes, in order. */
    public List<String> names() {
        return listing.names;
    }

    /** All image files, in order. */
    public List<Path> files() {
        return listing.names.stream().map(listing.root::resolve).toList();
    }

    /** One image file; for an image in an array file, that file's path and the position in it. */
    public Path file(int index) {
        return listing.root.resolve(listing.names.get(index));
    }

    /** What each file belongs to, such as a patient; empty if unknown. */
    public Optional<List<String>> groups() {
        return listing.groups.isEmpty() ? Optional.empty() : Optional.of(listing.groups);
    }

    /** Where the {@link #groups()} come from, such as {@code column 'patient'}; empty if they are unknown. */
    public Optional<String> groupedBy() {
        return listing.groups.isEmpty() ? Optional.empty() : Optional.of(listing.groupedBy);
    }

    /**
     * The same images, grouped by their names: what the pattern's capturing group matches is the name of the group,
     * such as {@code (patient\\d+)_}. It is looked for in each of the {@link #names()}, the first match counts.
     *
     * @param pattern with one capturing group
     * @throws DataException naming some of the files in which the pattern finds nothing, or nothing but an empty text
     * @throws IllegalArgumentException for a pattern with another number of capturing groups
     */
    public final ImageDataset groupedBy(Pattern pattern) {
        if (pattern.matcher("").groupCount() != 1) {
            throw new IllegalArgumentException("image data: the pattern " + pattern + " has "
                    + pattern.matcher("").groupCount()
                    + " capturing groups. Hint: put what names the group in parentheses, and others in (?:...).");
        }
        List<String> groups = new ArrayList<>();
        List<String> unmatched = new ArrayList<>();
        for (String name : listing.names) {
            Matcher matcher = pattern.matcher(name);
            if (matcher.find() && matcher.group(1) != null && !matcher.group(1).isEmpty()) {
                groups.add(matcher.group(1));
            } else {
                unmatched.add(name);
            }
        }
        if (!unmatched.isEmpty()) {
            throw new DataException("image data: " + unmatched.size() + " of the " + size() + " files in "
                    + listing.root + " do not match " + pattern + ": "
                    + String.join(", ", unmatched.subList(0, Math.min(LISTED, unmatched.size())))
                    + (unmatched.size() > LISTED ? ", ..." : "")
                    + ". Hint: the expression is looked for in each file's path within that folder.");
        }
        return with(listing.withGroups(List.copyOf(groups), "the expression " + pattern));
    }

    /** How many files each class has. */
    public int[] classCounts() {
        int[] counts = new int[listing.classes.size()];
        for (int i = 0; i < size(); i++) {
            boolean[] has = has(i);
            for (int c = 0; c < has.length; c++) {
                counts[c] += has[c] ? 1 : 0;
            }
        }
        return counts;
    }

    /**
     * Decodes and transforms one image.
     *
     * @throws ImageFormatException naming the file, if it is not a complete image
     */
    @Override
    public Example get(int index, RandomGenerator random) {
        return example(pipeline.apply(image(index), random), index);
    }

    /** One image as it is stored. */
    ImageBytes content(int index) {
        return ImageBytes.of(file(index));
    }

    /**
     * SHA-256 of one image's bytes as they are stored, in hexadecimal; of an image in an array file, of its samples.
     */
    public String sha256(int index) {
        return ContentHash.of(content(index));
    }

    /** Decodes one image without transforming it. */
    public Image image(int index) {
        return Image.read(file(index), pipeline.decoding().notes(notes));
    }

    @Override
    public String describe(int index) {
        return file(index).toString();
    }

    /**
     * Holds files back for validation: the same share of each class or, if {@link #groups()} are known, whole groups
     * that come near that share. Of several labels it is the share of each combination of them.
     *
     * @param heldFraction the share to hold back, in (0, 1)
     */
    public Split split(double heldFraction, long seed) {
        return split(IntStream.range(0, size()).toArray(), heldFraction, seed);
    }

    /**
     * As {@link #split(double, long)}, of some of the files.
     *
     * @param rows their positions, which those of the split are too
     */
    public Split split(int[] rows, double heldFraction, long seed) {
        int[] labels = Arrays.stream(rows).map(row -> listing.labels[row]).toArray();
        Split split = listing.groups.isEmpty()
                ? Split.stratified(labels, heldFraction, seed)
                : Split.grouped(
                        Arrays.stream(rows).mapToObj(listing.groups::get).toList(), labels, heldFraction, seed);
        Split named = listing.isMultiLabel() ? split.withoutClasses() : split.named(listing.classes);
        return new Split(
                Arrays.stream(named.train()).map(i -> rows[i]).toArray(),
                Arrays.stream(named.held()).map(i -> rows[i]).toArray(),
                named.notes());
    }

    /**
     * The folds of a cross-validation: even shares of each class or, if {@link #groups()} are known, whole groups. Of
     * several labels it is the share of each combination of them.
     *
     * @param count how many folds, from 2 to the number of images, or of groups
     */
    public Folds folds(int count, long seed) {
        Folds folds = listing.groups.isEmpty()
                ? Folds.stratified(listing.labels, count, seed)
                : Folds.grouped(listing.groups, listing.labels, count, seed);
        return listing.isMultiLabel() ? folds.withoutClasses() : folds.named(listing.classes);
    }

    /**
     * A hash that changes with any file's name, content, label or order, in hexadecimal. It identifies the data that a
     * model has seen. Reads every file once.
     */
    public String sha256() {
        return sha256(() -> {});
    }

    /**
     * As {@link #sha256()}.
     *
     * @param beforeEach called before each file is read; an exception from it ends the reading
     */
    public String sha256(Runnable beforeEach) {
        ContentHash hash = new ContentHash();
        for (int i = 0; i < size(); i++) {
            beforeEach.run();
            hash.text(listing.names.get(i)).text(identityOf(i)).content(content(i));
        }
        return hash.hex();
    }

    /**
     * The files of this data set that are also in {@code other}, byte for byte, in order, each with its first twin. A
     * test set that shares images with the training set overstates the network's quality. Only files of equal length
     * are read.
     */
    public List<Duplicate> duplicates(ImageDataset other) {
        return duplicates(
                IntStream.range(0, size()).toArray(),
                other,
                IntStream.range(0, other.size()).toArray());
    }

    /**
     * As {@link #duplicates(ImageDataset)}, for only some files of each side, by position, such as the two sides of a
     * split.
     */
    public List<Duplicate> duplicates(int[] rows, ImageDataset other, int[] otherRows) {
        Map<Long, List<Integer>> byLength = other.byLength(otherRows);
        Map<Integer, String> known = new HashMap<>();
        List<Duplicate> found = new ArrayList<>();
        for (int i : rows) {
            List<Integer> candidates = byLength.getOrDefault(ImageBytes.lengthOf(content(i)), List.of());
            if (candidates.isEmpty()) {
                continue;
            }
            String hash = ContentHash.of(content(i));
            for (int j : candidates) {
                if (known.computeIfAbsent(j, k -> ContentHash.of(other.content(k)))
                        .equals(hash)) {
                    found.add(new Duplicate(i, file(i), j, other.file(j)));
                    break;
                }
            }
        }
        return List.copyOf(found);
    }

    /**
     * The images that occur twice, byte for byte, with different labels, of which a network can learn only one. Each is
     * listed with the first earlier one that contradicts it. Only files of equal length are read.
     */
    public List<Duplicate> contradictions() {
        List<Duplicate> found = new ArrayList<>();
        for (List<Integer> alike :
                byLength(IntStream.range(0, size()).toArray()).values()) {
            if (alike.stream().mapToInt(i -> listing.labels[i]).distinct().count() < 2) {
                continue;
            }
            Map<String, List<Integer>> byContent = new HashMap<>();
            for (int i : alike) {
                List<Integer> twins = byContent.computeIfAbsent(ContentHash.of(content(i)), k -> new ArrayList<>(1));
                twins.stream()
                        .filter(j -> listing.labels[j] != listing.labels[i])
                        .findFirst()
                        .ifPresent(j -> found.add(new Duplicate(i, file(i), j, file(j))));
                twins.add(i);
            }
        }
        found.sort(Comparator.comparingInt(Duplicate::index));
        return List.copyOf(found);
    }

    /** Files by their length in bytes, in order, because only files of equal length can be equal. */
    private Map<Long, List<Integer>> byLength(int[] rows) {
        Map<Long, List<Integer>> byLength = new HashMap<>();
        for (int i : rows) {
            byLength.computeIfAbsent(ImageBytes.lengthOf(content(i)), k -> new ArrayList<>())
                    .add(i);
        }
        return byLength;
    }

    /** A sentence about what {@link #contradictions()} found; empty if there are none. */
    public Optional<String> describe(List<Duplicate> contradictions) {
        return contradictions.stream()
                .findFirst()
                .map(twin -> place(twin.otherIndex()) + " and " + place(twin.index())
                        + " are the same image, with the labels " + labelText(twin.otherIndex()) + " and "
                        + labelText(twin.index())
                        + (contradictions.size() == 1
                                ? ""
                                : ", the first of " + contradictions.size() + " such pairs"));
    }

    /** Where an image is listed, for messages. */
    String place(int index) {
        return listing.names.get(index);
    }

    /**
     * This data set without the given duplicates.
     *
     * @throws DataException if nothing would be left
     */
    public Subset without(List<Duplicate> duplicates) {
        BitSet dropped = new BitSet();
        duplicates.forEach(d -> dropped.set(d.index()));
        int[] kept = IntStream.range(0, size()).filter(i -> !dropped.get(i)).toArray();
        if (kept.length == 0) {
            throw new DataException(
                    "image data: all " + size() + " files are duplicates. Hint: use other files for one of the sets.");
        }
        return new Subset(this, kept);
    }
}
