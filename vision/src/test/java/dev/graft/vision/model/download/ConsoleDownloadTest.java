package dev.graft.vision.model.download;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What a person sees of a download. */
class ConsoleDownloadTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Test
    void plainOutputHasALineForEachTenth() {
        assertThat(shown(false).lines())
                .containsExactly(
                        "Downloading http://host/net.pth to net.pth, continuing at 1.0 MB",
                        " 25 % of 4.0 MB",
                        " 50 % of 4.0 MB",
                        "100 % of 4.0 MB",
                        "Saved net.pth");
    }

    @Test
    void terminalRedrawsOneBar() {
        assertThat(shown(true))
                .contains("\r[###############               ]  50 % of 4.0 MB")
                .contains("\r[##############################] 100 % of 4.0 MB" + System.lineSeparator()
                        + "Saved net.pth");
    }

    private String shown(boolean terminal) {
        DownloadListener listener = new ConsoleDownload(new PrintStream(bytes, true, StandardCharsets.UTF_8), terminal);
        listener.started(URI.create("http://host/net.pth"), Path.of("net.pth"), 1_000_000);
        listener.progress(1_000_000, OptionalLong.empty());
        for (long done : new long[] {1_000_000, 1_000_001, 2_000_000, 4_000_000}) {
            listener.progress(done, OptionalLong.of(4_000_000));
        }
        listener.finished(Path.of("net.pth"));
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
