package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.nn.data.FoldChoice;
import dev.graft.nn.run.RunException;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.ImageNpz;
import dev.graft.vision.data.SplitFolders;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where images come from.
 *
 * @param data a folder with one sub-folder for each class, a CSV file, or a folder with the parts of a split
 * @param validation the validation images; empty to hold some of {@code data} back
 * @param heldFraction the share to hold back for validation, of a fold's training images if there is one
 * @param keepDuplicates whether validation images that were trained on are used all the same
 * @param sharedPatients whether a patient may have images on both sides where the sides are given
 * @param csvEncoding what CSV files are written in
 * @param labelColumns of CSV files, the columns of 0 and 1 where an image has any number of labels; else empty
 * @param group what tells which images belong to one patient: see {@link GroupRule}; empty for the column
 *     {@code patient} of CSV files
 * @param fold which fold of a cross-validation is held back to judge the model; empty for none
 */
record ImageSource(
        Path data,
        Optional<Path> validation,
        double heldFraction,
        boolean keepDuplicates,
        boolean sharedPatients,
        Charset csvEncoding,
        List<String> labelColumns,
        Optional<GroupRule> group,
        Optional<FoldChoice> fold) {
    /** With CSV files in UTF-8. */
    public ImageSource(
            Path data, Optional<Path> validation, double heldFraction, boolean keepDuplicates, boolean sharedPatients) {
        this(
                data,
                validation,
                heldFraction,
                keepDuplicates,
                sharedPatients,
                StandardCharsets.UTF_8,
                List.of(),
                Optional.empty(),
                Optional.empty());
    }

    /** Nothing held back twice: no duplicates, no patient on both sides. */
    public ImageSource(Path data, Optional<Path> validation, double heldFraction) {
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
        ImageSource used = resolved();
        for (Path images : used.validation.map(path -> List.of(used.data, path)).orElse(List.of(used.data))) {
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
     * A folder that holds the parts of a split means its training and validation parts; so does a NumPy file with such
     * arrays.
     */
    public ImageSource resolved() {
        if (validation.isEmpty() && ImageNpz.isNpz(data) && ImageNpz.has(data, ImageNpz.Part.VAL)) {
            return of(data, Optional.of(data));
        }
        return parts().map(parts -> of(parts.train(), parts.validation())).orElse(this);
    }

    private ImageSource of(Path train, Optional<Path> held) {
        return new ImageSource(
                train, held, heldFraction, keepDuplicates, sharedPatients, csvEncoding, labelColumns, group, fold);
    }

    /** What is opened otherwise than by {@link ImageData#open}, which knows of groups. */
    ImageDataset grouped(ImageDataset found, Path path) {
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
    List<String> notes() {
        return parts().map(parts -> {
                    List<String> notes = new ArrayList<>();
                    notes.add("trained on " + parts.train()
                            + parts.validation()
                                    .map(path -> ", validated on " + path)
                                    .orElse(heldFraction == 0 ? "" : ", validated on a share of it"));
                    parts.test()
                            .ifPresent(path -> notes.add(path + " is left for " + setting("ImageClassifier.evaluate")));
                    parts.others().forEach(path -> notes.add(path + " is left out"));
                    return notes;
                })
                .orElse(List.of());
    }
}
