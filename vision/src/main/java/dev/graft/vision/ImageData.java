package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.Sha256;
import dev.graft.nn.data.DataException;
import dev.graft.nn.data.Folds;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.data.Split;
import dev.graft.nn.data.Subset;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.run.RunException;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.ImageFolder;
import dev.graft.vision.data.ImageNpz;
import dev.graft.vision.data.SplitFolders;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.transform.ImagePipeline;
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
 * @param foldRows positions in {@code all} of the images that only judge the finished model: a fold of a
 *     cross-validation; else none
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
        int[] foldRows,
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
                new int[0],
                ImageFindings.NONE,
                List.of());
    }

    private ImageData withFold(int[] rows) {
        return new ImageData(
                all, trainRows, held, heldRows, duplicates, kept, notes, unreadable, test, rows, findings, seen);
    }

    private static final int LISTED = 20;

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
                : ImageSets.open(source.data(), source.csvEncoding(), source.labelColumns(), source.group(), pipeline);
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
                data.foldRows,
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
                foldRows,
                findings,
                seen);
    }

    /**
     * A NumPy file's validation images are its {@code val} arrays, also where the same file holds the training images.
     */
    private static ImageDataset validation(Path path, ImageSource source, ImagePipeline pipeline) {
        return ImageNpz.isNpz(path) && ImageNpz.has(path, ImageNpz.Part.VAL)
                ? ImageNpz.open(path, ImageNpz.Part.VAL, pipeline)
                : ImageSets.open(path, source.csvEncoding(), source.labelColumns(), source.group(), pipeline);
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

    /**
     * Divides the images. Of a cross-validation, the fold is set apart first, and the validation images, which choose
     * epoch and decision, are held back from the others.
     */
    private static ImageData split(ImageDataset all, ImageSource source, long seed) {
        Optional<Folds> folds = source.fold().map(choice -> all.folds(choice.folds(), seed));
        Optional<Split> outer = source.fold().map(choice -> folds.orElseThrow().split(choice.fold() - 1));
        int[] fold = outer.map(Split::held).orElse(new int[0]);
        int[] others = outer.map(Split::train).orElseGet(() -> rows(all.size()));
        List<String> notes = new ArrayList<>(folds.map(Folds::notes).orElse(List.of()));
        if (!source.validates()) {
            notes.add(setting("valFraction", 0)
                    + " holds no image back: nothing is validated, and the last epoch's weights are kept");
            return new ImageData(all, others, all, new int[0], List.of(), source.keepDuplicates(), notes)
                    .withFold(fold);
        }
        Split split = all.split(others, source.heldFraction(), seed);
        notes.addAll(split.notes());
        boolean[] trained = new boolean[all.size()];
        for (int row : split.train()) {
            trained[row] = true;
        }
        // a data set's twins within itself: each file is its own first twin, so look at the training side alone
        List<ImageDataset.Duplicate> twins = all.duplicates(split.held(), all, split.train());
        checkAllClassesTrained(all, trained, "add images, or lower " + setting("valFraction"));
        return withoutDuplicates(all, split.train(), all, split.held(), twins, source, notes)
                .withFold(fold);
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
     * @param folded positions in {@code all}
     * @param names for display
     * @throws RunException where a class, the validation or the fold has no image left
     */
    ImageData without(Set<Integer> train, Set<Integer> judged, Set<Integer> folded, List<String> names) {
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
        int[] foldLeft =
                Arrays.stream(foldRows).filter(row -> !folded.contains(row)).toArray();
        if (foldLeft.length == 0 && foldRows.length > 0) {
            throw new RunException("no image of the fold can be read", "add images that can be read");
        }
        return new ImageData(
                all, trained, held, judgedLeft, duplicates, kept, notes, names, test, foldLeft, findings, seen);
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
        Set<Integer> inFold = kept ? Set.of() : found.copies(ImageFindings.Side.FOLD);
        int[] foldLeft =
                Arrays.stream(foldRows).filter(row -> !inFold.contains(row)).toArray();
        if (foldLeft.length == 0 && foldRows.length > 0) {
            throw new RunException(
                    "no image of the fold is left: all of its " + foldRows.length
                            + " are copies of images that the model is fitted on",
                    "use fewer folds, or say " + setting("keepDuplicates"));
        }
        return new ImageData(
                all,
                trainRows,
                held,
                left,
                duplicates,
                kept,
                notes,
                unreadable,
                test,
                foldLeft,
                found,
                List.copyOf(images));
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

    /** The images that only judge the finished model, through a pipeline; none without a fold. */
    LabelledDataset fold(ImagePipeline pipeline) {
        return new Subset(all.withPipeline(pipeline), foldRows);
    }

    /** The patient of each validation image; empty where they are not known. */
    List<String> heldPatients() {
        return patients(held, heldRows);
    }

    /** The patient of each image of {@link #fold}; empty where they are not known. */
    List<String> foldPatients() {
        return patients(all, foldRows);
    }

    private static List<String> patients(ImageDataset images, int[] rows) {
        return images.groups()
                .map(groups -> Arrays.stream(rows).mapToObj(groups::get).toList())
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
        if (foldRows.length > 0) {
            int[] fitted = IntStream.concat(Arrays.stream(trainRows), Arrays.stream(heldRows))
                    .toArray();
            lines.add("fold: " + foldRows.length + " images are held back to judge the finished model; "
                    + Patients.of(all, fitted, all, foldRows).sharedWithFold());
        }
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
        if (foldRows.length > 0) {
            map.put("fold_images", foldRows.length);
        }
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
        map.put(
                "split",
                Sha256.of(Arrays.toString(trainRows)
                        + Arrays.toString(heldRows)
                        + (foldRows.length > 0 ? Arrays.toString(foldRows) : "")));
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
}
