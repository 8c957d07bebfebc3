package dev.graft.nn.table;

import dev.graft.io.file.Sha256;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableCases;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Whose rows a model was fitted on, also those of the model that it was adapted from: a salted hash of each patient's
 * id. The salt is beside the hash, so it hides nobody from those who can guess ids: it is there so that two folders
 * cannot be matched, nor ids be looked up in a table made before.
 */
final class TrainingPatients {
    /** The file in a model's folder. */
    static final String FILE = "training-patients.csv";

    /** Those by whom a model's temperature and threshold were chosen. */
    static final String DECIDERS = "validation-patients.csv";

    /** What is not known without a column of the patient. */
    static final String NO_COLUMN = "the schema names no column of the patient, so patients who judge may have trained"
            + " the model too; the scores may be too good";

    private static final String HASH = "sha256";
    private static final String SALT = "salt";
    /** In place of a hash: there are others, and it is not known who. */
    private static final String OTHERS = "others";

    private static final int SALT_BYTES = 16;

    /** By salt, in the order of the file. */
    private final Map<String, Set<String>> hashes;

    private final boolean isComplete;

    private TrainingPatients(Map<String, Set<String>> hashes, boolean isComplete) {
        this.hashes = hashes;
        this.isComplete = isComplete;
    }

    /** Nobody is known. */
    static TrainingPatients unknown() {
        return new TrainingPatients(Map.of(), false);
    }

    /** Nobody. */
    static TrainingPatients none() {
        return new TrainingPatients(Map.of(), true);
    }

    /** Those of a model's folder. */
    static TrainingPatients read(Path folder) {
        return read(folder, FILE);
    }

    /** Those of a file of a model's folder. */
    static TrainingPatients read(Path folder, String name) {
        Path file = folder.resolve(name);
        if (!Files.isRegularFile(file)) {
            return unknown();
        }
        Table table = Table.read(file);
        boolean salted = table.header().contains(SALT); // older folders have none
        Map<String, Set<String>> hashes = new LinkedHashMap<>();
        boolean isComplete = true;
        for (int row = 0; row < table.size(); row++) {
            String hash = table.value(row, HASH);
            if (hash.equals(OTHERS)) {
                isComplete = false;
            } else {
                hashes.computeIfAbsent(salted ? table.value(row, SALT) : "", salt -> new HashSet<>())
                        .add(hash);
            }
        }
        return new TrainingPatients(hashes, isComplete);
    }

    /** Whether all are known. */
    boolean isComplete() {
        return isComplete;
    }

    boolean has(String patient) {
        return hashes.entrySet().stream()
                .anyMatch(entry -> entry.getValue().contains(Sha256.of(entry.getKey() + patient)));
    }

    /** The indices of cases of other patients, and of those whose patient is not told. */
    int[] unseen(TableCases cases) {
        List<String> patients = cases.patients();
        Map<String, Boolean> known = new HashMap<>();
        return IntStream.range(0, cases.size())
                .filter(i -> patients.get(i).isEmpty() || !known.computeIfAbsent(patients.get(i), this::has))
                .toArray();
    }

    /** These and others, the new ones by a new salt. */
    TrainingPatients and(Collection<String> patients) {
        byte[] random = new byte[SALT_BYTES];
        new SecureRandom().nextBytes(random);
        String salt = HexFormat.of().formatHex(random);
        Set<String> added = new HashSet<>();
        for (String patient : new HashSet<>(patients)) {
            if (!has(patient)) {
                added.add(Sha256.of(salt + patient));
            }
        }
        Map<String, Set<String>> all = new LinkedHashMap<>(hashes);
        all.put(salt, added);
        return new TrainingPatients(all, isComplete);
    }

    /** These and some of whom nothing is known. */
    TrainingPatients andOthers() {
        return new TrainingPatients(hashes, false);
    }

    /** The file. */
    String toCsv() {
        List<String> lines = new ArrayList<>();
        lines.add(HASH + "," + SALT);
        if (!isComplete) {
            lines.add(OTHERS + ",");
        }
        hashes.forEach((salt, of) -> of.stream().sorted().forEach(hash -> lines.add(hash + "," + salt)));
        return String.join("\n", lines) + "\n";
    }
}
