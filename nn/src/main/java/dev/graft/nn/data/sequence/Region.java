package dev.graft.nn.data.sequence;

import dev.graft.io.file.FileException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A part of a sequence.
 *
 * @param sequence the sequence's name
 * @param from its first base, from 0
 * @param to after its last base
 * @param name what it is called; empty if it has no name
 * @param strand the strand it is on; empty if it is on both, or unknown
 */
public record Region(String sequence, long from, long to, String name, Optional<Strand> strand) {

    private static final List<String> NAMES = List.of("Name", "gene_name", "gene", "ID");

    /** @throws IllegalArgumentException unless {@code 0 <= from < to} */
    public Region {
        if (from < 0 || to <= from) {
            throw new IllegalArgumentException("region: must have 0 <= from < to (from " + from + ", to " + to + ")");
        }
    }

    /** How many bases it has. */
    public long length() {
        return to - from;
    }

    /**
     * The intervals of a BED file (plain or compressed): name, start from 0, end, then optionally a name, a score and a
     * strand.
     *
     * @throws FileException naming the line of what is wrong
     * @see <a href="https://samtools.github.io/hts-specs/BEDv1.pdf">The BED format</a>
     */
    public static List<Region> readBed(Path file) {
        List<Region> regions = new ArrayList<>();
        try (TextLines lines = new TextLines(file)) {
            for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
                String text = line.get();
                if (text.isBlank() || text.startsWith("#") || text.startsWith("track") || text.startsWith("browser")) {
                    continue;
                }
                String[] columns = text.split("\t", -1);
                if (columns.length < 3) {
                    throw lines.wrong(
                            "has " + columns.length + " columns, a BED line at least 3",
                            "write name, start and end, separated by tabs");
                }
                long from = lines.number(columns[1], "the start", 0, Long.MAX_VALUE);
                long to = lines.number(columns[2], "the end", 0, Long.MAX_VALUE);
                if (to <= from) {
                    throw lines.wrong(
                            "the end " + to + " is not after the start " + from,
                            "BED counts from 0, and its end is the base after the last");
                }
                String sign = columns.length > 5 ? columns[5] : ".";
                regions.add(
                        new Region(columns[0], from, to, columns.length > 3 ? columns[3] : "", strand(lines, sign)));
            }
        }
        return notEmpty(file, regions, "intervals");
    }

    /**
     * The features of one type of a GFF3 file (plain or compressed), such as {@code gene}. Their names are the first of
     * the attributes {@code Name}, {@code gene_name} (GENCODE), {@code gene} and {@code ID} that they have.
     *
     * @throws FileException naming the line of what is wrong, or if there is no such feature
     * @see <a href="https://github.com/The-Sequence-Ontology/Specifications/blob/master/gff3.md">GFF3</a>
     */
    public static List<Region> readGff(Path file, String type) {
        List<Region> regions = new ArrayList<>();
        try (TextLines lines = new TextLines(file)) {
            for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
                String text = line.get();
                if (text.startsWith("##FASTA")) {
                    break;
                }
                if (text.isBlank() || text.startsWith("#")) {
                    continue;
                }
                String[] columns = text.split("\t", -1);
                if (columns.length < 9) {
                    throw lines.wrong(
                            "has " + columns.length + " columns, a GFF line 9", "separate the columns by tabs");
                }
                long from = lines.number(columns[3], "the start", 1, Long.MAX_VALUE) - 1;
                long to = lines.number(columns[4], "the end", 1, Long.MAX_VALUE);
                if (to <= from) {
                    throw lines.wrong("the end " + to + " is before the start " + (from + 1), "exchange them");
                }
                if (columns[2].equals(type)) {
                    regions.add(new Region(columns[0], from, to, nameOf(columns[8]), strand(lines, columns[6])));
                }
            }
        }
        return notEmpty(file, regions, "features of type " + type);
    }

    private static List<Region> notEmpty(Path file, List<Region> regions, String what) {
        if (regions.isEmpty()) {
            throw new FileException(file + " has no " + what, "check that it is the right file");
        }
        return regions;
    }

    private static String nameOf(String attributes) {
        Map<String, String> values = new HashMap<>();
        for (String attribute : attributes.split(";", -1)) {
            String[] pair = attribute.strip().split("=", 2);
            if (pair.length == 2 && !pair[1].isBlank()) {
                values.putIfAbsent(pair[0], pair[1]);
            }
        }
        return NAMES.stream()
                .filter(values::containsKey)
                .findFirst()
                .map(key -> decoded(values.getOrDefault(key, "")))
                .orElse("");
    }

    /** GFF3 writes some characters as % and two digits; a plus is itself. */
    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return text; // a per cent sign that is none of these
        }
    }

    private static Optional<Strand> strand(TextLines lines, String sign) {
        return switch (sign) {
            case "+" -> Optional.of(Strand.PLUS);
            case "-" -> Optional.of(Strand.MINUS);
            case ".", "?", "" -> Optional.empty();
            default -> throw lines.wrong("the strand is '" + sign + "'", "write +, - or .");
        };
    }
}
