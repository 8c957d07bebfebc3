package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.Sha256;
import dev.graft.nn.data.DataException;
import dev.graft.nn.data.FoldChoice;
import dev.graft.nn.data.Folds;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.data.Split;
import dev.graft.nn.data.Subset;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.run.RunException;
import dev.graft.vision.data.ImageCsv;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.ImageFolder;
import dev.graft.vision.data.ImageNpz;
import dev.graft.vision.data.SplitFolders;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.transform.ImagePipeline;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Training and validation images with one list of classes.
 *
 * @param all the data set the training images are in
 * @param trainRows their positions in it
 * @param held the data set the validation images are in, the same one where it was split
 * @param heldRows their positions in it
 * @param duplicates validation files that are training files as well, byte for byte
 * @param kept whether such files stay in the validation
 * @param notes what a person should know of the split
 * @param unreadable images that were left out, since they cannot be read
 * @param test the test set that lies beside the training images, which is only compared with them; empty if there is
 *     none, or none that can be opened
 * @param findings what {@link ImageCheck} found to be there more than once
 * @param seen all images that it could read, by set
 */
record ImageData(
        ImageDataset all,
        int[] trainRows,
        ImageDataset held,
        int[] heldRows,
        List<ImageDataset.Duplicate> duplicates,
        boolean kept,
        List<String> notes,
        List<String> unreadable,
        Optional<ImageDataset> test,
        ImageFindings findings,
        List<ImageFindings.Seen> seen) {
    private ImageData(
            ImageDataset all,
            int[] trainRows,
            ImageDataset held,
            int[] heldRows,
            List<ImageDataset.Duplicate> duplicates,
            boolean kept,
            List<String> notes) {
        this(
                all,
                trainRows,
                held,
                heldRows,
                duplicates,
                kept,
                notes,
                List.of(),
                Optional.empty(),
                ImageFindings.NONE,
                List.of());
    }

    private static final int LISTED = 20;

    /**
     * Opens a folder of class folders or, for a file, a CSV list; of a NumPy file its test images, or where it has
     * none, the others.
     *
     * @param csvEncoding what a CSV file is written in
     * @param labelColumns of a CSV file, the columns of 0 and 1 where an image has any number of labels; else empty
     * @param group what tells which images belong together, where it is not the column {@code patient} of a CSV file
     * @throws RunException for label columns of data that is no CSV file, or a group that the data cannot have
     */
    static ImageDataset open(
            Path data,
            Charset csvEncoding,
            List<String> labelColumns,
            Optional<GroupRule> group,
            ImagePipeline pipeline) {
        Optional<String> column =
                group.filter(rule -> rule.isColumnOf(data, csvEncoding)).map(GroupRule::text);
        ImageDataset found = open(data, csvEncoding, labelColumns, pipeline, column);
        return group.isPresent() && column.isEmpty() ? group.get().applyTo(found, data) : found;
    }

    private static ImageDataset open(
            Path data,
            Charset csvEncoding,
            List<String> labelColumns,
            ImagePipeline pipeline,
            Optional<String> groupColumn) {
        if (!labelColumns.isEmpty()) {
            if (!Files.isRegularFile(data) || ImageNpz.isNpz(data)) {
                throw new RunException(
                        setting("labelColumns") + " are columns of a CSV file, and " + data + " is none",
                        "list the images in a CSV file with the columns file, " + String.join(", ", labelColumns));
            }
            return csv(data, csvEncoding, labelColumns, groupColumn, pipeline);
        }
        if (ImageNpz.isNpz(data)) {
            ImageNpz.Part part = Stream.of(ImageNpz.Part.TEST, ImageNpz.Part.VAL, ImageNpz.Part.TRAIN)
                    .filter(p -> ImageNpz.has(data, p))
                    .findFirst()
                    .orElse(ImageNpz.Part.TEST);
            return ImageNpz.open(data, part, pipeline);
        }
        return Files.isRegularFile(data)
                ? csv(data, csvEncoding, List.of(), groupColumn, pipeline)
                : ImageFolder.open(data, pipeline);
    }

    private static ImageCsv csv(
            Path data,
            Charset csvEncoding,
            List<String> labelColumns,
            Optional<String> groupColumn,
            ImagePipeline pipeline) {
        Path folder = Optional.ofNullable(data.toAbsolutePath().getParent()).orElse(data);
        return ImageCsv.open(data, folder, csvEncoding, labelColumns, groupColumn, pipeline);
    }

    /**
     * Lists the images and keeps duplicates out of the validation.
     *
     * @throws RunException for a single class, validation images of other classes, or patients in both where that is
     *     not allowed
     */
    public static ImageData open(ImageSource given, ImagePipeline pipeline, long seed) {
        ImageSource source = given.resolved();
        ImageDataset all = ImageNpz.isNpz(source.data())
                ? source.grouped(ImageNpz.open(source.data(), ImageNpz.Part.TRAIN, pipeline), source.data())
                : open(source.data(), source.csvEncoding(), source.labelColumns(), source.group(), pipeline);
        if (all.isMultiLabel() && all.classes().size() < 2) {
            throw new RunException(
                    source.data() + " has "
                            + (all.classes().isEmpty() ? "no label" : "the single label " + all.classes()),
                    "name two or more labels; for one yes or no, use a column 'label'");
        }
        if (all.classes().size() < 2) {
            throw new RunException(
                    source.data() + " has the single class " + all.classes() + ", so there is nothing to tell apart",
                    "name a folder with one sub-folder for each of two or more classes");
        }
        checkLabels(all);
        ImageData data = source.validation()
                .map(path -> withValidation(all, validation(path, source, pipeline), source))
                .orElseGet(() -> split(all, source, seed));
        if (data.heldRows.length == 0 && source.validates()) {
            throw data.duplicates.isEmpty()
                    ? new RunException(
                            "there is no validation image in "
                                    + source.validation().orElse(source.data()),
                            "add images, or train without validation by " + setting("valFraction", 0))
                    : new RunException(
                            "no validation image is left: all of " + data.duplicates.size()
                                    + " are also in the training images",
                            "use other validation images, or say " + setting("keepDuplicates"));
        }
        data.patients().check(source);
        return new ImageData(
                all,
                data.trainRows,
                data.held,
                data.heldRows,
                data.duplicates,
                data.kept,
                Stream.concat(given.notes().stream(), data.notes.stream()).toList(),
                List.of(),
                test(given, pipeline),
                ImageFindings.NONE,
                List.of());
    }

    /**
     * One image with two labels cannot be learnt. The arrays of a published file are as they are: that is only said.
     */
    private static void checkLabels(ImageDataset images) {
        if (!(images instanceof ImageNpz)) {
            images.describe(images.contradictions()).ifPresent(found -> {
                throw new RunException(
                        images.root() + ": " + found, "keep the one whose label is right, and remove the other");
            });
        }
    }

    /** One line where images are there twice, with different labels. */
    public static Optional<String> contradictions(ImageDataset images) {
        return images.describe(images.contradictions())
                .map(found -> "labels: " + found + ", so not all of them can be right");
    }

    /** The same images, with a listener for what is odd about one that is read all the same. */
    public ImageData withImageNotes(Consumer<? super ImageNote> listener) {
        ImageDataset noted = all.withNotes(listener);
        return new ImageData(
                noted,
                trainRows,
                held == all ? noted : held.withNotes(listener),
                heldRows,
                duplicates,
                kept,
                notes,
                unreadable,
                test,
                findings,
                seen);
    }

    /**
     * A NumPy file's validation images are its {@code val} arrays, also where the same file holds the training images.
     */
    private static ImageDataset validation(Path path, ImageSource source, ImagePipeline pipeline) {
        return ImageNpz.isNpz(path) && ImageNpz.has(path, ImageNpz.Part.VAL)
                ? ImageNpz.open(path, ImageNpz.Part.VAL, pipeline)
                : open(path, source.csvEncoding(), source.labelColumns(), source.group(), pipeline);
    }

    private static ImageData withValidation(ImageDataset train, ImageDataset found, ImageSource source) {
        if (train.isMultiLabel() != found.isMultiLabel()) {
            throw new RunException(
                    "the " + (train.isMultiLabel() ? "training" : "validation")
                            + " images have any number of labels, and the others one class each",
                    "list both in CSV files of the same kind");
        }
        // a folder sorts its classes as text, an array file as numbers
        boolean sameNames = Set.copyOf(train.classes()).equals(Set.copyOf(found.classes()));
        ImageDataset held =
                sameNames && !train.classes().equals(found.classes()) ? found.withClasses(train.classes()) : found;
        if (!sameNames) {
            throw new RunException(
                    "training and validation images have different classes: " + train.classes() + " in " + source.data()
                            + ", " + held.classes() + " in "
                            + source.validation().orElseThrow(),
                    "give the class folders the same names");
        }
        boolean[] trained = new boolean[train.size()];
        Arrays.fill(trained, true);
        checkAllClassesTrained(
                train, trained, "give every class training images; labels of an .npz file are those of all its parts");
        return withoutDuplicates(
                train,
                rows(train.size()),
                held,
                rows(held.size()),
                train.size() == 0 ? List.of() : held.duplicates(train),
                source,
                List.of());
    }

    private static ImageData split(ImageDataset all, ImageSource source, long seed) {
        if (!source.validates()) {
            String note = setting("valFraction", 0)
                    + " holds no image back: nothing is validated, and the last epoch's weights are kept";
            return new ImageData(
                    all, rows(all.size()), all, new int[0], List.of(), source.keepDuplicates(), List.of(note));
        }
        Split split = source.fold()
                .map(choice -> fold(all, choice, seed))
                .orElseGet(() -> all.split(source.heldFraction(), seed));
        boolean[] trained = new boolean[all.size()];
        for (int row : split.train()) {
            trained[row] = true;
        }
        // a data set's twins within itself: each file is its own first twin, so look at the training side alone
        List<ImageDataset.Duplicate> twins = all.duplicates(split.held(), all, split.train());
        checkAllClassesTrained(all, trained, "add images, or lower " + setting("valFraction"));
        return withoutDuplicates(all, split.train(), all, split.held(), twins, source, split.notes());
    }

    private static Split fold(ImageDataset all, FoldChoice choice, long seed) {
        Folds folds = all.folds(choice.folds(), seed);
        Split split = folds.split(choice.fold() - 1);
        return new Split(split.train(), split.held(), folds.notes());
    }

    private static void checkAllClassesTrained(ImageDataset all, boolean[] trained, String fix) {
        boolean[] present = new boolean[all.classes().size()];
        boolean[] absent = new boolean[present.length];
        for (int row = 0; row < all.size(); row++) {
            boolean[] has = trained[row] ? all.has(row) : new boolean[0];
            for (int c = 0; c < has.length; c++) {
                present[c] |= has[c];
                absent[c] |= !has[c];
            }
        }
        if (all.isMultiLabel()) {
            checkBothSides(all.classes(), present, absent, fix);
            return;
        }
        for (int c = 0; c < present.length; c++) {
            if (!present[c]) {
                throw new RunException("class " + all.classes().get(c) + " has no training image", fix);
            }
        }
    }

    private static void checkBothSides(List<String> labels, boolean[] present, boolean[] absent, String fix) {
        for (int c = 0; c < present.length; c++) {
            if (!present[c] || !absent[c]) {
                throw new RunException(
                        "label " + labels.get(c) + (present[c] ? " is on every" : " is on no") + " training image",
                        fix + ", or leave the label out");
            }
        }
    }

    private static ImageData withoutDuplicates(
            ImageDataset all,
            int[] trainRows,
            ImageDataset held,
            int[] heldRows,
            List<ImageDataset.Duplicate> duplicates,
            ImageSource source,
            List<String> notes) {
        boolean[] dropped = new boolean[held.size()];
        if (!source.keepDuplicates()) {
            duplicates.forEach(twin -> dropped[twin.index()] = true);
        }
        int[] left = Arrays.stream(heldRows).filter(row -> !dropped[row]).toArray();
        return new ImageData(all, trainRows, held, left, duplicates, source.keepDuplicates(), notes);
    }

    private static int[] rows(int count) {
        return IntStream.range(0, count).toArray();
    }

    /**
     * Without images that cannot be read.
     *
     * @param train positions in {@code all}
     * @param judged positions in {@code held}
     * @param names for display
     * @throws RunException where a class, or the validation, has no image left
     */
    ImageData without(Set<Integer> train, Set<Integer> judged, List<String> names) {
        if (names.isEmpty()) {
            return this;
        }
        int[] trained =
                Arrays.stream(trainRows).filter(row -> !train.contains(row)).toArray();
        int[] judgedLeft =
                Arrays.stream(heldRows).filter(row -> !judged.contains(row)).toArray();
        boolean[] left = new boolean[all.size()];
        Arrays.stream(trained).forEach(row -> left[row] = true);
        checkAllClassesTrained(all, left, "add images that can be read");
        if (judgedLeft.length == 0 && heldRows.length > 0) {
            throw new RunException("no validation image can be read", "add images that can be read");
        }
        return new ImageData(all, trained, held, judgedLeft, duplicates, kept, notes, names, test, findings, seen);
    }

    /** The test set beside the training images; that it cannot be opened is for whoever evaluates on it. */
    private static Optional<ImageDataset> test(ImageSource given, ImagePipeline pipeline) {
        try {
            if (given.validation().isEmpty()
                    && ImageNpz.isNpz(given.data())
                    && ImageNpz.has(given.data(), ImageNpz.Part.TEST)) {
                return Optional.of(ImageNpz.open(given.data(), ImageNpz.Part.TEST, pipeline));
            }
            return given.parts().flatMap(SplitFolders::test).map(folder -> ImageFolder.open(folder, pipeline));
        } catch (DataException e) {
            return Optional.empty();
        }
    }

    /** The validation images, and those that were kept out of it since they are training images, too. */
    int[] heldAndDuplicateRows() {
        return IntStream.concat(Arrays.stream(heldRows), duplicates.stream().mapToInt(ImageDataset.Duplicate::index))
                .distinct()
                .sorted()
                .toArray();
    }

    /**
     * With what is there more than once; unless copies are kept, they are left out of the validation.
     *
     * @throws RunException where no validation image is left
     */
    ImageData withFindings(ImageFindings found, List<ImageFindings.Seen> images) {
        Set<Integer> copies = kept ? Set.of() : found.copies(ImageFindings.Side.VALIDATION);
        int[] left =
                Arrays.stream(heldRows).filter(row -> !copies.contains(row)).toArray();
        if (left.length == 0 && heldRows.length > 0) {
            throw new RunException(
                    "no validation image is left: all of " + heldAndDuplicateRows().length
                            + " are copies of training images",
                    "use other validation images, or say " + setting("keepDuplicates"));
        }
        return new ImageData(
                all, trainRows, held, left, duplicates, kept, notes, unreadable, test, found, List.copyOf(images));
    }

    /** The class names; a label is a position among them. */
    public List<String> classes() {
        return all.classes();
    }

    /** Whether an image has any number of the classes. */
    boolean isMultiLabel() {
        return all.isMultiLabel();
    }

    /** The training images through a pipeline. */
    public LabelledDataset train(ImagePipeline pipeline) {
        return new Subset(all.withPipeline(pipeline), trainRows);
    }

    /** The validation images through a pipeline. */
    public LabelledDataset validation(ImagePipeline pipeline) {
        return new Subset(held.withPipeline(pipeline), heldRows);
    }

    /** Of each validation image; empty where they are not known. */
    List<String> heldPatients() {
        return held.groups()
                .map(groups -> Arrays.stream(heldRows).mapToObj(groups::get).toList())
                .orElse(List.of());
    }

    /** Who is on which side. */
    Patients patients() {
        return Patients.of(all, trainRows, held, heldRows);
    }

    /** One line for each thing a person should know before training. */
    public List<String> describe() {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "data: %,d training and %,d validation images of %d %s: %s",
                trainRows.length,
                heldRows.length,
                classes().size(),
                isMultiLabel() ? "labels, any number for each image" : "classes",
                counts()));
        LeftOut.line(List.of(all, held)).ifPresent(lines::add);
        if (!unreadable.isEmpty()) {
            lines.add(ImageCheck.line(unreadable));
        }
        notes.forEach(note -> lines.add("split: " + note));
        lines.add(patients().describe());
        if (!seen.isEmpty()) {
            lines.addAll(findings.describe(kept));
            return lines;
        }
        if (all instanceof ImageNpz) {
            contradictions(all).ifPresent(lines::add);
        }
        if (held != all) {
            contradictions(held).ifPresent(lines::add);
            contradictionsAcross().ifPresent(lines::add);
        }
        if (!duplicates.isEmpty()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "duplicates: %,d validation files are byte-identical to training files; %s",
                    duplicates.size(),
                    kept
                            ? "they stay in (" + setting("keepDuplicates") + "), so the scores flatter"
                            : "they are kept out of the validation"));
        }
        return lines;
    }

    /** One line where validation images have other labels than the same images have for training. */
    private Optional<String> contradictionsAcross() {
        List<ImageDataset.Duplicate> found = duplicates.stream()
                .filter(twin -> !held.labelText(twin.index()).equals(all.labelText(twin.otherIndex())))
                .toList();
        return found.stream()
                .findFirst()
                .map(twin -> "labels: the validation image " + twin.file() + " is "
                        + held.labelText(twin.index())
                        + ", the same training image " + twin.otherFile() + " is "
                        + all.labelText(twin.otherIndex())
                        + (found.size() == 1 ? "" : " (the first of " + found.size() + " such pairs)")
                        + ", so not all of them can be right");
    }

    private String counts() {
        int[] train = count(all, trainRows);
        int[] validation = count(held, heldRows);
        List<String> parts = new ArrayList<>();
        for (int c = 0; c < Math.min(LISTED, train.length); c++) {
            parts.add(classes().get(c) + " " + train[c] + "+" + validation[c]);
        }
        return String.join(", ", parts) + (train.length > LISTED ? ", ..." : "");
    }

    /** How many validation images are of each class, or have each label. */
    int[] validationCounts() {
        return count(held, heldRows);
    }

    private int[] count(ImageDataset data, int[] rows) {
        int[] counts = new int[classes().size()];
        for (int row : rows) {
            boolean[] has = data.has(row);
            for (int c = 0; c < has.length; c++) {
                counts[c] += has[c] ? 1 : 0;
            }
        }
        return counts;
    }

    /**
     * What later tells which images a model has seen; reads every file.
     *
     * @param beforeEach called before each file is read; what it throws ends the reading
     */
    public Map<String, Object> toMap(Runnable beforeEach) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("train_images", trainRows.length);
        map.put("val_images", heldRows.length);
        map.put("duplicates", duplicates.size());
        map.put("duplicates_kept", kept);
        if (!seen.isEmpty()) {
            map.put("copies", findings.counts());
        }
        all.groupedBy().ifPresent(source -> map.put("patients", source));
        map.put("shared_patients", patients().shared().size());
        if (!unreadable.isEmpty()) {
            map.put("unreadable", unreadable);
        }
        map.put("sha256", all.sha256(beforeEach));
        map.put("val_sha256", held == all ? "split of the same data" : held.sha256(beforeEach));
        return map;
    }

    /**
     * All of the data that a run's result depends on, each part by itself, so that one can say which of them changed.
     *
     * @param facts from {@link #toMap}
     */
    Map<String, Object> identity(Map<String, Object> facts) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("classes", classes());
        if (isMultiLabel()) {
            map.put("task", ModelCard.IMAGE_MULTI_LABEL);
        }
        put(map, "training", all, facts.get("sha256"));
        if (held != all) {
            put(map, "validation", held, facts.get("val_sha256"));
        }
        map.put("duplicates_kept", kept);
        map.put("split", Sha256.of(Arrays.toString(trainRows) + Arrays.toString(heldRows)));
        return map;
    }

    private static void put(Map<String, Object> map, String side, ImageDataset data, @Nullable Object contents) {
        map.put(side + " files", Sha256.of(Json.write(data.names())));
        map.put(
                side + " labels",
                Sha256.of(
                        data.isMultiLabel()
                                ? Json.write(IntStream.range(0, data.size())
                                        .mapToObj(row -> Arrays.toString(data.has(row)))
                                        .toList())
                                : Arrays.toString(data.labels())));
        map.put(
                side + " patients",
                data.groups().map(groups -> Sha256.of(Json.write(groups))).orElse("none"));
        map.put(side + " contents", contents);
    }

    /** The patient of each validation image, by its position there; empty if they are not known. */
    List<String> heldGroups() {
        return held.groups()
                .map(groups -> Arrays.stream(heldRows).mapToObj(groups::get).toList())
                .orElse(List.of());
    }
}
