package dev.graft.examples.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Writes text files that appear whole or not at all. */
public final class AtomicText {
    private AtomicText() {
    }

    /** @throws RunException if the file cannot be written; what was there before stays */
    public static void write(Path target, String text) {
        Path whole = target.toAbsolutePath();
        Path temporary = whole.resolveSibling("." + whole.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            Files.writeString(temporary, text);
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
