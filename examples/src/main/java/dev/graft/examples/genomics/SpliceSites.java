package dev.graft.examples.genomics;

import dev.graft.io.file.FileException;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.data.sequence.Strand;
import dev.graft.nn.sequence.SpliceScan;
import dev.graft.nn.sequence.SpliceScores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Compares scores with known splice sites: how many have a probability above one half on their own strand, and the
 * average precision among all positions of given genes.
 */
public final class SpliceSites implements SpliceScan.Sink {
    private final List<Site> sites;
    private final List<Gene> genes;
    private final Map<Long, List<Integer>> byPosition = new HashMap<>();
    private final float[] probability;
    private final RankedScores acceptors = new RankedScores();
    private final RankedScores donors = new RankedScores();
    private final Map<Long, Byte> letters = new HashMap<>();
    private int records;
    private long length;

    /** A known splice site: its position from 0. */
    record Site(Row row, long index, Strand strand, boolean acceptor) {}

    /** The body of a gene, {@code [from, to)}. */
    record Gene(Row row, Strand strand, long from, long to) {}

    private SpliceSites(List<Site> sites, List<Gene> genes) {
        this.sites = sites;
        this.genes = genes;
        this.probability = new float[sites.size()];
        Arrays.fill(probability, Float.NaN);
        for (int i = 0; i < sites.size(); i++) {
            byPosition
                    .computeIfAbsent(sites.get(i).index, key -> new ArrayList<>(1))
                    .add(i);
            for (long at = sites.get(i).index - 3; at <= sites.get(i).index + 3; at++) {
                letters.put(at, (byte) 'N');
            }
        }
    }

    /**
     * Reads tables with tabs between columns, whose first line names them.
     *
     * @param sites {@code fasta_index0}, {@code strand} and {@code type} (acceptor or donor), of the FASTA file's first
     *     sequence
     * @param genes {@code strand}, {@code start} and {@code end}, counted from 0, the end after the last base
     * @throws FileException naming the line of what is wrong
     */
    public static SpliceSites read(Path sites, Optional<Path> genes) {
        List<Site> known = new ArrayList<>();
        for (Row row : Row.read(sites, List.of("fasta_index0", "strand", "type"))) {
            known.add(new Site(row, row.number("fasta_index0"), row.strand(), row.oneOf("type", "acceptor", "donor")));
        }
        List<Gene> bodies = new ArrayList<>();
        genes.ifPresent(file -> {
            for (Row row : Row.read(file, List.of("strand", "start", "end"))) {
                if (row.number("end") <= row.number("start")) {
                    throw row.wrong("end", "after the start, " + row.value("start"));
                }
                bodies.add(new Gene(row, row.strand(), row.number("start"), row.number("end")));
            }
        });
        return new SpliceSites(known, bodies);
    }

    /** A line of a table. */
    private record Row(Path file, int line, Map<String, String> values) {

        static List<Row> read(Path file, List<String> needed) {
            List<String> lines;
            try {
                lines = Files.readAllLines(file);
            } catch (IOException e) {
                throw new FileException(file + " cannot be read", "name a table with tabs between its columns", e);
            }
            List<String> header =
                    lines.isEmpty() ? List.of() : Arrays.asList(lines.get(0).split("\t", -1));
            if (!header.containsAll(needed)) {
                throw new FileException(
                        file + " line 1: the columns are " + header,
                        "it needs " + String.join(", ", needed) + ", separated by tabs");
            }
            List<Row> rows = new ArrayList<>();
            for (int i = 1; i < lines.size(); i++) {
                String[] values = lines.get(i).split("\t", -1);
                Map<String, String> row = new HashMap<>();
                for (int j = 0; j < Math.min(values.length, header.size()); j++) {
                    row.put(header.get(j), values[j].strip());
                }
                if (!lines.get(i).isBlank()) {
                    rows.add(new Row(file, i + 1, row));
                }
            }
            if (rows.isEmpty()) {
                throw new FileException(file + " has no line below its header", "check that it is the right file");
            }
            return rows;
        }

        private String value(String column) {
            return values.getOrDefault(column, "");
        }

        private FileException wrong(String column, String expected) {
            return new FileException(
                    file + " line " + line + ": " + column + " is '" + value(column) + "'", "it must be " + expected);
        }

        long number(String column) {
            if (!value(column).matches("\\d{1,18}")) {
                throw wrong(column, "a whole number from 0");
            }
            return Long.parseLong(value(column));
        }

        Strand strand() {
            return oneOf("strand", "+", "-") ? Strand.PLUS : Strand.MINUS;
        }

