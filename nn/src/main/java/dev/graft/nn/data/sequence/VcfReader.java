package dev.graft.nn.data.sequence;

import dev.graft.io.file.FileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the records of a VCF file (plain, gzip or bgzip) one by one. They must be sorted: the records of a sequence
 * stand together, in the order of their positions.
 *
 * @see <a href="https://samtools.github.io/hts-specs/VCFv4.3.pdf">The Variant Call Format</a>
 */
public final class VcfReader implements AutoCloseable {
    private static final int COLUMNS = 8;

    private final TextLines lines;
    private final List<String> header = new ArrayList<>();
    private final Set<String> seen = new HashSet<>();
    private String sequence = "";
    private long position;

    private VcfReader(Path file) {
        this.lines = TextLines.ofBytes(file);
    }

    /**
     * Opens a file and reads its header.
     *
     * @throws FileException if the file is missing, empty, damaged or not VCF
     */
    public static VcfReader open(Path file) {
        VcfReader reader = new VcfReader(file);
        try {
            reader.readHeader();
        } catch (RuntimeException e) {
            reader.close();
            throw e;
        }
        return reader;
    }

    private void readHeader() {
        for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
            String text = line.get();
            if (header.isEmpty() && !text.startsWith("##fileformat=VCF")) {
                throw lines.wrong("is not VCF", "its first line is ##fileformat=VCFv4.2");
            }
            header.add(text);
            if (text.startsWith("#CHROM")) {
                if (text.split("\t", -1).length < COLUMNS) {
                    throw lines.wrong(
                            "the header has fewer than 8 columns",
                            "it is #CHROM, POS, ID, REF, ALT, QUAL, FILTER, INFO, separated by tabs");
                }
                return;
            }
            if (!text.startsWith("##")) {
                throw lines.wrong("comes before the header", "the line #CHROM stands before the first record");
            }
        }
        throw lines.wrong("the file ends without a header", "the line #CHROM stands before the first record");
    }

    /** The lines before the first record; the last one is the header of the columns. */
    public List<String> header() {
        return List.copyOf(header);
    }

    /**
     * The next record; empty at the end.
     *
     * @throws FileException naming the line of what is wrong, also where the records are not sorted
     */
    public Optional<Variant> next() {
        Optional<String> line = lines.next();
        while (line.isPresent() && line.get().isBlank()) {
            line = lines.next();
        }
        return line.map(this::variant);
    }

    private Variant variant(String text) {
        String[] columns = text.split("\t", -1);
        if (columns.length < COLUMNS) {
            throw lines.wrong(
                    "has " + columns.length + " columns, a record at least 8", "separate the columns by tabs");
        }
        long at = lines.number(columns[1], "POS", 0, Long.MAX_VALUE);
        checkOrder(columns[0], at);
        String reference = columns[3];
        if (reference.isEmpty() || !isSequence(reference)) {
            throw lines.wrong("REF is '" + reference + "'", "it must be bases, such as A or AT");
        }
        List<String> alternatives =
                columns[4].equals(".") || columns[4].isEmpty() ? List.of() : Arrays.asList(columns[4].split(",", -1));
        for (String allele : alternatives) {
            boolean symbolic = allele.startsWith("<")
                    || allele.equals("*")
                    || allele.indexOf('[') >= 0
                    || allele.indexOf(']') >= 0
                    || allele.startsWith(".")
                    || allele.endsWith(".");
            if (allele.isEmpty() || !(symbolic || isSequence(allele))) {
                throw lines.wrong(
                        "an ALT allele is '" + allele + "'", "alleles must be bases, such as A or AT, or symbols");
            }
        }
        return new Variant(columns[0], at, reference, alternatives, lines.line(), Arrays.asList(columns));
    }

    private void checkOrder(String name, long at) {
        if (!name.equals(sequence)) {
            if (!seen.add(name)) {
                throw lines.wrong(
                        "the file is not sorted: it comes back to " + name, "sort it, for example by bcftools sort");
            }
            sequence = name;
        } else if (at < position) {
            throw lines.wrong(
                    "the file is not sorted: position " + at + " comes after " + position,
                    "sort it, for example by bcftools sort");
        }
        position = at;
    }

    /** Whether an allele consists of letters of a sequence, and is not a symbol. */
    public static boolean isSequence(String allele) {
        return !allele.isEmpty()
                && allele.chars().allMatch(letter -> letter < 128 && Nucleotides.isLetter((byte) letter));
    }

    /** What is wrong with the record that was read last. */
    public FileException wrong(String problem, String hint) {
        return lines.wrong(problem, hint);
    }

    @Override
    public void close() {
        lines.close();
    }
}
