package dev.graft.vision;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The run folder in the test resources that was written before the format had a version; see {@code old-run.md}. */
public final class OldRun {
    private OldRun() {}

    /** A copy of the run's folder. */
    public static Path folder(Path parent) throws IOException {
        return copy(resource("old-run"), parent.resolve("run"));
    }

    /** A copy of the images that it was trained on. */
    public static Path images(Path parent) throws IOException {
        return copy(resource("old-run-images"), parent.resolve("images"));
    }

    /** The images of a folder by their names. */
    public static List<Path> listed(Path images) throws IOException {
        try (Stream<Path> files = Files.walk(images)) {
            return files.filter(Files::isRegularFile)
                    .sorted(Comparator.naturalOrder())
                    .toList();
        }
    }

    static Path resource(String name) {
        try {
            return Path.of(OldRun.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            files.forEach(file -> {
                try {
                    Files.copy(file, to.resolve(from.relativize(file).toString()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        return to;
    }
}
