package dev.graft.nn.sequence;

import dev.graft.io.file.AtomicFile;
import dev.graft.io.file.FileException;
import dev.graft.nn.data.sequence.IndexedFasta;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.data.sequence.Region;
import dev.graft.nn.data.sequence.Strand;
import dev.graft.nn.data.sequence.Variant;
import dev.graft.nn.data.sequence.VcfReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Writes what the variants of a VCF file do to splicing, as SpliceAI's INFO field: for each alternative allele, and
 * each gene that has the variant's first base, {@code ALLELE|SYMBOL|DS_AG|DS_AL|DS_DG|DS_DL|DP_AG|DP_AL|DP_DG|DP_DL}.
 * {@link DeltaScores} says what the numbers mean.
 *
 * <p>With genes, the network sees N outside of the gene, as in SpliceAI; without, both strands are scored, and the
 * symbol is {@code +} or {@code -}. Numbers are dots if both alleles have several bases. There is no entry for symbols
 * such as {@code <DEL>} and {@code *}, and for references of more than {@code 2 distance} bases.
 */
public final class SpliceVariants {
    /** SpliceAI's own window. */
    public static final int DISTANCE = 50;

    private static final String DOTS = ".|.|.|.|.|.|.|.";
    private final SpliceModel model;
    private final IndexedFasta reference;
    private final Path referenceFile;
    private final int distance;
    private final Optional<List<Region>> genes;
    private final List<Region> exons;
    private final boolean masked;

    /** What was written. */
    public record Result(int variants, int scored, int unscored) {}

    /**
     * Scores within 50 bases, on both strands.
     *
     * @param referenceFile the genome that the variants were called on
     */
    public SpliceVariants(SpliceModel model, IndexedFasta reference, Path referenceFile) {
        this(model, reference, referenceFile, DISTANCE, Optional.empty(), List.of(), false);
    }

    private SpliceVariants(
            SpliceModel model,
            IndexedFasta reference,
            Path referenceFile,
            int distance,
            Optional<List<Region>> genes,
            List<Region> exons,
            boolean masked) {
        if (distance < 1 || distance > 10_000) {
            throw new IllegalArgumentException("spliceVariants: distance must be from 1 to 10000, was " + distance);
        }
        this.model = model;
        this.reference = reference;
        this.referenceFile = referenceFile;
        this.distance = distance;
        this.genes = genes.map(List::copyOf);
        this.exons = List.copyOf(exons);
        this.masked = masked;
    }

    /** With changes up to another number of bases from the variant. */
    public SpliceVariants distance(int bases) {
        return new SpliceVariants(model, reference, referenceFile, bases, genes, exons, masked);
    }

    /**
     * Only within the genes of a GFF file, on their strands. Genes without a strand are left out.
     *
     * @throws FileException if no gene has a strand, or none is on a sequence of the reference
     */
    public SpliceVariants genes(Path gff) {
        List<Region> all = Region.readGff(gff, "gene").stream()
                .filter(gene -> gene.strand().isPresent())
                .toList();
        if (all.isEmpty()) {
            throw new FileException(
                    gff + " has no gene with a strand", "column 7 says the strand: it must be + or - for a gene");
        }
        return new SpliceVariants(
                model, reference, referenceFile, distance, Optional.of(known(gff, all)), exons, masked);
    }

    /** The same regions, if any of them is on a sequence of the reference. */
    private List<Region> known(Path gff, List<Region> regions) {
        List<String> names = reference.names();
        Set<String> ofRegions = new LinkedHashSet<>();
        regions.forEach(region -> ofRegions.add(region.sequence()));
        if (ofRegions.stream().noneMatch(a -> names.stream().anyMatch(b -> sameName(a, b)))) {
            throw new FileException(
                    gff + " has no sequence of " + referenceFile + ": its sequences are named " + some(ofRegions)
                            + ", those of the reference " + some(names),
                    "use an annotation of the same genome with the same names, such as chr22 or 22");
        }
        return regions;
    }

