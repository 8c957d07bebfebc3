package dev.graft.io.file;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, in lower-case hexadecimal: how Graft identifies files, data sets and tensors. */
public final class Sha256 {
    private static final int PIECE_BYTES = 1 << 16;

    private Sha256() {}

    /**
     * The hash of a file's bytes.
     *
     * @throws UncheckedIOException if it cannot be read
     */
    public static String of(Path file) {
        MessageDigest digest = digest();
        try (InputStream in = Files.newInputStream(file)) {
            update(digest, in);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "sha256: " + file + " cannot be read (" + e + "). Hint: check that it exists, and its permissions.",
                    e);
        }
        return hex(digest);
    }

    /** The hash of a text's UTF-8 bytes. */
    public static String of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Feeds a digest with a stream to its end. */
    public static void update(MessageDigest digest, InputStream in) throws IOException {
        byte[] piece = new byte[PIECE_BYTES];
        for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
            digest.update(piece, 0, n);
        }
    }

    /** Of an array. */
    public static String of(byte[] bytes) {
        return HexFormat.of().formatHex(digest().digest(bytes));
    }

    /** A digest that is fed in pieces; {@link #hex} completes it. */
    public static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The result of a {@link #digest}, which is then reset. */
    public static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
