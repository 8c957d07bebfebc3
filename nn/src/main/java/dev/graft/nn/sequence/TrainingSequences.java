package dev.graft.nn.sequence;

import dev.graft.io.file.Sha256;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.run.ResultFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * The labelled sequences that a network has learnt from, also those of the network that it began with, as hashes: the
 * SHA-256 of the upper-case letters, U as T, of the strand that comes first in the alphabet. They are in a run's
 * {@code fingerprints.csv}, whose own hash is in the model's card. It tells nothing of sequences that are almost the
 * same.
 *
 * @param hashes in hexadecimal
 */
record TrainingSequences(Set<String> hashes) {
    private static final String HEADER = "sha256";
    private static final String HASH = "[0-9a-f]{64}";

    TrainingSequences {
        hashes = Set.copyOf(hashes);
    }

    /**
     * Those of a network to begin a transfer with: none of a weight file, nor of a network that was pretrained without
     * labels.
     *
     * @throws ModelException if a transferred network's folder does not tell them
     */
    static TrainingSequences of(Path place) {
        if (!PretrainedNetwork.isTransferred(place)) {
            return new TrainingSequences(Set.of());
        }
        Path file = place.resolve(ResultFiles.FINGERPRINTS);
        if (!Files.isRegularFile(file)
                || ModelCard.read(place).changedFiles(place).contains(ResultFiles.FINGERPRINTS)) {
            throw unknown(file, "is missing, or not as the training wrote it");
        }
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + " cannot be read. Hint: check its permissions.", e);
        }
        List<String> rows = lines.subList(Math.min(1, lines.size()), lines.size());
        if (lines.isEmpty() || !lines.get(0).equals(HEADER) || !rows.stream().allMatch(row -> row.matches(HASH))) {
            throw unknown(file, "is no table of hashes");
        }
        return new TrainingSequences(Set.copyOf(rows));
    }

    private static ModelException unknown(Path file, String what) {
        return new ModelException(
                file + " " + what + ", so nothing tells which sequences this network has learnt from: it may have"
                        + " learnt from those that are to judge it",
                "train its folder again, or begin with the weights that it began with");
    }

    boolean has(String letters) {
        return hashes.contains(hash(letters));
    }

    /** These and others. */
    TrainingSequences and(LabelledSequences sequences, int... rows) {
        Set<String> all = new TreeSet<>(hashes);
        for (int row : rows) {
            all.add(hash(sequences.sequences().get(row)));
        }
        return new TrainingSequences(all);
    }

    private static String hash(String letters) {
        String strand = letters.toUpperCase(Locale.ROOT).replace('U', 'T');
        String other = Nucleotides.reverseComplement(strand);
        return Sha256.of(strand.compareTo(other) <= 0 ? strand : other);
    }

    /** The file's content. */
    String toCsv() {
        List<String> lines = new ArrayList<>(List.of(HEADER));
        lines.addAll(new TreeSet<>(hashes));
        return String.join("\n", lines) + "\n";
    }
}
