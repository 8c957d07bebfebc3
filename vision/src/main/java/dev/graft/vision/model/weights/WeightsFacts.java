package dev.graft.vision.model.weights;

import dev.graft.vision.image.transform.Preprocessing;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What is known about a published weight file.
 *
 * @param architecture the network in the {@link dev.graft.vision.model.zoo.ModelZoo} that the file fits
 * @param fileName the file's name in every cache
 * @param sha256 the SHA-256 in lower-case hexadecimal; or, if only the publisher's short form in the file name is
 *     known, its first 8 digits, which is all that torchvision checks
 * @param classes class names, in the order of the logits
 * @param preprocessing the preprocessing that the network expects
 * @param url where to download the file; empty if no stable address exists
 * @param origin who published the file, and how to get it by hand, for messages
 * @param bytes the file's length, if known
 * @param accuracy the publisher's measurement, if published
 */
public record WeightsFacts(
        String architecture,
        String fileName,
        String sha256,
        List<String> classes,
        Preprocessing preprocessing,
        Optional<URI> url,
        String origin,
        OptionalLong bytes,
        Optional<Accuracy> accuracy) {
    private static final String DIGEST = "[0-9a-f]{8,64}";

    public WeightsFacts {
        classes = List.copyOf(classes);
        if (!sha256.matches(DIGEST)) {
            throw new IllegalArgumentException("weights " + fileName + ": '" + sha256
                    + "' is not a SHA-256. Hint: 64 lower-case hexadecimal digits, or at least the first 8.");
        }
        if (fileName.isBlank() || fileName.contains("/") || fileName.contains("\\") || fileName.startsWith(".")) {
            throw new IllegalArgumentException("weights: '" + fileName + "' is not a plain file name");
        }
    }

    /** Facts without address, length and accuracy. */
    public static WeightsFacts of(
            String architecture, String fileName, String sha256, List<String> classes, Preprocessing preprocessing) {
        return new WeightsFacts(
                architecture,
                fileName,
                sha256,
                classes,
                preprocessing,
                Optional.empty(),
                "",
                OptionalLong.empty(),
                Optional.empty());
    }

    public WeightsFacts url(URI address) {
        return new WeightsFacts(
                architecture, fileName, sha256, classes, preprocessing, Optional.of(address), origin, bytes, accuracy);
    }

    public WeightsFacts origin(String text) {
        return new WeightsFacts(architecture, fileName, sha256, classes, preprocessing, url, text, bytes, accuracy);
    }

    public WeightsFacts bytes(long length) {
        return new WeightsFacts(
                architecture, fileName, sha256, classes, preprocessing, url, origin, OptionalLong.of(length), accuracy);
    }

    public WeightsFacts accuracy(Accuracy published) {
        return new WeightsFacts(
                architecture, fileName, sha256, classes, preprocessing, url, origin, bytes, Optional.of(published));
    }

    /** Whether a file with this SHA-256 is the published one, as far as is known. */
    public boolean matches(String digest) {
        return digest.toLowerCase(Locale.ROOT).startsWith(sha256);
    }
}
