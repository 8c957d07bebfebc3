package dev.graft.io.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Writes text files that appear as a whole or not at all. */
public final class AtomicText {
    private AtomicText() {}

    /**
     * Writes a text file, all of it or nothing.
     *
     * @throws FileException if the file cannot be written; the previous file stays
     */
    public static void write(Path target, String text) {
        try {
            AtomicFile.write(target, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new FileException(
                    target + " cannot be written (" + AtomicFile.reason(e) + ")",
                    "check that its folder exists, is writable and has space left",
                    e);
        }
    }
}
