package dev.graft.vision;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * SHA-256 over texts and contents, each preceded by its length, so that no two lists of them run together to the same
 * bytes.
 */
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

    /** The hash of one content alone. */
    static String of(Content content) {
        FileHash hash = new FileHash();
        hash.bytes(content);
        return hash.hex();
    }

    FileHash text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        length(bytes.length);
        digest.update(bytes);
        return this;
    }

    FileHash content(Content content) {
        length(Content.lengthOf(content));
        bytes(content);
        return this;
    }

    private void length(long bytes) {
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(bytes).array());
    }

    private void bytes(Content content) {
        try (InputStream in = content.open()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        } catch (IOException e) {
            throw Content.unreadable(content, e);
        }
    }

    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
