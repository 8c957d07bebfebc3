package dev.graft.vision.data;

import dev.graft.nn.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The image files in a folder and below, without classes.
 *
 * @param images told by their extension as {@link ImageFolder} tells them, in its order; hidden files and folders are
 *     passed over
 * @param ignored how many other files of which type there are, as {@link ImageFolder#ignored}
 */
public record ImageFiles(List<Path> images, Map<String, Integer> ignored) {
    private static final int LISTED = 8;

    public ImageFiles {
        images = List.copyOf(images);
        ignored = Map.copyOf(ignored);
    }

    /**
     * One line with a count for each type of file that was passed over, the most frequent first; empty where there was
     * none.
     *
     * @param ignored by type, as {@link #ignored}, of one folder or of several together
     */
    public static Optional<String> leftOut(Map<String, Integer> ignored) {
        int total = ignored.values().stream().mapToInt(Integer::intValue).sum();
        if (total == 0) {
            return Optional.empty();
        }
        List<String> parts = ignored.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                .limit(LISTED)
                .map(entry -> String.format(
                        Locale.ROOT,
                        "%,d %s",
                        entry.getValue(),
                        entry.getKey().isEmpty() ? "without an extension" : entry.getKey()))
                .toList();
        return Optional.of(String.format(
                Locale.ROOT,
                "left out: %,d file%s of types that are not read: %s%s",
                total,
                total == 1 ? "" : "s",
                String.join(", ", parts),
                ignored.size() > LISTED ? ", ..." : ""));
    }

    /**
     * The images in a folder and below.
     *
     * @throws DataException if the folder cannot be read, or holds no image
     */
    public static ImageFiles in(Path folder) {
        List<Path> images = new ArrayList<>();
        Map<String, Integer> ignored = new TreeMap<>();
        try {
            for (Path file : ImageFolder.files(folder)) {
                if (ImageFolder.isImage(file)) {
                    images.add(file);
                } else {
                    ignored.merge(ImageFolder.type(file), 1, Integer::sum);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            throw new DataException("images: " + folder + " cannot be read ("
                    + e.getClass().getSimpleName() + "). Hint: check the path and its permissions.");
        }
        images.sort(ImageFolder.torchvisionOrder());
        if (images.isEmpty()) {
            throw new DataException("images: " + folder + " has no image among its "
                    + ignored.values().stream().mapToInt(Integer::intValue).sum()
                    + " files. Hint: name a folder with images.");
        }
        return new ImageFiles(images, ignored);
    }
}
