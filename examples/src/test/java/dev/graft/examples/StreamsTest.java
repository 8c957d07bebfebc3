package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Where the standard streams lead, as Linux and {@code bin/graft} tell it. */
@DisabledOnOs(OS.WINDOWS)
class StreamsTest {
    @TempDir
    private Path folder;

    private Streams of(String out, String err, String script) throws IOException {
        for (String[] link : new String[][] {{"1", out}, {"2", err}}) {
            Files.deleteIfExists(folder.resolve(link[0]));
            Files.createSymbolicLink(folder.resolve(link[0]), Path.of(link[1]));
        }
        return Streams.of(folder, Optional.ofNullable(script));
    }

    @Test
    void linuxTellsBoth() throws IOException {
        assertThat(of("/dev/pts/3", "/dev/pts/3", null)).isEqualTo(new Streams(Optional.of(true), Optional.of(true)));
        assertThat(of("/tmp/log", "/tmp/log", null)).isEqualTo(new Streams(Optional.of(true), Optional.of(false)));
        assertThat(of("/tmp/log", "/dev/tty1", null)).isEqualTo(new Streams(Optional.of(false), Optional.of(true)));
        assertThat(of("pipe:[1]", "pipe:[2]", null)).isEqualTo(new Streams(Optional.of(false), Optional.of(false)));
    }

    @Test
    void elsewhereTheScriptTellsOfTerminalsAlone() {
        Path none = folder.resolve("none");
        assertThat(Streams.of(none, Optional.of("both"))).isEqualTo(new Streams(Optional.of(true), Optional.of(true)));
        assertThat(Streams.of(none, Optional.of("err"))).isEqualTo(new Streams(Optional.empty(), Optional.of(true)));
        assertThat(Streams.of(none, Optional.of("none"))).isEqualTo(new Streams(Optional.empty(), Optional.of(false)));
        assertThat(Streams.of(none, Optional.empty())).isEqualTo(new Streams(Optional.empty(), Optional.empty()));
    }
}