        boolean oneOf(String column, String yes, String no) {
            if (!value(column).equals(yes) && !value(column).equals(no)) {
                throw wrong(column, yes + " or " + no);
            }
            return value(column).equals(yes);
        }
    }

    /** Whether a part is of the first record; it is told of all parts, in their order. */
    public boolean wants(SpliceScan.Part part) {
        records += part.from() == 0 ? 1 : 0;
        length = records == 1 ? part.to() : length;
        return records == 1;
    }

    @Override
    public void take(SpliceScan.Tile tile) {
        if (records != 1) {
            return;
        }
        for (int i = 0; i < tile.letters().length; i++) {
            letters.computeIfPresent(tile.from() + i, letterAt(tile, i));
            for (int site : byPosition.getOrDefault(tile.from() + i, List.of())) {
                SpliceScores scores = tile.of(sites.get(site).strand);
                probability[site] = (sites.get(site).acceptor ? scores.acceptor() : scores.donor())[i];
            }
        }
        long end = tile.from() + tile.letters().length;
        for (Gene gene : genes) {
            SpliceScores scores = tile.of(gene.strand);
            for (long at = Math.max(gene.from, tile.from()); at < Math.min(gene.to, end); at++) {
                int i = (int) (at - tile.from());
                if (Nucleotides.code(tile.letters()[i]) != Nucleotides.OTHER) {
                    acceptors.add(scores.acceptor()[i], isSite(at, gene.strand, true));
                    donors.add(scores.donor()[i], isSite(at, gene.strand, false));
                }
            }
        }
    }

    private static BiFunction<Long, Byte, Byte> letterAt(SpliceScan.Tile tile, int i) {
        return (at, unknown) -> tile.letters()[i];
    }

    /** Refuses what cannot be of this sequence. */
    private void check() {
        for (Site site : sites) {
            if (site.index >= length) {
                throw site.row.wrong(
                        "fasta_index0", "below " + length + ", the length of the FASTA file's first sequence");
            }
        }
        for (Gene gene : genes) {
            if (gene.to > length) {
                throw gene.row.wrong("end", "at most " + length + ", the length of the FASTA file's first sequence");
            }
        }
        long shifted = beside(-1);
        if (shifted > beside(0) && 2 * shifted > sites.size()) {
            Row row = sites.get(0).row;
            throw new FileException(
                    row.file + ": " + beside(0) + " of " + sites.size()
                            + " sites are beside the AG or GT of an intron, but " + shifted
                            + " would be one base before",
                    "fasta_index0 must count from 0, not from 1");
        }
    }

    /** How many sites are beside the AG or GT (or GC) of an intron, if they are moved. */
    private long beside(int shift) {
        return sites.stream().filter(site -> isBeside(site, site.index + shift)).count();
    }

    private boolean isBeside(Site site, long at) {
        int outward = site.acceptor == (site.strand == Strand.PLUS) ? -1 : 1;
        int near = code(site, at + outward);
        int far = code(site, at + 2L * outward);
        return site.acceptor
                ? near == Nucleotides.code((byte) 'G') && far == Nucleotides.code((byte) 'A')
                : near == Nucleotides.code((byte) 'G')
                        && (far == Nucleotides.code((byte) 'T') || far == Nucleotides.code((byte) 'C'));
    }

    /** The letter's code on the site's strand. */
    private int code(Site site, long at) {
        byte[] letter = {letters.getOrDefault(at, (byte) 'N')};
        return Nucleotides.code(site.strand == Strand.PLUS ? letter[0] : Nucleotides.reverseComplement(letter)[0]);
    }

    private boolean isSite(long at, Strand strand, boolean acceptor) {
        return byPosition.getOrDefault(at, List.of()).stream()
                .map(sites::get)
                .anyMatch(site -> site.strand == strand && site.acceptor == acceptor);
    }

    /**
     * {@code sites, beside_ag_or_gt, above_half}, and with genes {@code average_precision}.
     *
     * @throws FileException naming the line of a site or gene that is not within the sequence, or if the sites count
     *     from 1
     */
    public Map<String, Object> report() {
        check();
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("sites", sites.size());
        report.put("beside_ag_or_gt", beside(0));
        int above = 0;
        for (float p : probability) {
            above += p > 0.5f ? 1 : 0;
        }
        report.put("above_half", above);
        if (!genes.isEmpty()) {
            Map<String, Object> precision = new LinkedHashMap<>();
            precision.put("acceptor", acceptors.averagePrecision());
            precision.put("donor", donors.averagePrecision());
            report.put("average_precision", precision);
        }
        return report;
    }
}
