package dev.graft.vision.data;

import dev.graft.io.file.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** SHA-256 over texts and contents, each preceded by its length, so that different lists never give the same bytes. */
final class ContentHash {
    private final MessageDigest digest;

    ContentHash() {
        digest = Sha256.digest();
    }

    /** The hash of a single content. */
    static String of(ImageBytes content) {
        ContentHash hash = new ContentHash();
        hash.bytes(content);
        return hash.hex();
    }

    ContentHash text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        length(bytes.length);
        digest.update(bytes);
        return this;
    }

    ContentHash content(ImageBytes content) {
        length(ImageBytes.lengthOf(content));
        bytes(content);
        return this;
    }

    private void length(long bytes) {
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(bytes).array());
    }

    private void bytes(ImageBytes content) {
        try (InputStream in = content.open()) {
            Sha256.update(digest, in);
        } catch (IOException e) {
            throw ImageBytes.unreadable(content, e);
        }
    }

    String hex() {
        return Sha256.hex(digest);
    }
}
