package dev.graft.vision;

import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.ImageFiles;
import dev.graft.vision.data.ImageFolder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Files beside the images of a folder that are none, by their type. */
final class LeftOut {
    private LeftOut() {}

    /** One line with a count for each type, the most frequent first; empty if nothing was left out. */
    static Optional<String> line(List<ImageDataset> data) {
        Map<String, Integer> counts = new TreeMap<>();
        data.stream()
                .distinct()
                .filter(ImageFolder.class::isInstance)
                .map(ImageFolder.class::cast)
                .forEach(folder -> folder.ignored().forEach((type, count) -> counts.merge(type, count, Integer::sum)));
        return ImageFiles.leftOut(counts);
    }
}
