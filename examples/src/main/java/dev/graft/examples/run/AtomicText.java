package dev.graft.examples.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Writes text files that appear whole or not at all. */
public final class AtomicText {
    private AtomicText() {
    }

    /** @throws RunException if the file cannot be written; what was there before stays */
    public static void write(Path target, String text) {
        Path whole = target.toAbsolutePath();
        Path temporary = whole.resolveSibling("." + whole.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)) {
                ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);    // else a power failure after the rename could leave an empty file under the right name
            }
            Files.move(temporary, whole, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            deleteQuietly(temporary);
            throw new RunException(target + " cannot be written (" + e.getClass().getSimpleName() + ")",
                    "check that its folder exists, is writable and has space left", e);
        }
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            System.getLogger(AtomicText.class.getName()).log(System.Logger.Level.WARNING, "temporary file left behind: " + file, e);
        }
    }
}