    private static String some(Collection<String> names) {
        return names.stream().limit(5).collect(Collectors.joining(", ")) + (names.size() > 5 ? ", ..." : "");
    }

    /** As {@link #genes}, with gains at the ends of the file's exons, and losses elsewhere, set to 0. */
    public SpliceVariants masked(Path gff) {
        return new SpliceVariants(
                model,
                reference,
                referenceFile,
                distance,
                genes(gff).genes,
                known(gff, Region.readGff(gff, "exon")),
                true);
    }

    /**
     * Annotates a file, which must be sorted and fit the reference.
     *
     * @param in the variants, plain or compressed
     * @param out the annotated variants, plain; it appears when it is whole
     * @throws FileException naming the line of what is wrong
     */
    public Result annotate(Path in, Path out) {
        int[] counts = new int[3];
        try (VcfReader reader = VcfReader.open(in)) {
            AtomicFile.write(out, stream -> {
                BufferedWriter text = new BufferedWriter(new OutputStreamWriter(stream, StandardCharsets.ISO_8859_1));
                for (String line : header(in, reader.header())) {
                    text.write(line + "\n");
                }
                for (Optional<Variant> next = reader.next(); next.isPresent(); next = reader.next()) {
                    Variant variant = next.get();
                    List<String> entries = entries(reader, variant);
                    counts[0]++;
                    for (String entry : entries) {
                        counts[entry.endsWith(DOTS) ? 2 : 1]++;
                    }
                    text.write(
                            entries.isEmpty()
                                    ? variant.text()
                                    : variant.withInfo("SpliceAI=" + String.join(",", entries)));
                    text.write("\n");
                }
                text.flush();
            });
        } catch (IOException e) {
            throw new FileException(
                    out + " cannot be written (" + AtomicFile.reason(e) + ")",
                    "name a file in a folder that is writable",
                    e);
        }
        return new Result(counts[0], counts[1], counts[2]);
    }

    private List<String> header(Path in, List<String> lines) {
        if (lines.stream().anyMatch(line -> line.startsWith("##INFO=<ID=SpliceAI,"))) {
            throw new FileException(
                    in + " has been annotated before: its header has the field SpliceAI",
                    "remove it, for example by bcftools annotate -x INFO/SpliceAI");
        }
        List<String> header = new ArrayList<>(lines);
        String added =
                "##INFO=<ID=SpliceAI,Number=.,Type=String,Description=\"Delta scores (DS) and delta positions (DP)"
                        + " for acceptor gain (AG), acceptor loss (AL), donor gain (DG), and donor loss (DL), by Graft, within "
                        + distance + " bases" + (masked ? ", masked by annotated sites" : "")
                        + ". Format: ALLELE|SYMBOL|DS_AG|DS_AL|DS_DG|DS_DL|DP_AG|DP_AL|DP_DG|DP_DL\">";
        header.add(header.size() - 1, added);
        return header;
    }

    private List<String> entries(VcfReader reader, Variant variant) {
        String sequence = sequence(reader, variant);
        long at = variant.position() - 1;
        String found = at < 0
                ? ""
                : reference.letters(sequence, at, at + variant.reference().length());
        if (!same(found, variant.reference())) {
            throw reader.wrong(
                    "REF is " + shortened(variant.reference()) + ", but " + referenceFile + " has " + shortened(found)
                            + " at " + variant.sequence() + ":" + variant.position(),
                    "use the genome that the variants were called on (GRCh37 or GRCh38?)");
        }
        List<String> entries = new ArrayList<>();
        for (String allele : variant.alternatives()) {
            if (VcfReader.isSequence(allele) && variant.reference().length() <= 2 * distance) {
                for (Place place : places(sequence, at)) {
                    entries.add(
                            allele + "|" + bytes(place.symbol) + "|" + numbers(sequence, at, variant, allele, place));
                }
            }
        }
        return entries;
    }

