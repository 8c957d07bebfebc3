package dev.graft.examples.genomics;

import dev.graft.io.file.FileException;
import dev.graft.nn.data.sequence.FastaReader;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.NamedSequence;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.nn.data.sequence.SequenceSplit;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/** Published sets of labelled sequences, read from a folder by their names; two of five folds are held back. */
public final class KnownSets {
    private static final int FOLDS = 5;
    private static final int HELD_FOLDS = 2;
    private static final List<String> UCI_CLASSES = List.of("EI", "IE", "N");

    /** Outputs of a network that knows splice sites: none, acceptor, donor. */
    public static final int SPLICE_OUTPUTS = 3;

    private KnownSets() {}

    /** Sets that are read from a folder by their names. */
    public enum KnownSet {
        UCI,
        ECOLI,
        BACILLUS,
        ARABIDOPSIS,
        MOUSE
    }

    /**
     * One of the known sets.
     *
     * @param folder with {@code uci_splice/splice.data} and {@code cnnprom_promoters/*.fa}
     * @param splits a table of set, index, id, label, group and fold; without it, the set is split here
     * @param subsets a table of set, seed and the training pool's indices in their order; without it, they are shuffled
     */
    public static SequenceSplit read(
            Path folder, KnownSet set, Optional<Path> splits, Optional<Path> subsets, long seed) {
        LabelledSequences sequences = sequences(folder, set);
        if (splits.isEmpty()) {
            return SequenceSplit.grouped(sequences, seed);
        }
        String name = set.name().toLowerCase(Locale.ROOT);
        int[] fold = folds(splits.get(), name, sequences.labels());
        boolean[] held = new boolean[fold.length];
        for (int i = 0; i < fold.length; i++) {
            held[i] = fold[i] < HELD_FOLDS;
        }
        return subsets.isPresent()
                ? SequenceSplit.ordered(sequences, held, order(subsets.get(), name, seed, held))
                : SequenceSplit.shuffled(sequences, held, seed);
    }

    private static LabelledSequences sequences(Path folder, KnownSet set) {
        Path promoters = folder.resolve("cnnprom_promoters");
        return switch (set) {
            case UCI -> uci(folder.resolve("uci_splice/splice.data"));
            case ECOLI -> promoters(promoters, "Ecoli_prom.fa", "Ecoli_non_prom.fa");
            case BACILLUS -> promoters(promoters, "Bacillus_prom.fa", "Bacillus_non_prom.fa");
            case ARABIDOPSIS -> promoters(promoters, "Arabidopsis_tata.fa", "Arabidopsis_non_prom.fa");
            case MOUSE -> promoters(promoters, "Mouse_tata.fa", "Mouse_nonprom.fa");
        };
    }

    private static LabelledSequences promoters(Path folder, String positive, String negative) {
        List<NamedSequence> yes = FastaReader.readAll(folder.resolve(positive));
        List<NamedSequence> all = new ArrayList<>(yes);
        all.addAll(FastaReader.readAll(folder.resolve(negative)));
        return new LabelledSequences(
                all.stream().map(NamedSequence::name).toList(),
                all.stream().map(NamedSequence::letters).toList(),
                IntStream.range(0, all.size()).map(i -> i < yes.size() ? 1 : 0).toArray(),
                List.of("other", "promoter"),
                OneHotBases.zeros());
    }

    private static LabelledSequences uci(Path file) {
        List<String> names = new ArrayList<>();
        List<String> letters = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        lines(file, (number, line) -> {
            String[] columns = line.split(",", -1);
            int label = UCI_CLASSES.indexOf(columns[0].strip());
            if (columns.length != 3 || label < 0) {
                throw new FileException(
                        file + " line " + number + " is no line of the UCI splice data",
                        "a line is EI, IE or N, a name and a sequence, separated by commas");
            }
            labels.add(label);
            names.add(columns[1].strip());
            letters.add(columns[2].strip());
        });
        return new LabelledSequences(
                names,
                letters,
                labels.stream().mapToInt(Integer::intValue).toArray(),
                UCI_CLASSES,
                OneHotBases.zeros());
    }

    private static int[] folds(Path file, String set, int[] labels) {
        int[] fold = new int[labels.length];
        Arrays.fill(fold, -1);
        lines(file, (number, line) -> {
            if (line.startsWith(set + ",")) {
                String[] columns = line.split(",", -1);
                if (columns.length < 6) { // an id may have commas
                    throw new FileException(
                            file + " line " + number + " has " + columns.length + " columns",
                            "it needs set, index, id, label, group and fold, separated by commas");
                }
                int i = number(file, number, columns[1], "the index", labels.length - 1);
                int label = number(file, number, columns[columns.length - 3], "the label", Integer.MAX_VALUE);
                if (label != labels[i]) {
                    throw new FileException(
                            file + " line " + number + ": the label of sequence " + i + " is " + label
                                    + ", in the data " + labels[i],
                            "name the table of these sequences, in their order");
                }
                fold[i] = number(file, number, columns[columns.length - 1], "the fold", FOLDS - 1);
            }
        });
        if (Arrays.stream(fold).anyMatch(f -> f < 0)) {
            throw new FileException(
                    file + " does not say the fold of every sequence of " + set, "name the table of these sequences");
        }
        return fold;
    }

    private static int[] order(Path file, String set, long seed, boolean[] held) {
        List<int[]> found = new ArrayList<>();
        lines(file, (number, line) -> {
            if (line.startsWith(set + "," + seed + ",")) {
                int[] order = Arrays.stream(line.split(",", 3)[2].strip().split(" +", -1))
                        .mapToInt(index -> number(file, number, index, "the index", held.length - 1))
                        .toArray();
                for (int i : order) {
                    if (held[i]) {
                        throw new FileException(
                                file + " line " + number + " draws sequence " + i + " of " + set
                                        + ", which is held back",
                                "name the table of the same splits");
                    }
                }
                if (Arrays.stream(order).distinct().count() < order.length) {
                    throw new FileException(
                            file + " line " + number + " draws a sequence of " + set + " twice",
                            "name each sequence once");
                }
                found.add(order);
            }
        });
        if (found.isEmpty()) {
            throw new FileException(
                    file + " has no row of " + set + " and seed " + seed, "use another seed, such as 0");
        }
        return found.get(0);
    }

    private static int number(Path file, int line, String text, String what, int most) {
        String digits = text.strip();
        if (!digits.matches("\\d{1,9}") || Integer.parseInt(digits) > most) {
            throw new FileException(
                    file + " line " + line + ": " + what + " is '" + digits + "'",
                    most == Integer.MAX_VALUE ? "it must be a whole number" : "it must be from 0 to " + most);
        }
        return Integer.parseInt(digits);
    }

    private interface EachLine {
        void take(int number, String line);
    }

    private static void lines(Path file, EachLine each) {
        try (InputStream raw = Files.newInputStream(file);
                BufferedReader reader = new BufferedReader(new InputStreamReader(
                        file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw, StandardCharsets.UTF_8))) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                if (!line.isBlank()) {
                    each.take(number, line);
                }
            }
        } catch (IOException e) {
            throw new FileException(file + " cannot be read", "check the path", e);
        }
    }
}
