package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.nn.run.RunException;
import dev.graft.vision.ImageFindings.Finding;
import dev.graft.vision.ImageFindings.Seen;
import dev.graft.vision.ImageFindings.Side;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What of the images of an evaluation was there before: among those that the model was fitted on, or among themselves.
 *
 * @param images all that could be read
 * @param fitted those that the model was fitted on, byte for byte or pixel for pixel, by position
 * @param lookAlikes the positions of those that may be altered copies of such
 * @param within copies within the images
 * @param sharedPatients the patients that the model was fitted on
 * @param patients how many patients the images are of; 0 if that is unknown
 * @param known whether it is known what the model was fitted on
 * @param knownPatients whether it is known of which patients that was
 * @param kept whether copies are judged all the same
 */
record TestOverlap(
        List<Seen> images,
        Map<Integer, Side> fitted,
        Set<Integer> lookAlikes,
        ImageFindings within,
        List<String> sharedPatients,
        int patients,
        boolean known,
        boolean knownPatients,
        boolean kept) {
    private static final int LISTED = 3;
    /** In how many bits perceptual hashes differ where an image is said to look like a training image. */
    private static final int ALIKE_BITS = 2;

    static TestOverlap of(List<Seen> images, Optional<TrainingImages> training, boolean kept) {
        Map<Integer, Side> fitted = new LinkedHashMap<>();
        Set<Integer> alike = new TreeSet<>();
        Set<String> shared = new TreeSet<>();
        Set<String> patients = new TreeSet<>();
        for (Seen image : images) {
            Optional<String> patient = image.data().groups().map(groups -> groups.get(image.row()));
            patient.ifPresent(patients::add);
            if (training.isEmpty()) {
                continue;
            }
            Optional<Side> side = training.get().sideOf(image);
            side.ifPresent(found -> fitted.put(image.row(), found));
            if (side.isEmpty() && training.get().hasLookOf(image, ALIKE_BITS)) {
                alike.add(image.row());
            }
            if (training.get().hasGroupOf(image)) {
                patient.ifPresent(shared::add);
            }
        }
        return new TestOverlap(
                images,
                fitted,
                alike,
                ImageFindings.among(images),
                List.copyOf(shared),
                patients.size(),
                training.isPresent(),
                training.filter(TrainingImages::hasGroups).isPresent(),
                kept);
    }

    /** @throws RunException where the model was fitted on images of some of the patients, unless that is allowed */
    void checkPatients(boolean allowed) {
        if (!allowed) {
            checkPatients(sharedPatients, patients);
        }
    }

    /**
     * As {@link #checkPatients(boolean)}, before any image is read.
     *
     * @param all the patients of the images
     */
    static void checkPatients(Collection<String> all, TrainingImages training) {
        Set<String> patients = new TreeSet<>(all);
        checkPatients(patients.stream().filter(training::hasGroup).toList(), patients.size());
    }

    private static void checkPatients(List<String> sharedPatients, int patients) {
        if (!sharedPatients.isEmpty()) {
            throw new RunException(
                    String.format(
                            Locale.ROOT,
                            "the model was fitted on images of %,d of the %,d patients (%s): the scores would flatter",
                            sharedPatients.size(),
                            patients,
                            String.join(", ", sharedPatients.subList(0, Math.min(LISTED, sharedPatients.size())))
                                    + (sharedPatients.size() > LISTED ? ", ..." : "")),
                    "leave these patients out, or say " + setting("allowSharedPatients"));
        }
    }

    /** Whether the model was fitted on every single image, so that leaving those out would leave none. */
    boolean isAllFitted() {
        return !images.isEmpty() && fitted.size() == images.size();
    }

    /** The positions of the images that are not judged. */
    Set<Integer> leftOut() {
        Set<Integer> rows = new TreeSet<>();
        if (!kept) {
            rows.addAll(within.copies(Side.TEST));
            if (!isAllFitted()) {
                rows.addAll(fitted.keySet());
            }
        }
        return rows;
    }

    /** One line for each thing that a person should know. */
    List<String> describe() {
        List<String> lines = new ArrayList<>();
        if (!known) {
            lines.add("duplicates: it is not known which images the model was fitted on, so they may be among these");
        }
        if (isAllFitted()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "duplicates: the model was fitted on every one of these %,d images (%s): the scores say what it"
                            + " remembers, not how good it is",
                    images.size(),
                    sides()));
        } else if (!fitted.isEmpty()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "duplicates: %,d of these %,d images are identical to images that the model was fitted on (%s); %s: %s",
                    fitted.size(),
                    images.size(),
                    sides(),
                    kept
                            ? "they stay in (" + setting("keepDuplicates") + "), so the scores flatter"
                            : "they are left out",
                    files(fitted.keySet())));
        }
        if (!lookAlikes.isEmpty()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "duplicates: %,d of these images look like images that the model was fitted on, and may be altered"
                            + " copies; they stay in: %s",
                    lookAlikes.size(),
                    files(lookAlikes)));
        }
        Set<Integer> copies = within.copies(Side.TEST);
        if (!kept && !isAllFitted()) {
            copies.removeAll(fitted.keySet()); // are counted above
        }
        int twice = copies.size();
        lines.addAll(within.describe(kept));
        if (twice > 0) {
            lines.add(String.format(
                            Locale.ROOT,
                            "duplicates: %,d further %s within these images ",
                            twice,
                            twice == 1 ? "copy" : "copies")
                    + (kept
                            ? (twice == 1 ? "stays in (" : "stay in (") + setting("keepDuplicates") + ")"
                            : twice == 1 ? "is left out" : "are left out"));
        }
        if (patients > 0) {
            lines.add(
                    knownPatients
                            ? String.format(
                                    Locale.ROOT,
                                    "patients: %,d, %,d shared patients with the images that the model was fitted on%s",
                                    patients,
                                    sharedPatients.size(),
                                    sharedPatients.isEmpty()
                                            ? ""
                                            : " (" + setting("allowSharedPatients") + "), so the scores flatter")
                            : String.format(
                                    Locale.ROOT,
                                    "patients: %,d; it is not known of which patients the model was fitted on images",
                                    patients));
        }
        return lines;
    }

    private String sides() {
        return fitted.values().stream()
                .collect(Collectors.groupingBy(side -> side, java.util.TreeMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(entry -> String.format(
                        Locale.ROOT, "%,d %s", entry.getValue(), entry.getKey().word()))
                .collect(Collectors.joining(", "));
    }

    private String files(Set<Integer> rows) {
        return images.stream()
                        .filter(image -> rows.contains(image.row()))
                        .limit(LISTED)
                        .map(Seen::name)
                        .collect(Collectors.joining("; "))
                + (rows.size() > LISTED ? "; ..." : "");
    }

    /** For a report: counts, and a list of all that was found. */
    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("fitted_images_known", known);
        map.put("kept", kept);
        map.put("fitted", fitted.size());
        Set<Integer> leftOut = leftOut();
        map.put("fitted_judged", (int)
                fitted.keySet().stream().filter(row -> !leftOut.contains(row)).count());
        map.put("look_like_fitted", lookAlikes.size());
        map.putAll(within.counts());
        map.put("left_out", leftOut.size());
        if (patients > 0) {
            map.put("patients", patients);
            map.put("shared_patients_known", knownPatients);
            map.put("shared_patients", sharedPatients.size());
        }
        List<Object> list = new ArrayList<>();
        for (Seen image : images) {
            Optional<Side> side = Optional.ofNullable(fitted.get(image.row()));
            if (side.isPresent() || lookAlikes.contains(image.row())) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("file", image.file());
                entry.put("label", image.label());
                entry.put("like", side.map(Side::word).orElse("looks like a fitted image"));
                entry.put("left_out", leftOut.contains(image.row()));
                list.add(entry);
            }
        }
        for (Finding finding : within.findings()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("file", finding.image().file());
            entry.put("label", finding.image().label());
            entry.put("like", finding.twin().kind().word());
            entry.put("other", finding.other().file());
            entry.put("other_label", finding.other().label());
            entry.put("distance", finding.twin().distance());
            entry.put("left_out", leftOut.contains(finding.image().row()));
            list.add(entry);
        }
        map.put("list", list);
        return map;
    }
}
