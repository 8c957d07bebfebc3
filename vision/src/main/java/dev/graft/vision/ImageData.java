package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.Sha256;
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
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
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
 */
record ImageData(
        ImageDataset all,
        int[] trainRows,
        ImageDataset held,
        int[] heldRows,
        List<ImageDataset.Duplicate> duplicates,
        boolean kept,
        List<String> notes,
        List<String> unreadable) {
    private static final int LISTED = 20;

    /**
     * Where images come from.
     *
     * @param data a folder with one sub-folder for each class, a CSV file, or a folder with the parts of a split
     * @param validation the validation images; empty to hold some of {@code data} back
     * @param heldFraction the share to hold back
     * @param keepDuplicates whether validation images that were trained on are used all the same
     * @param sharedPatients whether a patient may have images on both sides where the sides are given
     * @param csvEncoding what CSV files are written in
     * @param labelColumns of CSV files, the columns of 0 and 1 where an image has any number of labels; else empty
     * @param group what tells which images belong to one patient: see {@link GroupRule}; empty for the column
     *     {@code patient} of CSV files
     */
    public record Source(
            Path data,
            Optional<Path> validation,
            double heldFraction,
            boolean keepDuplicates,
            boolean sharedPatients,
            Charset csvEncoding,
            List<String> labelColumns,
            Optional<GroupRule> group) {
        /** With CSV files in UTF-8. */
        public Source(
                Path data,
                Optional<Path> validation,
                double heldFraction,
                boolean keepDuplicates,
                boolean sharedPatients) {
            this(
                    data,
                    validation,
                    heldFraction,
                    keepDuplicates,
                    sharedPatients,
                    StandardCharsets.UTF_8,
                    List.of(),
                    Optional.empty());
        }

        /** Nothing held back twice: no duplicates, no patient on both sides. */
        public Source(Path data, Optional<Path> validation, double heldFraction) {
            this(data, validation, heldFraction, false, false);
        }

        /** Before anything is downloaded or read. */
        void checkExists() {
            validation.map(path -> List.of(data, path)).orElse(List.of(data)).stream()
                    .filter(path -> !Files.exists(path))
                    .findFirst()
                    .ifPresent(path -> {
                        throw new RunException(
                                path + " does not exist", "name a folder with one sub-folder of images for each class");
                    });
        }

        /** @throws RunException where a run's folder would be taken for a class, or for images, the next time */
        void checkIsApart(Path out) {
            if (!Files.exists(data)) {
                return;
            }
            Source used = resolved();
            for (Path images :
                    used.validation.map(path -> List.of(used.data, path)).orElse(List.of(used.data))) {
                if (Files.isDirectory(images) && real(out).startsWith(real(images))) {
                    throw new RunException(
                            setting("out") + " " + out + " is inside the images' folder " + images
                                    + ", where it would be taken for a class",
                            "choose a folder beside it");
                }
            }
        }

        /** The path without links, also of what does not exist yet. */
        private static Path real(Path path) {
            Path whole = path.toAbsolutePath().normalize();
            for (Path above = whole; above != null; above = above.getParent()) {
                if (Files.exists(above)) {
                    try {
                        return above.toRealPath().resolve(above.relativize(whole));
                    } catch (IOException e) {
                        return whole;
                    }
                }
            }
            return whole;
        }

        /**
         * A folder that holds the parts of a split means its training and validation parts; so does a NumPy file with
         * such arrays.
         */
        public Source resolved() {
            if (validation.isEmpty() && ImageNpz.isNpz(data) && ImageNpz.has(data, ImageNpz.Part.VAL)) {
                return of(data, Optional.of(data));
            }
            return parts().map(parts -> of(parts.train(), parts.validation())).orElse(this);
        }

        private Source of(Path train, Optional<Path> held) {
            return new Source(
                    train, held, heldFraction, keepDuplicates, sharedPatients, csvEncoding, labelColumns, group);
        }

        /** What is opened otherwise than by {@link ImageData#open}, which knows of groups. */
        private ImageDataset grouped(ImageDataset found, Path path) {
            return group.map(rule -> rule.applyTo(found, path)).orElse(found);
        }

        /** Whether there shall be validation images. */
        boolean validates() {
            return validation.isPresent() || heldFraction > 0;
        }

        /** The parts of a split, where {@code data} is to be divided and holds such. */
        public Optional<SplitFolders> parts() {
            return validation.isEmpty() && Files.isDirectory(data) ? SplitFolders.of(data) : Optional.empty();
        }

        /** What is used of the parts of a split, and what is not. */
        private List<String> notes() {
            return parts().map(parts -> {
                        List<String> notes = new ArrayList<>();
                        notes.add("trained on " + parts.train()
                                + parts.validation()
                                        .map(path -> ", validated on " + path)
                                        .orElse(heldFraction == 0 ? "" : ", validated on a share of it"));
                        parts.test()
                                .ifPresent(path ->
                                        notes.add(path + " is left for " + setting("ImageClassifier.evaluate")));
                        parts.others().forEach(path -> notes.add(path + " is left out"));
                        return notes;
                    })
                    .orElse(List.of());
        }
    }

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
    public static ImageData open(Source given, ImagePipeline pipeline, long seed) {
        Source source = given.resolved();
        ImageDataset all = ImageNpz.isNpz(source.data)
                ? source.grouped(ImageNpz.open(source.data, ImageNpz.Part.TRAIN, pipeline), source.data)
                : open(source.data, source.csvEncoding, source.labelColumns, source.group, pipeline);
        if (all.isMultiLabel() && all.classes().size() < 2) {
            throw new RunException(
                    source.data + " has "
                            + (all.classes().isEmpty() ? "no label" : "the single label " + all.classes()),
                    "name two or more labels; for one yes or no, use a column 'label'");
        }
        if (all.classes().size() < 2) {
            throw new RunException(
                    source.data + " has the single class " + all.classes() + ", so there is nothing to tell apart",
                    "name a folder with one sub-folder for each of two or more classes");
        }
        checkLabels(all);
        ImageData data = source.validation
                .map(path -> withValidation(all, validation(path, source, pipeline), source))
                .orElseGet(() -> split(all, source, seed));
        if (data.heldRows.length == 0 && source.validates()) {
            throw data.duplicates.isEmpty()
                    ? new RunException(
                            "there is no validation image in " + source.validation.orElse(source.data),
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
                unreadable);
    }

    /**
     * A NumPy file's validation images are its {@code val} arrays, also where the same file holds the training images.
     */
    private static ImageDataset validation(Path path, Source source, ImagePipeline pipeline) {
        return ImageNpz.isNpz(path) && ImageNpz.has(path, ImageNpz.Part.VAL)
                ? ImageNpz.open(path, ImageNpz.Part.VAL, pipeline)
                : open(path, source.csvEncoding, source.labelColumns, source.group, pipeline);
    }

    private static ImageData withValidation(ImageDataset train, ImageDataset found, Source source) {
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
                    "training and validation images have different classes: " + train.classes() + " in " + source.data
                            + ", " + held.classes() + " in " + source.validation.orElseThrow(),
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

    private static ImageData split(ImageDataset all, Source source, long seed) {
        if (!source.validates()) {
            String note = setting("valFraction", 0)
                    + " holds no image back: nothing is validated, and the last epoch's weights are kept";
            return new ImageData(
                    all, rows(all.size()), all, new int[0], List.of(), source.keepDuplicates, List.of(note), List.of());
        }
        Split split = all.split(source.heldFraction, seed);
        boolean[] trained = new boolean[all.size()];
        for (int row : split.train()) {
            trained[row] = true;
        }
        // a data set's twins within itself: each file is its own first twin, so look at the training side alone
        List<ImageDataset.Duplicate> twins = all.duplicates(split.held(), all, split.train());
        checkAllClassesTrained(all, trained, "add images, or lower " + setting("valFraction"));
        return withoutDuplicates(all, split.train(), all, split.held(), twins, source, split.notes());
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
            Source source,
            List<String> notes) {
        boolean[] dropped = new boolean[held.size()];
        if (!source.keepDuplicates) {
            duplicates.forEach(twin -> dropped[twin.index()] = true);
        }
        int[] left = Arrays.stream(heldRows).filter(row -> !dropped[row]).toArray();
        return new ImageData(all, trainRows, held, left, duplicates, source.keepDuplicates, notes, List.of());
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
        return new ImageData(all, trained, held, judgedLeft, duplicates, kept, notes, names);
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
}
