package dev.graft.nn.data.sequence;

import dev.graft.io.file.FileException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Any part of a FASTA file, plain or compressed by bgzip, read from the disk when it is asked for. The index
 * {@code FILE.fai}, as {@code samtools faidx} writes it, is used if it lies beside the file; otherwise the file is read
 * once to find where its sequences are.
 *
 * <pre>{@code
 * try (IndexedFasta genome = IndexedFasta.open(Path.of("genome.fa"))) {
 *     String exon = genome.letters("chr22", 20_000_000, 20_000_100);
 * }
 * }</pre>
 *
 * <p>Not safe for use by several threads at once.
 */
public final class IndexedFasta implements AutoCloseable {
    private final Path file;
    private final RandomBytes bytes;
    private final Map<String, Entry> entries;

    /** Where a sequence lies: {@code bases} in lines of {@code lineBases}, which are {@code lineBytes} long. */
    record Entry(long bases, long offset, long lineBases, long lineBytes) {
        long place(long base) {
            return offset + base / lineBases * lineBytes + base % lineBases;
        }
    }

    private IndexedFasta(Path file, RandomBytes bytes, Map<String, Entry> entries) {
        this.file = file;
        this.bytes = bytes;
        this.entries = entries;
    }

    /**
     * Opens a file and finds where its sequences are.
     *
     * @throws FileException if the file is missing, is no FASTA file, has lines of unequal lengths, or is compressed by
     *     gzip, which cannot be read from the middle
     */
    public static IndexedFasta open(Path file) {
        if (SequenceFiles.packing(file) == SequenceFiles.Packing.GZIP) {
            throw new FileException(
                    file + " is compressed by gzip, which has no index", "decompress it, or compress it by bgzip");
        }
        Path index = file.resolveSibling(file.getFileName() + ".fai");
        Map<String, Entry> entries = Files.exists(index) ? readIndex(index) : scan(file);
        RandomBytes bytes = RandomBytes.open(file);
        IndexedFasta fasta = new IndexedFasta(file, bytes, entries);
        try {
            if (Files.exists(index)) {
                fasta.checkIndex(index);
            }
        } catch (RuntimeException e) {
            fasta.close();
            throw e;
        }
        return fasta;
    }

    private static Map<String, Entry> readIndex(Path index) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        try (TextLines lines = new TextLines(index)) {
            for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
                String[] columns = line.get().split("\t", -1);
                if (columns.length < 5) {
                    throw lines.wrong("has " + columns.length + " columns, not 5", "write it anew by samtools faidx");
                }
                long[] numbers = new long[4];
                for (int i = 0; i < 4; i++) {
                    numbers[i] = lines.number(columns[i + 1], "column " + (i + 2), i == 1 ? 0 : 1, Long.MAX_VALUE);
                }
                entries.put(columns[0], new Entry(numbers[0], numbers[1], numbers[2], numbers[3]));
            }
        }
        return entries;
    }

    /** An index that is older than its file points into the middle of lines. */
    private void checkIndex(Path index) {
        for (Map.Entry<String, Entry> each : entries.entrySet()) {
            Entry entry = each.getValue();
            long last = entry.place(entry.bases - 1);
            byte[] around = new byte[1];
            boolean fits = entry.offset > 0
                    && last < bytes.size()
                    && bytes.read(entry.offset - 1, around) == 1
                    && around[0] == '\n'
                    && bytes.read(last, around) == 1
                    && Nucleotides.isLetter(around[0])
                    && (bytes.read(last + 1, around) == 0 || around[0] == '\n' || around[0] == '\r');
            if (!fits) {
                throw new FileException(
                        index + " does not fit " + file + " at the sequence " + each.getKey(),
                        "delete it, or write it anew by samtools faidx");
            }
        }
    }

    private static Map<String, Entry> scan(Path file) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        // the reader's messages say what is no FASTA
        try (FastaReader reader = FastaReader.open(file)) {
            while (reader.next()) {
                if (entries.put(reader.name(), new Entry(0, 0, 1, 1)) != null) {
                    throw SequenceFiles.at(
                            file, reader.line(), "a second sequence is named " + reader.name(), "rename one of them");
                }
            }
        }
        try (InputStream in = SequenceFiles.open(file)) {
            new FastaLines(file, entries).scan(in);
        } catch (IOException e) {
            throw SequenceFiles.unreadable(file, 0, e);
        }
        return entries;
    }

    /** The names of the sequences in the file's order. */
    public List<String> names() {
        return List.copyOf(entries.keySet());
    }

    /** Whether there is a sequence of this name. */
    public boolean contains(String name) {
        return entries.containsKey(name);
    }

    /** The number of bases of a sequence. */
    public long length(String name) {
        return entry(name).bases;
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new FileException(
                    file + " has no sequence named " + name,
                    "it has " + String.join(", ", names().subList(0, Math.min(5, entries.size())))
                            + (entries.size() > 5 ? " and " + (entries.size() - 5) + " more" : ""));
        }
        return entry;
    }

    /**
     * The letters {@code [from, to)} of a sequence, counted from 0; N for what lies before its beginning or after its
     * end.
     */
    public byte[] window(String name, long from, long to) {
        Entry entry = entry(name);
        if (to < from || to - from > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("fasta: no window is [" + from + ", " + to + ")");
        }
        byte[] window = new byte[(int) (to - from)];
        Arrays.fill(window, (byte) 'N');
        long first = Math.max(0, from);
        long end = Math.min(entry.bases, to);
        if (first >= end) {
            return window;
        }
        long place = entry.place(first);
        byte[] raw = new byte[Math.toIntExact(entry.place(end - 1) + 1 - place)];
        int read = bytes.read(place, raw);
        int at = (int) (first - from);
        for (int i = 0; i < read && at < end - from; i++) {
            if (raw[i] > ' ') {
                if (!Nucleotides.isLetter(raw[i])) {
                    throw new FileException(
                            file + ": '" + (char) raw[i] + "' in " + name + " is no letter of a nucleotide sequence",
                            "if the file has changed, delete its .fai");
                }
                window[at++] = raw[i];
            }
        }
        if (at < end - from) {
            throw new FileException(
                    file + " is cut off within " + name, "copy it again, and delete its .fai if it has changed");
        }
        return window;
    }

    /** The letters {@code [from, to)} of a sequence as text; N outside of it. */
    public String letters(String name, long from, long to) {
        return Nucleotides.text(window(name, from, to));
    }

    @Override
    public void close() {
        bytes.close();
    }
}
