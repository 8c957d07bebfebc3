package dev.graft.io.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a name is replaced by, and what must not be replaced at all. */
@Timeout(30)
class AtomicFileTest {
    @TempDir
    private Path folder;

    private Path pipe() throws IOException {
        Path pipe = folder.resolve("pipe");
        try {
            Process make = new ProcessBuilder("mkfifo", pipe.toString()).start();
            Assumptions.assumeTrue(make.waitFor() == 0, "skipped: mkfifo failed");
        } catch (IOException e) {
            Assumptions.abort("skipped: no mkfifo here");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return pipe;
    }

    private static CompletableFuture<String> readTo(Path pipe) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return Files.readString(pipe);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** As /dev/null and /dev/stdout: whoever may write the folder could take them from everybody. */
    @Test
    void aDeviceOrPipeIsWrittenIntoAndNotReplaced() throws Exception {
        Path pipe = pipe();
        Path link = Files.createSymbolicLink(folder.resolve("link"), pipe);
        for (Path target : new Path[] {pipe, link}) {
            CompletableFuture<String> read = readTo(pipe);
            AtomicFile.write(target, out -> out.write("whole".getBytes(StandardCharsets.UTF_8)));
            assertThat(Files.isRegularFile(pipe)).as(target.toString()).isFalse();
            assertThat(read.get(10, TimeUnit.SECONDS)).isEqualTo("whole");
        }
        assertThat(link).isSymbolicLink();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactlyInAnyOrder(pipe, link);
        }
    }
}
