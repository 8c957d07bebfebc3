package dev.graft.examples.run;

import dev.graft.vision.ImageDataset;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Files of one data set with the same bytes, on two sides of a split. */
final class Twins {
    private Twins() {
    }

    /** The rows of {@code held} whose file is also among {@code train}; only files of equal length are compared. */
    static List<ImageDataset.Duplicate> of(ImageDataset data, int[] held, int[] train) {
        Map<Long, List<Integer>> byLength = new HashMap<>();
        for (int row : train) {
            byLength.computeIfAbsent(length(data, row), l -> new ArrayList<>()).add(row);
        }
        List<ImageDataset.Duplicate> found = new ArrayList<>();
        for (int row : held) {
            byLength.getOrDefault(length(data, row), List.of()).stream().filter(other -> same(data, row, other)).findFirst()
                    .ifPresent(other -> found.add(new ImageDataset.Duplicate(row, data.file(row), other, data.file(other))));
        }
        return found;
    }

    private static long length(ImageDataset data, int row) {
        try {
            return Files.size(data.file(row));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean same(ImageDataset data, int row, int other) {
        try {
            return Files.mismatch(data.file(row), data.file(other)) < 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
