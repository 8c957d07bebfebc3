package dev.graft.vision;

import dev.graft.io.file.Sha256;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.run.PatientHash;
import dev.graft.nn.run.ResultFiles;
import dev.graft.vision.ImageFindings.Seen;
import dev.graft.vision.ImageFindings.Side;
import dev.graft.vision.data.similar.HammingIndex;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The images that a model was fitted on, for training or validation, as hashes: enough to find them among others, and
 * no image. They are in a run's {@code fingerprints.csv}, whose own hash is in the model's card.
 *
 * @param byBytes the set of each, by the SHA-256 of its bytes
 * @param byPixels the set of each, by the SHA-256 of its pixels
 * @param hashes the perceptual hashes of those with contrast
 * @param groups the SHA-256 of each patient's name; empty if unknown
 */
record TrainingImages(Map<String, Side> byBytes, Map<String, Side> byPixels, HammingIndex hashes, Set<String> groups) {
    /** In a card's {@code data}: the SHA-256 of the file. */
    static final String HASH = "fingerprints_sha256";

    private static final String HEADER = "set,sha256,pixels_sha256,perceptual_hash,patient_sha256";
    private static final Pattern LINE =
            Pattern.compile("(training|validation),([0-9a-f]{64}),([0-9a-f]{64}),([0-9a-f]{16})?,([0-9a-f]{64})?");

    /** The file's content. */
    static String toCsv(List<Seen> images) {
        StringBuilder csv = new StringBuilder(HEADER).append('\n');
        for (Seen image : images) {
            if (image.side() == Side.TEST || image.side() == Side.FOLD) {
                continue;
            }
            csv.append(image.side().word())
                    .append(',')
                    .append(image.print().bytes())
                    .append(',')
                    .append(image.print().pixels())
                    .append(',')
                    .append(
                            image.print().hasLook()
                                    ? HexFormat.of().toHexDigits(image.print().hash())
                                    : "")
                    .append(',')
                    .append(group(image).orElse(""))
                    .append('\n');
        }
        return csv.toString();
    }

    private static Optional<String> patient(Seen image) {
        return image.data().groups().map(groups -> groups.get(image.row()));
    }

    private static Optional<String> group(Seen image) {
        return patient(image).map(PatientHash::of);
    }

    /** Those of the model in a folder; empty where the folder does not hold them as the card says. */
    static Optional<TrainingImages> of(Path folder, ModelCard card) {
        Path file = folder.resolve(ResultFiles.FINGERPRINTS);
        return card.facts().get("data") instanceof Map<?, ?> data
                        && Files.isRegularFile(file)
                        && Sha256.of(file).equals(data.get(HASH))
                ? Optional.of(read(file))
                : Optional.empty();
    }

    private static TrainingImages read(Path file) {
        Map<String, Side> byBytes = new HashMap<>();
        Map<String, Side> byPixels = new HashMap<>();
        List<Long> hashes = new ArrayList<>();
        Set<String> groups = new HashSet<>();
        try (var lines = Files.lines(file)) {
            lines.skip(1).map(LINE::matcher).filter(line -> line.matches()).forEach(line -> {
                Side side = Side.valueOf(line.group(1).toUpperCase(Locale.ROOT));
                byBytes.putIfAbsent(line.group(2), side);
                byPixels.putIfAbsent(line.group(3), side);
                if (line.group(4) != null) {
                    hashes.add(HexFormat.fromHexDigitsToLong(line.group(4)));
                }
                if (line.group(5) != null) {
                    groups.add(line.group(5));
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(file + " cannot be read. Hint: check its permissions.", e);
        }
        return new TrainingImages(
                byBytes,
                byPixels,
                new HammingIndex(hashes.stream().mapToLong(Long::longValue).toArray()),
                groups);
    }

    /** The set in which an image is, byte for byte, or pixel for pixel; empty if it is in none. */
    Optional<Side> sideOf(Seen image) {
        return Optional.ofNullable(byBytes.get(image.print().bytes()))
                .or(() -> Optional.ofNullable(byPixels.get(image.print().pixels())));
    }

    boolean hasBytesOf(Seen image) {
        return byBytes.containsKey(image.print().bytes());
    }

    /** Whether the perceptual hash of some image differs in no more than so many bits. */
    boolean hasLookOf(Seen image, int bits) {
        boolean[] found = {false};
        if (image.print().hasLook()) {
            hashes.near(image.print().hash(), 0, (other, distance) -> {
                found[0] |= distance <= bits;
                return !found[0];
            });
        }
        return found[0];
    }

    /** Whether it is known which patients the images are of. */
    boolean hasGroups() {
        return !groups.isEmpty();
    }

    /** Whether the model was fitted on images of this one's patient. */
    boolean hasGroupOf(Seen image) {
        return patient(image).map(this::hasGroup).orElse(false);
    }

    /** Whether the model was fitted on images of a patient. */
    boolean hasGroup(String patient) {
        return groups.contains(PatientHash.of(patient));
    }
}
