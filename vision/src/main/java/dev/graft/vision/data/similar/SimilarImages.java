package dev.graft.vision.data.similar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;

/**
 * Finds images that are there more than once: with the same bytes, with the same pixels, or with nearly the same look.
 *
 * <pre>{@code
 * SimilarImages found = SimilarImages.among(fingerprints, sides);
 * found.twins().forEach(twin -> System.out.println(twin.index() + " is like " + twin.other()));
 * }</pre>
 *
 * <p>Near images are candidates by their perceptual hashes (8 of 64 bits), found by multi-index hashing, whose
 * thumbnails are then compared. The time grows with the number of images and of candidates, not with that of all pairs.
 *
 * @param twins at most one for each image, in ascending order of {@code index}
 * @param isComplete whether all candidates were compared; an image with more than {@value #MOST_CANDIDATES} is compared
 *     with that many
 */
public record SimilarImages(List<Twin> twins, boolean isComplete) {
    /**
     * Images that look no more different than this are listed. It is more than altered copies have (measured: at most
     * 0.024 for crops of 2 %, and 0.016 for others), but on images of one kind also others that look alike.
     */
    public static final double LISTED = 0.02;

    /**
     * Images that look no more different than this are taken for copies of one another. On chest radiographs and brain
     * scans no others were found below it; {@code docs/splits.md} has the measurement.
     */
    public static final double COPY = 0.005;

    private static final int MOST_CANDIDATES = 20_000;

    public SimilarImages {
        twins = List.copyOf(twins);
    }

    /** In what two images are the same. */
    public enum Kind {
        /** Their bytes. */
        BYTES,
        /** Their pixels, in files that differ. */
        PIXELS,
        /** Their look. */
        NEAR;

        /** Its name in files and reports. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * An image and another that is the same, or nearly.
     *
     * @param index of the image
     * @param other of the other, which comes before it
     * @param distance as {@link Fingerprint#distance}; 0 for the same pixels
     */
    public record Twin(Kind kind, int index, int other, double distance) {
        /** Whether they are the same image to all that is known: not only alike. */
        public boolean isCopy() {
            return kind != Kind.NEAR || distance <= COPY;
        }
    }

    /**
     * Compares images with those that come before them. One with the same bytes is found first, then the same pixels,
     * then the nearest; among equals, one of an earlier side (such as training before validation), then the first.
     *
     * @param fingerprints of all images
     * @param sides which set each image is of; images of lower sides must come first
     */
    public static SimilarImages among(List<Fingerprint> fingerprints, int[] sides) {
        if (sides.length != fingerprints.size()) {
            throw new IllegalArgumentException(
                    "similar images: " + fingerprints.size() + " images, and sides of " + sides.length);
        }
        for (int i = 1; i < sides.length; i++) {
            if (sides[i] < sides[i - 1]) {
                throw new IllegalArgumentException("similar images: image " + i + " is of side " + sides[i]
                        + ", after one of side " + sides[i - 1] + ". Hint: sort images by their sides.");
            }
        }
        Twin[] twins = new Twin[sides.length];
        exact(fingerprints, twins);
        boolean complete = near(fingerprints, sides, twins);
        return new SimilarImages(
                Arrays.stream(twins)
                        .flatMap(twin -> Optional.ofNullable(twin).stream())
                        .toList(),
                complete);
    }

    private static void exact(List<Fingerprint> fingerprints, Twin[] twins) {
        Map<String, Integer> byBytes = new HashMap<>();
        Map<String, Integer> byPixels = new HashMap<>();
        for (int i = 0; i < twins.length; i++) {
            Fingerprint print = fingerprints.get(i);
            Integer sameBytes = byBytes.putIfAbsent(print.bytes(), i);
            Integer samePixels = byPixels.putIfAbsent(print.pixels(), i);
            if (sameBytes != null) {
                twins[i] = new Twin(Kind.BYTES, i, sameBytes, 0);
            } else if (samePixels != null) {
                twins[i] = new Twin(Kind.PIXELS, i, samePixels, 0);
            }
        }
    }

    /** Whether all candidates were compared. */
    private static boolean near(List<Fingerprint> fingerprints, int[] sides, Twin[] twins) {
        Looks looks = Looks.of(fingerprints, twins);
        HammingIndex index = new HammingIndex(looks.hashes);
        AtomicReferenceArray<Twin> best = new AtomicReferenceArray<>(twins.length);
        AtomicInteger cut = new AtomicInteger();
        for (int[] members : looks.members) {
            looks.found(members, members, 0, sides, best); // the same thumbnail, of pixels that differ
        }
        IntStream.range(0, looks.hashes.length).parallel().forEach(a -> {
            int[] compared = {0};
            index.near(looks.hashes[a], a + 1, (b, bits) -> {
                double distance = looks.prints[a].distance(looks.prints[b]);
                if (distance <= LISTED) {
                    looks.found(looks.members[a], looks.members[b], distance, sides, best);
                    looks.found(looks.members[b], looks.members[a], distance, sides, best);
                }
                return ++compared[0] < MOST_CANDIDATES;
            });
            if (compared[0] == MOST_CANDIDATES) {
                cut.incrementAndGet();
            }
        });
        for (int i = 0; i < twins.length; i++) {
            twins[i] = twins[i] == null ? best.get(i) : twins[i];
        }
        return cut.get() == 0;
    }

    /**
     * The different thumbnails, so that any number of copies of one cost no more than one.
     *
     * @param members the images of each, ascending, without those that have an exact twin
     */
    private record Looks(long[] hashes, Fingerprint[] prints, int[][] members) {
        static Looks of(List<Fingerprint> fingerprints, Twin[] twins) {
            Map<List<Object>, List<Integer>> byLook = new LinkedHashMap<>();
            for (int i = 0; i < twins.length; i++) {
                Fingerprint print = fingerprints.get(i);
                if (twins[i] == null && print.hasLook()) {
                    byLook.computeIfAbsent(
                                    List.of(print.hash(), java.nio.ByteBuffer.wrap(print.thumbnail())),
                                    key -> new ArrayList<>(1))
                            .add(i);
                }
            }
            int[][] members = byLook.values().stream()
                    .map(rows -> rows.stream().mapToInt(Integer::intValue).toArray())
                    .toArray(int[][]::new);
            Fingerprint[] prints = Arrays.stream(members)
                    .map(rows -> fingerprints.get(rows[0]))
                    .toArray(Fingerprint[]::new);
            return new Looks(Arrays.stream(prints).mapToLong(Fingerprint::hash).toArray(), prints, members);
        }

        /** Images of one look have met another look, of which the first image stands for all. */
        void found(int[] images, int[] others, double distance, int[] sides, AtomicReferenceArray<Twin> best) {
            for (int i : images) {
                if (others[0] < i) {
                    Twin twin = new Twin(Kind.NEAR, i, others[0], distance);
                    best.accumulateAndGet(i, twin, (one, two) -> better(one, two, sides));
                }
            }
        }

        /** The order of what is found does not matter: this is the least of a total order. */
        private static Twin better(Twin one, Twin two, int[] sides) {
            if (one == null || two == null) {
                return one == null ? two : one;
            }
            boolean oneAcross = sides[one.other] < sides[one.index];
            boolean twoAcross = sides[two.other] < sides[two.index];
            if (oneAcross != twoAcross) {
                return oneAcross ? one : two;
            }
            int order = Double.compare(one.distance, two.distance);
            return order < 0 || (order == 0 && one.other <= two.other) ? one : two;
        }
    }
}
