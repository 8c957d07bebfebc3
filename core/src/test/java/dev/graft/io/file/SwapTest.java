package dev.graft.io.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Files that take the places of others together. */
@DisabledOnOs(OS.WINDOWS)
class SwapTest {
    @TempDir
    private Path folder;

    @Test
    void filesAreSwappedTogetherOrNotAtAll() throws IOException {
        Path one = Files.writeString(folder.resolve("one"), "old 1");
        Path two = Files.writeString(folder.resolve("two"), "old 2");
        Files.setPosixFilePermissions(one, PosixFilePermissions.fromString("rw-------"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), two);
        try (Swap swap = new Swap()) {
            Files.writeString(swap.of(one), "half");
            swap.of(link);
        }
        assertThat(one).hasContent("old 1");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("one", "two", "link");
        }
        try (Swap swap = new Swap()) {
            Files.writeString(swap.of(one), "new 1");
            Files.writeString(swap.of(link), "new 2");
            Files.writeString(swap.of(folder.resolve("three")), "new 3");
            swap.commit();
        }
        assertThat(one).hasContent("new 1");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(one)))
                .isEqualTo("rw-------");
        assertThat(two).hasContent("new 2");
        assertThat(link).isSymbolicLink();
        assertThat(folder.resolve("three")).hasContent("new 3");
    }
}
