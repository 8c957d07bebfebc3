package dev.graft.nn.data.sequence;

import dev.graft.io.file.FileException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a FASTA file (plain, gzip or bgzip) from the beginning to the end, without holding a sequence in memory.
 *
 * <pre>{@code
 * try (FastaReader fasta = FastaReader.open(Path.of("chr22.fa.gz"))) {
 *     byte[] letters = new byte[1 << 16];
 *     while (fasta.next()) {
 *         for (int n = fasta.read(letters, 0, letters.length); n > 0; n = fasta.read(letters, 0, letters.length)) {
 *             ...
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>Letters keep their case. Blank lines, and lines that begin with a semicolon, are skipped. A {@link FileException}
 * names the line of what is wrong: no header, a letter that no nucleotide sequence has, a record without bases.
 */
public final class FastaReader implements AutoCloseable {
    private final Path file;
    private final InputStream in;
    private final byte[] buffer = new byte[1 << 16];
    private int at;
    private int end;
    private long line = 1;
    private boolean lineStart = true;
    /** The letter at the beginning of the next header has been seen. */
    private boolean header;

    private boolean inRecord;
    private long headerLine;
    private long bases;
    private String name = "";
    private String description = "";

    private FastaReader(Path file) {
        this.file = file;
        this.in = SequenceFiles.open(file);
    }

    /**
     * Opens a file before its first record.
     *
     * @throws FileException if the file is missing, empty, damaged or not FASTA
     */
    public static FastaReader open(Path file) {
        FastaReader reader = new FastaReader(file);
        try {
            reader.findFirstHeader();
        } catch (RuntimeException e) {
            reader.close();
            throw e;
        }
        return reader;
    }

    /** All sequences of a file, for one that fits into memory. */
    public static List<NamedSequence> readAll(Path file) {
        List<NamedSequence> all = new ArrayList<>();
        byte[] piece = new byte[1 << 16];
        try (FastaReader reader = open(file)) {
            while (reader.next()) {
                ByteArrayOutputStream letters = new ByteArrayOutputStream();
                for (int n = reader.read(piece, 0, piece.length); n > 0; n = reader.read(piece, 0, piece.length)) {
                    letters.write(piece, 0, n);
                }
                all.add(new NamedSequence(
                        reader.name(), reader.description(), letters.toString(StandardCharsets.ISO_8859_1)));
            }
        }
        return all;
    }

    private void findFirstHeader() {
        while (true) {
            int letter = peek();
            if (letter < 0) {
                throw new FileException(
                        file + " has no sequence", "a FASTA file has a line >name before each sequence");
            } else if (letter == ';') {
                skipLine();
            } else if (letter == '>') {
                header = true;
                return;
            } else if (letter == '\n' || letter == '\r' || letter == ' ' || letter == '\t') {
                take();
            } else {
                throw wrong(
                        "is not FASTA, whose first line begins with >",
                        "write a line >name before each sequence; a table of sequences ends in .tsv");
            }
        }
    }

    /**
     * Moves to the next record, over what is left of the current one.
     *
     * @return whether there is one
     */
    public boolean next() {
        byte[] rest = new byte[8192];
        while (inRecord && read(rest, 0, rest.length) > 0) {
            // the rest is checked too
        }
        inRecord = false;
        if (!header) {
            return false;
        }
        header = false;
        headerLine = line;
        String[] words = restOfLine().substring(1).strip().split("\\s+", 2);
        name = words[0];
        description = words.length < 2 ? "" : words[1];
        bases = 0;
        inRecord = true;
        return true;
    }

    /** The first word of the current header. */
    public String name() {
        return name;
    }

    /** The rest of the current header. */
    public String description() {
        return description;
    }

    /** The line of the current header, from 1. */
    public long line() {
        return headerLine;
    }

    /**
     * The next letters of the current record.
     *
     * @return how many, 0 at the end of the record
     */
    public int read(byte[] target, int from, int count) {
        int done = 0;
        while (inRecord && done < count) {
            int letter = peek();
            if (letter < 0 || (lineStart && letter == '>')) {
                header = letter >= 0;
                inRecord = false;
                if (bases + done == 0) {
                    throw SequenceFiles.at(
                            file,
                            headerLine,
                            "the sequence " + name + " has no bases",
                            "remove its header, or add its bases");
                }
            } else if (lineStart && letter == ';') {
                skipLine();
            } else if (Nucleotides.isLetter((byte) letter)) {
                target[from + done++] = (byte) letter;
                take();
            } else if (letter == '\n' || letter == '\r' || letter == ' ' || letter == '\t') {
                take();
            } else {
                throw wrong(
                        shown(letter) + " is no letter of a nucleotide sequence",
                        "letters are ACGTU, N and IUPAC's other ambiguity codes; is this a protein, or an alignment?");
            }
        }
        bases += done;
        return done;
    }

    private static String shown(int letter) {
        return letter > ' ' && letter < 127 ? "'" + (char) letter + "'" : "byte " + letter;
    }

    private FileException wrong(String problem, String hint) {
        return SequenceFiles.at(file, line, problem, hint);
    }

    private String restOfLine() {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int letter = peek(); letter >= 0 && letter != '\n'; letter = peek()) {
            text.write(letter);
            take();
        }
        if (peek() == '\n') {
            take();
        }
        return text.toString(StandardCharsets.UTF_8);
    }

    private void skipLine() {
        while (peek() >= 0 && peek() != '\n') {
            take();
        }
        if (peek() == '\n') {
            take();
        }
    }

    private int peek() {
        if (at == end) {
            try {
                at = 0;
                end = Math.max(0, in.read(buffer, 0, buffer.length));
            } catch (IOException e) {
                throw SequenceFiles.unreadable(file, line, e);
            }
            if (end == 0) {
                return -1;
            }
        }
        return buffer[at] & 0xff;
    }

    private void take() {
        boolean newLine = buffer[at++] == '\n';
        lineStart = newLine;
        line += newLine ? 1 : 0;
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw SequenceFiles.unreadable(file, line, e);
        }
    }
}