    /** A text as the reader gives those of the file: a character for each byte, whatever the file's encoding is. */
    private static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** What {@link #bytes} was made of. */
    private static String text(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private static String shortened(String letters) {
        return letters.length() > 20 ? letters.substring(0, 20) + "..." : letters.isEmpty() ? "nothing" : letters;
    }

    private static boolean same(String a, String b) {
        return a.toUpperCase(Locale.ROOT)
                .replace('U', 'T')
                .equals(b.toUpperCase(Locale.ROOT).replace('U', 'T'));
    }

    /** The sequence's name in the genome, which may have or lack {@code chr}. */
    private String sequence(VcfReader reader, Variant variant) {
        String name = text(variant.sequence());
        String other = name.startsWith("chr") ? name.substring(3) : "chr" + name;
        if (reference.contains(name)) {
            return name;
        }
        if (reference.contains(other)) {
            return other;
        }
        List<String> names = reference.names();
        throw reader.wrong(referenceFile + " has no sequence " + name, "it has " + some(names));
    }

    /** Where the network looks: a strand, and what lies outside of a gene. */
    private record Place(String symbol, Strand strand, long from, long to) {}

    private List<Place> places(String sequence, long at) {
        if (genes.isEmpty()) { // not asked for
            return Arrays.stream(Strand.values())
                    .map(strand -> new Place(strand.symbol(), strand, Long.MIN_VALUE, Long.MAX_VALUE))
                    .toList();
        }
        return genes.get().stream()
                .filter(gene -> sameName(gene.sequence(), sequence) && gene.from() <= at && at < gene.to())
                .map(gene -> new Place(
                        gene.name().isEmpty() ? "." : gene.name().replaceAll("[|,;=\\s]", "_"),
                        gene.strand().orElseThrow(),
                        gene.from(),
                        gene.to()))
                .toList();
    }

    private static boolean sameName(String a, String b) {
        return a.equals(b) || a.equals("chr" + b) || b.equals("chr" + a);
    }

    private String numbers(String sequence, long at, Variant variant, String allele, Place place) {
        int referenceBases = variant.reference().length();
        int alternativeBases = allele.length();
        if (Math.min(referenceBases, alternativeBases) != 1) {
            return DOTS;
        }
        int half = model.context() / 2;
        int before = distance + half;
        // behind a long deletion, there must be half a context, so that the positions before it have their scores
        byte[] letters = reference.window(sequence, at - before, at + Math.max(before + 1, referenceBases + half));
        for (int i = 0; i < letters.length; i++) {
            long position = at - before + i;
            if (position < place.from || position >= place.to) {
                letters[i] = 'N';
            }
        }
        byte[] changed = new byte[letters.length + alternativeBases - referenceBases];
        System.arraycopy(letters, 0, changed, 0, before);
        System.arraycopy(Nucleotides.bytes(allele), 0, changed, before, alternativeBases);
        int rest = letters.length - before - referenceBases;
        System.arraycopy(letters, before + referenceBases, changed, before + alternativeBases, rest);
        DeltaScores deltas = DeltaScores.of(
                scores(Arrays.copyOf(letters, 2 * before + 1), place.strand),
                scores(changed, place.strand),
                referenceBases,
                alternativeBases);
        return (masked
                        ? deltas.masked(annotated(sequence, at, place, true), annotated(sequence, at, place, false))
                        : deltas)
                .toString();
    }

    private SpliceScores scores(byte[] letters, Strand strand) {
        return strand == Strand.PLUS
                ? model.score(letters)
                : model.score(Nucleotides.reverseComplement(letters)).reversed();
    }

    /** Distances of the exons' ends from the variant: first bases of exons are acceptors, last bases donors. */
    private int[] annotated(String sequence, long at, Place place, boolean acceptor) {
        boolean left = acceptor == (place.strand == Strand.PLUS);
        return exons.stream()
                .filter(exon ->
                        sameName(exon.sequence(), sequence) && exon.strand().orElse(place.strand) == place.strand)
                .mapToLong(exon -> (left ? exon.from() : exon.to() - 1) - at)
                .filter(distanceOfSite -> Math.abs(distanceOfSite) <= distance)
                .mapToInt(Math::toIntExact)
                .toArray();
    }
}
