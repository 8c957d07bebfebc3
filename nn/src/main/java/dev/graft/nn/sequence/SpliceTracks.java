package dev.graft.nn.sequence;

import dev.graft.io.file.AtomicFile;
import dev.graft.io.file.FileException;
import dev.graft.io.file.Swap;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.data.sequence.Region;
import dev.graft.nn.data.sequence.Strand;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Writes the scores of a {@link SpliceScan} as files of each strand: {@code plus.acceptor.bedGraph} and so on, or
 * {@code plus.tsv} and {@code minus.tsv}. The files appear when {@link #commit} is called, all of them or none.
 */
public final class SpliceTracks implements SpliceScan.Sink, AutoCloseable {
    private static final int NAMES = 10;

    private final Swap swap = new Swap();
    private final List<BufferedWriter> writers = new ArrayList<>();
    private final List<Path> targets = new ArrayList<>();
    private final Format format;
    private final double threshold;
    private final List<Region> regions;
    private final Set<String> wantedNames;
    /** The first names of the file, for a message: there may be millions. */
    private final Set<String> names = new LinkedHashSet<>();

    private boolean wantedSeen;
    private long lines;

    /** What a file of scores looks like. */
    public enum Format {
        /** A file for each strand and kind of site: name, position from 0, position + 1, probability. */
        BEDGRAPH,
        /** A file for each strand: name, position from 1, probability of an acceptor and of a donor. */
        TSV
    }

    /**
     * Opens the files.
     *
     * @param folder where they will be; it is made if it does not exist
     * @param threshold the smallest probability to write, in [0, 1]
     * @param regions what to write; everything if it is empty
     */
    public SpliceTracks(Path folder, Format format, double threshold, List<Region> regions) {
        if (!(threshold >= 0 && threshold <= 1)) {
            throw new IllegalArgumentException("spliceTracks: threshold must be in [0, 1], was " + threshold);
        }
        this.format = format;
        this.threshold = threshold;
        this.regions = List.copyOf(regions);
        this.wantedNames = regions.stream().map(Region::sequence).collect(Collectors.toSet());
        Path current = folder;
        try {
            Files.createDirectories(folder);
            for (Strand strand : Strand.values()) {
                String name = strand.name().toLowerCase(Locale.ROOT);
                for (String ending :
                        format == Format.TSV ? List.of(".tsv") : List.of(".acceptor.bedGraph", ".donor.bedGraph")) {
                    current = folder.resolve(name + ending);
                    targets.add(current);
                    writers.add(Files.newBufferedWriter(swap.of(current), StandardCharsets.UTF_8));
                    writers.get(writers.size() - 1)
                            .write(
                                    format == Format.TSV
                                            ? "sequence\tposition\tacceptor\tdonor\n"
                                            : "track type=bedGraph name=\"" + name + ending.replace(".bedGraph", "")
                                                    + "\"\n");
                }
            }
        } catch (IOException e) {
            close();
            throw unwritable(current, e);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static FileException unwritable(Path file, IOException e) {
        return new FileException(
                file + " cannot be written (" + AtomicFile.reason(e) + ")", "name a folder that is writable", e);
    }

    /** Whether anything of a part is to be written. */
    public boolean wants(SpliceScan.Part part) {
        if (names.size() < NAMES) {
            names.add(part.sequence());
        }
        wantedSeen |= wantedNames.contains(part.sequence());
        return regions.isEmpty()
                || regions.stream()
                        .anyMatch(region -> region.sequence().equals(part.sequence())
                                && region.from() < part.to()
                                && region.to() > part.from());
    }

    @Override
    public void take(SpliceScan.Tile tile) {
        for (Strand strand : Strand.values()) {
            SpliceScores scores = tile.of(strand);
            BitSet wanted = wanted(tile, strand);
            for (int i = wanted.nextSetBit(0); i >= 0; i = wanted.nextSetBit(i + 1)) {
                if (Nucleotides.code(tile.letters()[i]) != Nucleotides.OTHER) {
                    write(tile.sequence(), tile.from() + i, strand, scores.acceptor()[i], scores.donor()[i]);
                }
            }
        }
    }

    private BitSet wanted(SpliceScan.Tile tile, Strand strand) {
        BitSet wanted = new BitSet(tile.letters().length);
        if (regions.isEmpty()) {
            wanted.set(0, tile.letters().length);
        }
        long end = tile.from() + tile.letters().length;
        for (Region region : regions) {
            boolean overlaps = region.from() < end && region.to() > tile.from();
            if (overlaps
                    && region.sequence().equals(tile.sequence())
                    && region.strand().orElse(strand) == strand) {
                wanted.set((int) (Math.max(region.from(), tile.from()) - tile.from()), (int)
                        (Math.min(region.to(), end) - tile.from()));
            }
        }
        return wanted;
    }

    private void write(String sequence, long position, Strand strand, float acceptor, float donor) {
        if (format == Format.TSV) {
            if (Math.max(acceptor, donor) >= threshold) {
                line(
                        strand.ordinal(),
                        sequence + "\t" + (position + 1) + "\t" + decimals(acceptor) + "\t" + decimals(donor));
            }
            return;
        }
        float[] both = {acceptor, donor};
        for (int i = 0; i < both.length; i++) {
            if (both[i] >= threshold) {
                line(
                        2 * strand.ordinal() + i,
                        sequence + "\t" + position + "\t" + (position + 1) + "\t" + decimals(both[i]));
            }
        }
    }

    /** Five decimals. */
    private static String decimals(float value) {
        String digits = Integer.toString(Math.round(value * 1e5f));
        return digits.length() > 5
                ? digits.substring(0, digits.length() - 5) + "." + digits.substring(digits.length() - 5)
                : "0." + "0".repeat(5 - digits.length()) + digits;
    }

    private void line(int writer, String text) {
        try {
            writers.get(writer).write(text);
            writers.get(writer).write('\n');
            lines++;
        } catch (IOException e) {
            throw unwritable(targets.get(writer), e);
        }
    }

    /** Lines that have been written to all files. */
    public long lines() {
        return lines;
    }

    /**
     * Puts the files in place.
     *
     * @return their paths
     * @throws FileException if regions were given, and none is on a sequence that was looked at
     */
    public List<Path> commit() {
        if (!regions.isEmpty() && !wantedSeen) {
            throw new FileException(
                    "no region is on a sequence of the FASTA file: regions are on "
                            + regions.get(0).sequence() + ", sequences are named " + String.join(", ", names)
                            + (names.size() < NAMES ? "" : " ..."),
                    "use one naming, such as chr22 or 22, in both files");
        }
        closeAll(writers, targets);
        swap.commit();
        return List.copyOf(targets);
    }

    /** Closes all of them, and then reports the first failure. */
    static void closeAll(List<? extends Closeable> writers, List<Path> targets) {
        List<FileException> failures = new ArrayList<>();
        for (int i = 0; i < writers.size(); i++) {
            try {
                writers.get(i).close();
            } catch (IOException e) {
                failures.add(unwritable(targets.get(i), e));
            }
        }
        if (!failures.isEmpty()) {
            throw failures.get(0);
        }
    }

    @Override
    public void close() {
        try {
            closeAll(writers, targets);
        } finally {
            swap.close();
        }
    }
}
