package dev.graft.examples.genomics;

import dev.graft.io.file.FileException;
import dev.graft.nn.data.Folds;
import dev.graft.nn.data.sequence.FastaReader;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.NamedSequence;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.nn.data.sequence.SequenceGroups;
import dev.graft.random.Draw;
import dev.graft.random.RandomStream;
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
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/**
 * Labelled sequences, which of them are held back, and the order in which the others are drawn for training. Two of
 * five folds are held back; near-identical sequences are in one fold.
 */
public final class TransferData {
    private static final int FOLDS = 5;
    private static final int HELD_FOLDS = 2;
    private static final String UCI = "uci";
    private static final List<String> UCI_CLASSES = List.of("EI", "IE", "N");

    private final String name;
    private final LabelledSequences sequences;
    private final SequenceGroups groups;
    private final boolean[] held;
    private final int[] pool;

    private TransferData(String name, LabelledSequences sequences, SequenceGroups groups, boolean[] held, int[] pool) {
        this.name = name;
        this.sequences = sequences;
        this.groups = groups;
        this.held = held;
        this.pool = pool;
    }

    /** Sets that are read from a folder by their names. */
    public enum KnownSet {
        UCI,
        ECOLI,
        BACILLUS,
        ARABIDOPSIS,
        MOUSE
    }

    /** A user's own sequences; they are grouped and split here. */
    public static TransferData own(Path file, long seed) {
        return split("own", LabelledSequences.read(file), seed);
    }

    private static TransferData split(String name, LabelledSequences sequences, long seed) {
        SequenceGroups groups = SequenceGroups.of(sequences.sequences());
        List<Integer> group = Arrays.stream(groups.groupOf()).boxed().toList();
        int[] fold = Folds.grouped(group, sequences.labels(), FOLDS, seed).foldOf();
        boolean[] held = new boolean[fold.length];
        for (int i = 0; i < fold.length; i++) {
            held[i] = fold[i] < HELD_FOLDS;
        }
        int[] pool = IntStream.range(0, fold.length).filter(i -> !held[i]).toArray();
        Draw.shuffle(pool, RandomStream.of(seed, "transfer.pool"));
        return new TransferData(name, sequences, groups, held, pool);
    }

    /**
     * One of the known sets.
     *
     * @param folder with {@code uci_splice/splice.data} and {@code cnnprom_promoters/*.fa}
     * @param splits a table of set, index, id, label, group and fold; without it, the set is split here
     * @param subsets a table of set, seed and the training pool's indices in their order; without it, they are shuffled
     */
    public static TransferData known(
            Path folder, KnownSet set, Optional<Path> splits, Optional<Path> subsets, long seed) {
        String name = set.name().toLowerCase(java.util.Locale.ROOT);
        LabelledSequences sequences = sequences(folder, set);
        TransferData data = split(name, sequences, seed);
        if (splits.isPresent()) {
            int[] fold = folds(splits.get(), name, sequences.labels());
            boolean[] held = new boolean[fold.length];
            for (int i = 0; i < fold.length; i++) {
                held[i] = fold[i] < HELD_FOLDS;
            }
            int[] pool = subsets.isPresent()
                    ? order(subsets.get(), name, seed, held)
                    : Arrays.stream(data.pool).filter(i -> !held[i]).toArray();
            return new TransferData(name, sequences, data.groups, held, pool);
        }
        return data;
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
        lines(file, line -> {
            String[] columns = line.split(",", -1);
            int label = UCI_CLASSES.indexOf(columns[0].strip());
            if (columns.length != 3 || label < 0) {
                throw new FileException(
                        file + " line " + (names.size() + 1) + " is no line of the UCI splice data",
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
        lines(file, line -> {
            if (line.startsWith(set + ",")) {
                String[] first = line.split(",", 3);
                String[] last = line.substring(line.lastIndexOf(',', line.lastIndexOf(',') - 1) + 1)
                        .split(",", -1);
                fold[Integer.parseInt(first[1])] = Integer.parseInt(last[1]);
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
        lines(file, line -> {
            if (line.startsWith(set + "," + seed + ",")) {
                found.add(Arrays.stream(line.split(",", 3)[2].strip().split(" +", -1))
                        .mapToInt(Integer::parseInt)
                        .toArray());
            }
        });
        if (found.isEmpty()) {
            throw new FileException(
                    file + " has no row of " + set + " and seed " + seed, "use another seed, such as 0");
        }
        if (Arrays.stream(found.get(0)).anyMatch(i -> i >= held.length || held[i])) {
            throw new FileException(
                    file + " draws sequences of " + set + " that are held back", "name the table of the same splits");
        }
        return found.get(0);
    }

    private static void lines(Path file, Consumer<String> each) {
        try (InputStream raw = Files.newInputStream(file);
                BufferedReader reader = new BufferedReader(new InputStreamReader(
                        file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw, StandardCharsets.UTF_8))) {
            reader.lines().filter(line -> !line.isBlank()).forEach(each);
        } catch (IOException | java.io.UncheckedIOException e) {
            throw new FileException(file + " cannot be read", "check the path", e);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw new FileException(file + " is not the table that it should be", "check the path", e);
        }
    }

    /** The set's name. */
    public String name() {
        return name;
    }

    /** All sequences. */
    public LabelledSequences sequences() {
        return sequences;
    }

    /** Near-identical sequences. */
    public SequenceGroups groups() {
        return groups;
    }

    /** Whether a donor's and an acceptor's boundary lie in the middle, so that a splice model can answer as it is. */
    public boolean isSplice() {
        return name.equals(UCI);
    }

    /** The sequences that are held back. */
    public int[] test() {
        return IntStream.range(0, held.length).filter(i -> held[i]).toArray();
    }

    /** The first sequences of the pool, or all. */
    public int[] train(int size) {
        return Arrays.copyOf(pool, Math.min(size, pool.length));
    }

    /** How many sequences may be trained on. */
    public int poolSize() {
        return pool.length;
    }

    /** How many held sequences have a near-identical one in the pool: none, if the split was grouped likewise. */
    public int leaked() {
        return groups.leaked(held);
    }

    /** How many would have, had two fifths been held back at random. */
    public int leakedAtRandom(long seed) {
        int[] order = IntStream.range(0, held.length).toArray();
        Draw.shuffle(order, RandomStream.of(seed, "transfer.random"));
        boolean[] random = new boolean[held.length];
        for (int i = 0; i < held.length * HELD_FOLDS / FOLDS; i++) {
            random[order[i]] = true;
        }
        return groups.leaked(random);
    }
}
