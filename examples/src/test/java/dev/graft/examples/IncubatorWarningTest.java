package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One line of the JVM is taken out of standard error; every other byte passes, at once. */
@Timeout(60)
class IncubatorWarningTest {
    private static final String LINE = "WARNING: Using incubator modules: jdk.incubator.vector\n";

    private static String filtered(String text) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        IncubatorWarning.filter(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), out);
        return out.toString(StandardCharsets.UTF_8);
    }

    /** The same text in pieces of every size. */
    private static String inPieces(String text, int size) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayInputStream in = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)) {
            @Override
            public synchronized int read(byte[] bytes) {
                return read(bytes, 0, Math.min(size, bytes.length));
            }
        };
        IncubatorWarning.filter(in, out);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void theLineGoesAndAllElseStays() throws IOException {
        String[][] cases = {
            {LINE, ""},
            {LINE + "graft: oh\n", "graft: oh\n"},
            {"Picked up JAVA_TOOL_OPTIONS: -Xmx1g\n" + LINE + "x", "Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nx"},
            {"", ""},
            {"\n\n" + LINE + "\n", "\n\n\n"},
            {"WARNING: Using", "WARNING: Using"},
            {
                "WARNING: Using incubator modules: jdk.incubator.vector",
                "WARNING: Using incubator modules: jdk.incubator.vector"
            },
            {
                "WARNING: Using incubator modules: jdk.incubator.foreign\n" + LINE,
                "WARNING: Using incubator modules: jdk.incubator.foreign\n"
            },
            {"x" + LINE, "x" + LINE},
            {"WARNING: WARNING: " + LINE, "WARNING: WARNING: " + LINE},
            {LINE + LINE, LINE},
            {"\r  10% bar\r  20% bar" + "ä", "\r  10% bar\r  20% bar" + "ä"}
        };
        for (String[] pair : cases) {
            assertThat(filtered(pair[0])).isEqualTo(pair[1]);
            for (int size = 1; size < 60; size++) {
                assertThat(inPieces(pair[0], size)).as("pieces of " + size).isEqualTo(pair[1]);
            }
        }
    }

    /** A bar that is redrawn has no end of line, and must be seen all the same. */
    @Test
    void nothingElseIsHeldBack() throws Exception {
        PipedOutputStream write = new PipedOutputStream();
        PipedInputStream read = new PipedInputStream(write);
        PipedOutputStream passed = new PipedOutputStream();
        PipedInputStream seen = new PipedInputStream(passed);
        Thread filter = new Thread(() -> {
            try {
                IncubatorWarning.filter(read, passed);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        filter.start();
        for (String piece :
                new String[] {"a", LINE.substring(0, 20) + "!", "\n", "\r[=> ] 10%", LINE.substring(0, 5) + "x"}) {
            write.write(piece.getBytes(StandardCharsets.UTF_8));
            write.flush();
            assertThat(new String(seen.readNBytes(piece.length()), StandardCharsets.UTF_8))
                    .isEqualTo(piece);
        }
        write.close();
        filter.join();
    }
}
