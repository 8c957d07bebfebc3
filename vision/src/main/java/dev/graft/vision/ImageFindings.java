package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.nn.data.table.CsvText;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.similar.Fingerprint;
import dev.graft.vision.data.similar.SimilarImages;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Images that are there more than once, in the sets of a training or an evaluation.
 *
 * @param findings ordered by set and position
 * @param isComplete whether all images that might look alike were compared
 */
record ImageFindings(List<Finding> findings, boolean isComplete) {
    /** Nothing was looked at. */
    static final ImageFindings NONE = new ImageFindings(List.of(), true);

    private static final int LISTED = 3;

    ImageFindings {
        findings = List.copyOf(findings);
    }

    /** Which set an image is of; a copy is told of the later one. */
    enum Side {
        TRAINING,
        VALIDATION,
        /** Of a cross-validation: the fold that judges. */
        FOLD,
        TEST;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** An image of a set. */
    record Seen(Side side, ImageDataset data, int row, Fingerprint print, Map<String, Double> quantities) {
        String file() {
            return data.describe(row);
        }

        /** Within its data set, for people. */
        String name() {
            return data.names().get(row);
        }

        String label() {
            return data.labelText(row);
        }
    }

    /** An image, and an earlier one that is the same, or nearly. */
    record Finding(SimilarImages.Twin twin, Seen image, Seen other) {
        boolean contradicts() {
            return twin.isCopy() && !image.label().equals(other.label());
        }

        boolean isAcross() {
            return image.side != other.side;
        }
    }

    /** Compares all of some images; those of earlier sides come first. */
    static ImageFindings among(List<Seen> seen) {
        SimilarImages similar = SimilarImages.among(
                seen.stream().map(Seen::print).toList(),
                seen.stream().mapToInt(image -> image.side().ordinal()).toArray());
        return new ImageFindings(
                similar.twins().stream()
                        .map(twin -> new Finding(twin, seen.get(twin.index()), seen.get(twin.other())))
                        .toList(),
                similar.isComplete());
    }

    /**
     * The images of a side that would flatter its scores, or count twice: copies of images of an earlier side, and
     * further copies, with the same bytes or pixels, of one of its own.
     */
    Set<Integer> copies(Side side) {
        return findings.stream()
                .filter(finding -> finding.image.side == side && isLeftOut(finding))
                .map(finding -> finding.image.row)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isLeftOut(Finding finding) {
        return finding.image.side != Side.TRAINING
                && finding.twin.isCopy()
                && (finding.isAcross() || finding.twin.kind() != SimilarImages.Kind.NEAR);
    }

    /**
     * One line for each thing that a person should know.
     *
     * @param kept whether copies stay in the validation
     */
    List<String> describe(boolean kept) {
        List<String> lines = new ArrayList<>();
        Map<String, List<Finding>> kinds = new LinkedHashMap<>();
        for (Finding finding : findings) {
            String others = !finding.isAcross()
                    ? "other " + finding.other.side.word()
                    : finding.image.side == Side.TEST ? "training or validation" : finding.other.side.word();
            String pair = finding.image.side.word() + " images are %s " + others + " images";
            String kind =
                    switch (finding.twin.kind()) {
                        case BYTES -> "byte-identical to";
                        case PIXELS -> "the same, pixel for pixel, as";
                        case NEAR -> finding.twin.isCopy() ? "near-identical to" : "similar to";
                    };
            kinds.computeIfAbsent(String.format(Locale.ROOT, pair, kind), key -> new ArrayList<>())
                    .add(finding);
        }
        kinds.entrySet().stream()
                .sorted(Comparator.comparing(entry -> !entry.getValue().get(0).isAcross()))
                .forEach(entry -> lines.add(line(entry.getKey(), entry.getValue(), kept)));
        List<Finding> contradictions =
                findings.stream().filter(Finding::contradicts).toList();
        if (!contradictions.isEmpty()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "labels: %,d %s different labels, so not all of them can be right: %s",
                    contradictions.size(),
                    contradictions.size() == 1 ? "of these pairs has" : "of these pairs have",
                    contradictions.stream()
                                    .limit(LISTED)
                                    .map(found -> found.image.name() + " is " + found.image.label() + ", "
                                            + found.other.name() + " is " + found.other.label())
                                    .collect(Collectors.joining("; "))
                            + (contradictions.size() > LISTED ? "; ..." : "")));
        }
        if (!isComplete) {
            lines.add("duplicates: too many images look alike, so some near-identical ones may not be among these");
        }
        return lines;
    }

    private static String line(String text, List<Finding> found, boolean kept) {
        return String.format(
                Locale.ROOT,
                "duplicates: %,d %s%s: %s",
                found.size(),
                found.size() == 1 ? text.replaceFirst("images are", "image is") : text,
                fate(found.get(0), kept),
                listed(found));
    }

    /** Whether a training is judged by images of this side. */
    private static boolean judges(Side side) {
        return side == Side.VALIDATION || side == Side.FOLD;
    }

    private static String fate(Finding finding, boolean kept) {
        if (isLeftOut(finding) && judges(finding.image.side)) {
            return kept
                    ? "; they stay in (" + setting("keepDuplicates") + "), so the scores flatter"
                    : "; they are kept out of the " + finding.image.side.word();
        }
        return "";
    }

    private static String listed(List<Finding> found) {
        return found.stream()
                        .limit(LISTED)
                        .map(finding -> finding.image.name() + " and " + finding.other.name())
                        .collect(Collectors.joining("; "))
                + (found.size() > LISTED ? "; ..." : "");
    }

    /** How many findings of each kind there are, for a report; those of two sets and within one apart. */
    Map<String, Object> counts() {
        Map<String, Object> counts = new LinkedHashMap<>();
        for (SimilarImages.Kind kind : SimilarImages.Kind.values()) {
            String name = kind.word();
            counts.put(name + "_across", count(found -> found.twin.kind() == kind && found.isAcross()));
            counts.put(name + "_within", count(found -> found.twin.kind() == kind && !found.isAcross()));
        }
        counts.put("copies_across", count(found -> found.twin.isCopy() && found.isAcross()));
        counts.put("contradictions", count(Finding::contradicts));
        counts.put("complete", isComplete);
        return counts;
    }

    private int count(Predicate<Finding> which) {
        return (int) findings.stream().filter(which).count();
    }

    /**
     * All findings as a CSV file (RFC 4180) with a header line.
     *
     * @param kept whether copies stay in the validation
     */
    String toCsv(boolean kept) {
        return CsvText.of(
                List.of(
                        "kind",
                        "distance",
                        "set",
                        "file",
                        "label",
                        "other_set",
                        "other_file",
                        "other_label",
                        "labels_differ",
                        "left_out"),
                findings.stream()
                        .map(finding -> List.of(
                                finding.twin.kind().word(),
                                String.format(Locale.ROOT, "%.5f", finding.twin.distance()),
                                finding.image.side.word(),
                                finding.image.file(),
                                finding.image.label(),
                                finding.other.side.word(),
                                finding.other.file(),
                                finding.other.label(),
                                String.valueOf(finding.contradicts()),
                                String.valueOf(isLeftOut(finding) && !kept && judges(finding.image.side))))
                        .toList());
    }
}
