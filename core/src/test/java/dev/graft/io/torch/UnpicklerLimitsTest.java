package dev.graft.io.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.Allocations;
import dev.graft.io.WeightFiles;
import dev.graft.io.file.WeightFileException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pickles too large to keep as files: each is a legacy checkpoint whose object is made here. */
class UnpicklerLimitsTest {
    private static final long MOST_ALLOCATED = 600L << 20;

    @TempDir
    Path folder;

    private void refuses(String reason, Consumer<ByteArrayOutputStream> object) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(
                HexFormat.of().parseHex("80028a0a6cfc9c46f9206aa850192e" + "80024de9032e" + "80027d2e" + "8002"));
        object.accept(out);
        Path file = Files.write(folder.resolve("limits.pth"), out.toByteArray());
        long allocated = Allocations.during(() -> assertThatThrownBy(() -> WeightFiles.inspect(file))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining(reason));
        assertThat(allocated).isLessThan(MOST_ALLOCATED);
    }

    private static void repeat(ByteArrayOutputStream out, int times, String opcodes) {
        byte[] bytes = opcodes.getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i < times; i++) {
            out.writeBytes(bytes);
        }
    }

    @Test
    void limitsValues() throws IOException {
        refuses("more than 2000000 values", out -> {
            repeat(out, 1, "]");
            repeat(out, 3_000_000, "}a");
        });
    }

    @Test
    void limitsTheMemo() throws IOException {
        refuses("more than 2000000 memo entries", out -> {
            repeat(out, 1, "N");
            for (int i = 0; i <= 2_000_000; i++) {
                out.writeBytes(new byte[] {'r', (byte) i, (byte) (i >> 8), (byte) (i >> 16), (byte) (i >> 24)});
            }
        });
    }

    @Test
    void countsWhatACallCopies() throws IOException {
        refuses("more than 2000000 values", out -> {
            repeat(out, 1, "]q\0");
            repeat(out, 10_000, "Na");
            repeat(out, 1_000, "c__builtin__\nlist\nh\0\u0085R");
        });
    }

    @Test
    void limitsThePickle() throws IOException {
        refuses("more than 67108864 bytes of pickle", out -> {
            for (int i = 0; i < 70; i++) {
                out.writeBytes(new byte[] {'B', 0, 0, 16, 0});
                out.writeBytes(new byte[1 << 20]);
            }
        });
    }

    @Test
    void limitsNames() throws IOException {
        refuses("letters in their names", out -> {
            int length = 1 << 20;
            repeat(out, 1, "}X");
            out.writeBytes(new byte[] {0, 0, 16, 0});
            repeat(out, length, "k");
            repeat(out, 1, "}(");
            for (int i = 0; i < 100; i++) {
                repeat(out, 1, "K" + (char) i + "N");
            }
            repeat(out, 1, "us.\u0080\u0002].");
        });
    }
}
