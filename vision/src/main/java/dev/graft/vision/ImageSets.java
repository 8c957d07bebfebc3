package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.nn.run.RunException;
import dev.graft.vision.data.ImageCsv;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.ImageFolder;
import dev.graft.vision.data.ImageNpz;
import dev.graft.vision.image.transform.ImagePipeline;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Labelled images, however they are given. */
final class ImageSets {
    private ImageSets() {}

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
}
