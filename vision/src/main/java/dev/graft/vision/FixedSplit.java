package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.AtomicText;
import dev.graft.message.SettingException;
import dev.graft.nn.data.Split;
import dev.graft.nn.data.table.CsvText;
import dev.graft.nn.run.PatientHash;
import dev.graft.nn.run.RunException;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.ImageNpz;
import dev.graft.vision.data.SplitFolders;
import dev.graft.vision.image.transform.Preprocessing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One split of the images for several trainings: lists in CSV files, so that each of them is a fine-tuning like any
 * other, and a change of the images is noticed.
 *
 * @param all the images
 * @param train rows of training images
 * @param held rows of validation images
 * @param mark what each list begins with: a byte-order mark where an encoding is given, which is that of other files
 */
record FixedSplit(ImageDataset all, int[] train, int[] held, String mark) {
    private static final double HELD_FRACTION = 0.2;

    /** Holds back a share of each class, of whole patients where they are known, by the seed of the fine-tuning. */
    static FixedSplit of(FineTuningValues values) {
        Path given = values.of(FineTuningValues.DATA)
                .orElseThrow(() -> FineTuning.missing("data", "name the training images"));
        if (ImageNpz.isNpz(given)) {
            throw new SettingException(
                    given + " is a NumPy file, whose images cannot be listed", "save its images as files");
        }
        Path data = Files.isDirectory(given)
                ? SplitFolders.of(given).map(SplitFolders::train).orElse(given)
                : given;
        ImageDataset all = ImageSets.open(
                data,
                values.of(FineTuningValues.CSV_ENCODING).orElse(StandardCharsets.UTF_8),
                values.of(FineTuningValues.LABEL_COLUMNS).orElse(List.of()),
                values.of(FineTuningValues.GROUP).map(GroupRule::new),
                Preprocessing.imageNet().eval());
        Split split = all.split(
                values.of(FineTuningValues.VAL_FRACTION).orElse(HELD_FRACTION),
                values.of(FineTuningValues.SEED).orElse(0L));
        return new FixedSplit(
                all,
                split.train(),
                split.held(),
                values.of(FineTuningValues.CSV_ENCODING).isPresent() ? "\uFEFF" : "");
    }

    /** Validation images that are given, in whatever way. */
    static Optional<Path> givenValidation(FineTuningValues values) {
        Optional<Path> data = values.of(FineTuningValues.DATA);
        return values.of(FineTuningValues.VAL)
                .or(() -> data.filter(Files::isDirectory)
                        .flatMap(SplitFolders::of)
                        .flatMap(SplitFolders::validation));
    }

    /** The settings of a training on a list of these images, and validated on another. */
    FineTuningValues listed(FineTuningValues values, Path training, Path validation) {
        FineTuningValues listed = values.without(FineTuningValues.VAL_FRACTION)
                .without(FineTuningValues.GROUP)
                .without(FineTuningValues.LABEL_COLUMNS)
                .with(FineTuningValues.DATA, training)
                .with(FineTuningValues.VAL, validation);
        return all.isMultiLabel() ? listed.with(FineTuningValues.LABEL_COLUMNS, all.classes()) : listed;
    }

    /** A list of some of the images, for a CSV file; patients are named by their hashes. */
    String list(int[] rows) {
        List<String> header = new ArrayList<>(List.of("file"));
        header.addAll(all.isMultiLabel() ? all.classes() : List.of("label"));
        Optional<List<String>> patients = all.groups();
        patients.ifPresent(known -> header.add("patient"));
        List<List<String>> lines = Arrays.stream(rows)
                .mapToObj(row -> {
                    List<String> line = new ArrayList<>();
                    line.add(all.file(row).toAbsolutePath().toString());
                    if (all.isMultiLabel()) {
                        for (boolean has : all.has(row)) {
                            line.add(has ? "1" : "0");
                        }
                    } else {
                        line.add(all.classes().get(all.label(row)));
                    }
                    patients.ifPresent(known -> line.add(PatientHash.hidden(known.get(row))));
                    return line;
                })
                .toList();
        return mark + CsvText.of(header, lines);
    }

    /**
     * Refuses to replace a list of other images, of which the models beside it may be.
     *
     * @throws RunException with the fix
     */
    void checkSame(Path out, Path file, int[] rows) {
        try {
            if (Files.exists(file) && !Files.readString(file).equals(list(rows))) {
                throw new RunException(
                        setting("out") + " " + out + " holds another split: " + file
                                + " lists other images than these settings do",
                        "choose another folder, give the " + setting("seed") + " and the images that it began with, or"
                                + " replace it with " + setting("overwrite"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(file + " cannot be read. Hint: check its permissions.", e);
        }
    }

    /** Lists some of the images in a CSV file. */
    Path write(Path file, int[] rows) {
        String list = list(rows);
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw new UncheckedIOException(setting("out") + " " + file + " cannot be written", e);
        }
        AtomicText.write(file, list);
        return file;
    }
}
