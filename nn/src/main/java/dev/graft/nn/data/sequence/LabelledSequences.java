package dev.graft.nn.data.sequence;

import dev.graft.io.file.FileException;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.LabelledDataset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * Sequences of one length, each of a class, as one-hot columns {@code [4, L + context]}.
 *
 * <pre>{@code
 * LabelledSequences data = LabelledSequences.read(Path.of("promoters.tsv")).encoding(OneHotBases.zeros().context(80));
 * }</pre>
 */
public final class LabelledSequences implements LabelledDataset {
    private final List<String> names;
    private final List<String> sequences;
    private final int[] labels;
    private final List<String> classes;
    private final OneHotBases encoding;

    /**
     * @param names what each sequence is called
     * @param sequences their letters, of one length
     * @param labels the class of each, an index into {@code classes}
     * @throws IllegalArgumentException if there is no sequence, or lengths or labels do not fit
     */
    public LabelledSequences(
            List<String> names, List<String> sequences, int[] labels, List<String> classes, OneHotBases encoding) {
        if (sequences.isEmpty() || names.size() != sequences.size() || labels.length != sequences.size()) {
            throw new IllegalArgumentException("labelledSequences: needs a name and a label for each sequence, and at"
                    + " least one (sequences " + sequences.size() + ", names " + names.size() + ", labels "
                    + labels.length + ")");
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= classes.size()) {
                throw new IllegalArgumentException("labelledSequences: label " + labels[i] + " of " + names.get(i)
                        + " is not in [0, " + classes.size() + ")");
            }
            if (sequences.get(i).length() != sequences.get(0).length()) {
                throw new IllegalArgumentException(
                        "labelledSequences: sequences must have one length (" + names.get(0) + " has "
                                + sequences.get(0).length() + " bases, " + names.get(i) + " has "
                                + sequences.get(i).length() + "). Hint: cut them, or pad them with N, to one length.");
            }
        }
        this.names = List.copyOf(names);
        this.sequences = List.copyOf(sequences);
        this.labels = labels.clone();
        this.classes = List.copyOf(classes);
        this.encoding = encoding;
    }

    /**
     * Reads a FASTA file whose headers say {@code label=CLASS}, or a table (tabs between columns, names in its first
     * line) with the columns {@code sequence} and {@code label}, and optionally {@code id}. Classes are sorted by name.
     *
     * @throws FileException naming the line of what is wrong
     */
    public static LabelledSequences read(Path file) {
        List<Row> rows = isTable(file) ? ofTable(file, true) : ofFasta(file, true);
        Row first = rows.get(0);
        for (Row row : rows) {
            if (row.letters.length() != first.letters.length()) {
                throw SequenceFiles.at(
                        file,
                        row.line,
                        row.name + " has " + row.letters.length() + " bases, " + first.name + " at line " + first.line
                                + " has " + first.letters.length(),
                        "cut the sequences, or pad them with N, to one length");
            }
        }
        List<String> classes = new ArrayList<>(
                new TreeSet<>(rows.stream().map(row -> row.label).toList()));
        return new LabelledSequences(
                rows.stream().map(row -> row.name).toList(),
                rows.stream().map(row -> row.letters).toList(),
                rows.stream().mapToInt(row -> classes.indexOf(row.label)).toArray(),
                classes,
                OneHotBases.zeros());
    }

    /**
     * Reads sequences of unknown class: FASTA, or a table with the column {@code sequence} and optionally {@code id}.
     *
     * @param length how many bases each must have
     * @throws FileException naming the line of what is wrong
     */
    public static List<NamedSequence> readUnlabelled(Path file, int length) {
        List<Row> rows = isTable(file) ? ofTable(file, false) : ofFasta(file, false);
        for (Row row : rows) {
            if (row.letters.length() != length) {
                throw SequenceFiles.at(
                        file,
                        row.line,
                        row.name + " has " + row.letters.length() + " bases, and the model needs " + length,
                        "cut it, or pad it with N, to that length");
            }
        }
        return rows.stream()
                .map(row -> new NamedSequence(row.name, "", row.letters))
                .toList();
    }

    private static boolean isTable(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\.b?gz$", "");
        return name.endsWith(".tsv") || name.endsWith(".txt");
    }

    private record Row(String name, String letters, String label, long line) {}

    private static List<Row> ofFasta(Path file, boolean isLabelled) {
        List<Row> rows = new ArrayList<>();
        byte[] piece = new byte[4096];
        try (FastaReader reader = FastaReader.open(file)) {
            while (reader.next()) {
                String label = isLabelled ? label(file, reader) : "";
                StringBuilder letters = new StringBuilder();
                for (int n = reader.read(piece, 0, piece.length); n > 0; n = reader.read(piece, 0, piece.length)) {
                    letters.append(Nucleotides.text(Arrays.copyOf(piece, n)));
                }
                rows.add(new Row(reader.name(), letters.toString(), label, reader.line()));
            }
        }
        return rows;
    }

    private static String label(Path file, FastaReader reader) {
        return Arrays.stream((reader.name() + " " + reader.description()).split("\\s+", -1))
                .filter(word -> word.startsWith("label="))
                .map(word -> word.substring("label=".length()))
                .filter(word -> !word.isEmpty())
                .findFirst()
                .orElseThrow(() -> SequenceFiles.at(
                        file,
                        reader.line(),
                        "the header of " + reader.name() + " does not say its class",
                        "write >name label=CLASS"));
    }

    private static List<Row> ofTable(Path file, boolean isLabelled) {
        List<Row> rows = new ArrayList<>();
        try (TextLines lines = new TextLines(file)) {
            List<String> header = Arrays.asList(lines.next().orElse("").split("\t", -1));
            int letters = column(lines, header, "sequence");
            int label = isLabelled ? column(lines, header, "label") : 0;
            int id = header.indexOf("id");
            for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
                if (line.get().isBlank()) {
                    continue;
                }
                String[] columns = line.get().split("\t", -1);
                if (columns.length != header.size()) {
                    throw lines.wrong(
                            "has " + columns.length + " columns, the first line " + header.size(),
                            "separate the columns by single tabs");
                }
                String sequence = columns[letters].strip();
                if (!VcfReader.isSequence(sequence)) {
                    throw lines.wrong(
                            sequence.isEmpty()
                                    ? "the sequence is empty"
                                    : "the sequence has a letter that is no nucleotide's",
                            "letters are ACGTU, N and IUPAC's other ambiguity codes");
                }
                if (isLabelled && columns[label].isBlank()) {
                    throw lines.wrong("the label is empty", "write the sequence's class");
                }
                String name = id < 0 ? "line " + lines.line() : columns[id];
                rows.add(new Row(name, sequence, isLabelled ? columns[label].strip() : "", lines.line()));
            }
        }
        if (rows.isEmpty()) {
            throw new FileException(file + " has no sequence", "write one sequence a line after the columns' names");
        }
        return rows;
    }

    private static int column(TextLines lines, List<String> header, String name) {
        int at = header.indexOf(name);
        if (at < 0) {
            throw lines.wrong(
                    "no column is named " + name + " (there are " + String.join(", ", header) + ")",
                    "name the columns sequence and label in the first line, separated by tabs");
        }
        return at;
    }

    /** The same sequences in another encoding. */
    public LabelledSequences encoding(OneHotBases other) {
        return new LabelledSequences(names, sequences, labels, classes, other);
    }

    /** What each sequence is called. */
    public List<String> names() {
        return names;
    }

    /** The letters of each sequence. */
    public List<String> sequences() {
        return sequences;
    }

    /** The number of bases of every sequence. */
    public int length() {
        return sequences.get(0).length();
    }

    @Override
    public int size() {
        return sequences.size();
    }

    @Override
    public Example get(int index, RandomGenerator random) {
        return Example.of(encoding.encode(sequences.get(index)), labels[index]);
    }

    @Override
    public String describe(int index) {
        return names.get(index);
    }

    @Override
    public int[] labels() {
        return labels.clone();
    }

    @Override
    public int label(int index) {
        return labels[index];
    }

    @Override
    public List<String> classes() {
        return classes;
    }
}
