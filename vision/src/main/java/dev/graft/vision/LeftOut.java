package dev.graft.vision;

import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.ImageFolder;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Files beside the images of a folder that are none, by their type. */
public final class LeftOut {
    private static final int LISTED = 8;

    private LeftOut() {}

    /** One line with a count for each type, the most frequent first; empty where nothing was left out. */
    public static Optional<String> line(List<ImageDataset> data) {
        Map<String, Integer> counts = new TreeMap<>();
        data.stream()
                .distinct()
                .filter(ImageFolder.class::isInstance)
                .map(ImageFolder.class::cast)
                .forEach(folder -> folder.ignored().forEach((type, count) -> counts.merge(type, count, Integer::sum)));
        return line(counts);
    }

    /**
     * As {@link #line(List)}.
     *
     * @param counts by extension in lower case with its dot
     */
    public static Optional<String> line(Map<String, Integer> counts) {
        int total = counts.values().stream().mapToInt(Integer::intValue).sum();
        if (total == 0) {
            return Optional.empty();
        }
        List<String> parts = counts.entrySet().stream()
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
                counts.size() > LISTED ? ", ..." : ""));
    }
}
