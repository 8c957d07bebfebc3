package dev.graft.cpu.generate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The kernels that are too repetitive to be written by hand. They are committed, so that a build needs no extra step
 * and readers and debuggers see them; {@link GeneratedSourcesTest} compares.
 */
final class GeneratedSources {
    private GeneratedSources() {}

    static List<Source> all() {
        return List.of(
                DepthwiseSource.forward(),
                DepthwiseSource.gradient(),
                WinogradSource.f2(),
                WinogradSource.f4(),
                PlainWinogradSource.f4(),
                TileSource.plain(),
                TileSource.tall(),
                TileSource.even(),
                TileSource.windows(),
                TileSource.transposed());
    }

    /** Writes all of them; the argument is the source folder. */
    public static void main(String[] args) throws IOException {
        for (Source source : all()) {
            Files.writeString(Path.of(args[0], source.path()), source.text());
        }
    }
}
