package dev.graft.vision.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/** Reads the golden files that vision/src/test/python/image_goldens.py writes. */
public final class Goldens {
    private Goldens() {}

    static byte[] resource(String name) {
        try (InputStream in = Goldens.class.getResourceAsStream("/golden/image/" + name)) {
            if (in == null) {
                throw new IllegalStateException(
                        "no golden file " + name + ". Hint: run vision/src/test/python/image_goldens.py.");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The lines of a table, without comments, split at tabs. */
    public static List<String[]> table(String name) {
        return new String(resource(name), StandardCharsets.UTF_8)
                .lines()
                .filter(l -> !l.startsWith("#"))
                .map(l -> l.split("\t", -1))
                .toList();
    }

    /** The bytes in the form the golden's writer gave {@code expected}: their base64 or their hash. */
    public static String like(String expected, byte[] bytes) {
        return expected.startsWith("sha256:")
                ? "sha256:" + sha256(bytes)
                : Base64.getEncoder().encodeToString(bytes);
    }

    public static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The writer's formula for noise. */
    public static Image synthetic(int width, int height) {
        byte[] data = new byte[width * height * 3];
        for (int y = 0, i = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < 3; c++) {
                    long v = (x * 73L + y * 151L + c * 199L + (long) x * y * 7 + 11) * 265443 & 0x7FFFFFFF;
                    data[i++] = (byte) (v >> 13);
                }
            }
        }
        return Image.of(width, height, 3, data);
    }
}
