package dev.graft.vision;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 over texts and files, each preceded by its length, so that no two lists of them run together to the same bytes. */
final class FileHash {
    private static final int BUFFER_BYTES = 1 << 16;

    private final MessageDigest digest;
    private final byte[] buffer = new byte[BUFFER_BYTES];

    FileHash() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The hash of one file's content alone. */
    static String of(Path file) {
        FileHash hash = new FileHash();
        hash.content(file);
        return hash.hex();
    }

    static long length(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    FileHash text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        length(bytes.length);
        digest.update(bytes);
        return this;
    }

    FileHash file(Path file) {
        length(length(file));
        content(file);
        return this;
    }

    private void length(long bytes) {
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(bytes).array());
    }

    private void content(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }

    private static UncheckedIOException unreadable(Path file, IOException e) {
        return new UncheckedIOException("image data: " + file + " cannot be read (" + e.getMessage()
                + "). Hint: check that it still exists.", e);
    }
}
