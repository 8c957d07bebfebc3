package dev.graft.vision.data;

import dev.graft.nn.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The image files in a folder and below, without classes.
 *
 * @param images told by their extension as {@link ImageFolder} tells them, in its order; hidden files and folders are
 *     passed over
 * @param ignored how many other files of which type there are, as {@link ImageFolder#ignored}
 */
public record ImageFiles(List<Path> images, Map<String, Integer> ignored) {
    public ImageFiles {
        images = List.copyOf(images);
        ignored = Map.copyOf(ignored);
    }

    /** @throws DataException if the folder cannot be read, or holds no image */
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
