package dev.graft.io.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Reports go where the user says, as weight files do. */
@DisabledOnOs(OS.WINDOWS)
class AtomicTextTest {
    @TempDir
    private Path folder;

    @Test
    void writesThroughLinksKeepsPermissionsAndTakesAnyName() throws IOException {
        Path real = Files.writeString(folder.resolve("real.json"), "old");
        Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("rw-------"));
        Path link = Files.createSymbolicLink(folder.resolve("link.json"), Path.of("real.json"));
        AtomicText.write(link, "new");
        assertThat(link).isSymbolicLink();
        assertThat(real).hasContent("new");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(real)))
                .isEqualTo("rw-------");
        Path longest = folder.resolve("x".repeat(250) + ".json");
        AtomicText.write(longest, "long");
        assertThat(longest).hasContent("long");
    }

    @Test
    void whatCannotBeWrittenIsSaidAndLeavesNothing() throws IOException {
        assertThatThrownBy(() -> AtomicText.write(folder, "text"))
                .isInstanceOf(FileException.class)
                .hasMessageContaining("cannot be written (it is a folder)");
        assertThatThrownBy(() -> AtomicText.write(folder.resolve("absent/file.json"), "text"))
                .hasMessageContaining("its folder does not exist");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }
}
