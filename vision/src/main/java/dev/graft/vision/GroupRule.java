package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.nn.data.DataException;
import dev.graft.nn.run.RunException;
import dev.graft.vision.data.ImageCsv;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.ImageNpz;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What tells which images belong to one patient.
 *
 * @param text the name of a column of a CSV file, or a regular expression with one capturing group, which is looked for
 *     in the files' paths; a column where there is one of that name
 */
record GroupRule(String text) {

    /** Whether the data is a CSV file that has such a column. */
    boolean isColumnOf(Path data, Charset csvEncoding) {
        return isCsv(data) && ImageCsv.hasColumn(data, csvEncoding, text);
    }

    private static boolean isCsv(Path data) {
        return Files.isRegularFile(data) && !ImageNpz.isNpz(data);
    }

    /**
     * Groups images by their paths.
     *
     * @throws RunException where the text is no such expression, or images have no paths, or not all match
     */
    ImageDataset applyTo(ImageDataset images, Path data) {
        if (images instanceof ImageNpz) {
            throw new RunException(
                    setting("group", text) + " names patients by file names, and the images in " + data
                            + " are arrays without names",
                    "list the images in a CSV file with a column for the patient");
        }
        Pattern pattern = pattern()
                .orElseThrow(() -> new RunException(
                        setting("group", text)
                                + (images instanceof ImageCsv csv
                                        ? " is no column of " + data + " (" + String.join(", ", csv.columns())
                                                + "), and"
                                        : " is")
                                + " no regular expression with one capturing group",
                        "give one that is found in each file's path within the data folder, such as (patient\\d+)_"
                                + (images instanceof ImageCsv ? ", or name a column" : "")));
        try {
            return images.groupedBy(pattern);
        } catch (DataException e) {
            String[] parts = String.valueOf(e.getMessage())
                    .replaceFirst("^image data: ", "")
                    .split("\\. Hint: ", 2);
            throw new RunException(
                    setting("group", text) + ": " + parts[0],
                    parts[1].replaceFirst("\\.$", "") + "; give one that every file matches",
                    e);
        }
    }

    private Optional<Pattern> pattern() {
        try {
            return Optional.of(Pattern.compile(text))
                    .filter(pattern -> pattern.matcher("").groupCount() == 1);
        } catch (PatternSyntaxException e) {
            return Optional.empty();
        }
    }
}
