package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.nn.run.RunException;
import dev.graft.vision.data.ImageCsv;
import dev.graft.vision.data.ImageDataset;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Which patients have images on which side. A network that is judged on patients it has seen is judged too well.
 *
 * @param sources where they are named, in words; training first
 * @param otherNames the columns of a list that names no patients
 * @param train the patients with training images; empty where they are not known
 * @param held the patients with validation images; empty where they are not known
 */
record Patients(List<String> sources, List<String> otherNames, Set<String> train, Set<String> held) {
    private static final int LISTED = 5;

    static Patients of(ImageDataset all, int[] trainRows, ImageDataset held, int[] heldRows) {
        List<String> sources = Stream.of(all, held)
                .map(ImageDataset::groupedBy)
                .flatMap(Optional::stream)
                .distinct()
                .toList();
        List<String> others = Stream.of(all, held)
                .filter(data -> data.groupedBy().isEmpty())
                .map(data -> data instanceof ImageCsv csv ? csv.columns() : List.<String>of())
                .filter(header -> !header.isEmpty())
                .findFirst()
                .orElse(List.of());
        return new Patients(sources, others, of(all, trainRows), of(held, heldRows));
    }

    private static Set<String> of(ImageDataset data, int[] rows) {
        Set<String> names = new TreeSet<>();
        data.groups()
                .ifPresent(groups -> Arrays.stream(rows).mapToObj(groups::get).forEach(names::add));
        return names;
    }

    /** Those on both sides. */
    List<String> shared() {
        return held.stream().filter(train::contains).toList();
    }

    /** @throws RunException where some are on both sides, unless that is allowed */
    void check(ImageSource source) {
        List<String> shared = shared();
        if (!shared.isEmpty() && !source.sharedPatients()) {
            String listed = String.join(", ", shared.subList(0, Math.min(LISTED, shared.size())))
                    + (shared.size() > LISTED ? ", ..." : "");
            throw new RunException(
                    String.format(
                            Locale.ROOT,
                            "%,d of the %,d patients in %s are also in %s (%s): the scores would flatter",
                            shared.size(),
                            held.size(),
                            source.validation().orElse(source.data()),
                            source.data(),
                            listed),
                    "give each patient's images to one side, or say " + setting("allowSharedPatients"));
        }
    }

    /** Of sides of which one is a fold: text. */
    String sharedWithFold() {
        return held.isEmpty()
                ? "patients are not known"
                : String.format(
                        Locale.ROOT,
                        "%,d patients, %,d shared patients with those that it is fitted on",
                        held.size(),
                        shared().size());
    }

    /** One line of text. */
    String describe() {
        if (train.isEmpty() && held.isEmpty()) {
            return "patients: not known"
                    + (otherNames.isEmpty()
                            ? ""
                            : ", because there is no column 'patient' (the columns are " + String.join(", ", otherNames)
                                    + ")")
                    + ": one patient's images may be on both sides. Hint: say by " + setting("group")
                    + " what names the patient";
        }
        if (train.isEmpty() || held.isEmpty()) {
            return "patients: only the " + (held.isEmpty() ? "training" : "validation") + " images have them ("
                    + sources.get(0) + "), so it is unknown whether some are in both";
        }
        int shared = shared().size();
        return String.format(
                Locale.ROOT,
                "patients: %s %s %,d in training and %,d in validation, %,d shared patients%s",
                String.join(" and ", sources),
                sources.size() == 1 ? "names" : "name",
                train.size(),
                held.size(),
                shared,
                shared == 0 ? "" : " (" + setting("allowSharedPatients") + "), so the scores flatter");
    }
}
