package dev.graft.nn.model;

import static dev.graft.message.Message.setting;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A text file with one class name a line. */
public final class LabelFile {
    private LabelFile() {}

    /**
     * Its names.
     *
     * @param classes how many there must be
     * @throws ModelException where there are not, or the file cannot be read
     */
    public static List<String> read(Path file, int classes) {
        List<String> labels = read(file);
        if (labels.size() != classes) {
            throw new ModelException(
                    setting("labels") + " " + file + " has " + labels.size() + " lines, the network has " + classes
                            + " classes",
                    "give one class name a line, in the order of the network's outputs");
        }
        return labels;
    }

    private static List<String> read(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) { // opening a pipe waits, a device has no end
            throw new ModelException(
                    setting("labels") + " " + file + " is not a regular file",
                    "give a text file, one class name a line");
        }
        try {
            String text = Files.readString(file);
            return text.substring(text.startsWith("\uFEFF") ? 1 : 0)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
        } catch (CharacterCodingException e) {
            throw new ModelException(setting("labels") + " " + file + " is not UTF-8", "save it as UTF-8 text", e);
        } catch (IOException e) {
            throw new ModelException(
                    setting("labels") + " " + file + " cannot be read ("
                            + e.getClass().getSimpleName() + ")",
                    "give a text file, one class name a line",
                    e);
        }
    }
}
