package dev.graft.nn.sequence;

import dev.graft.nn.data.sequence.FastaReader;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.data.sequence.Strand;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/**
 * Scores all positions of both strands of sequences of any length, tile by tile. Only a tile and its context are in
 * memory, and where the tiles begin changes scores by rounding only. Runs of N and other ambiguity codes are skipped.
 *
 * <pre>{@code
 * try (FastaReader fasta = FastaReader.open(Path.of("chr22.fa.gz"))) {
 *     new SpliceScan(model).run(fasta, tile -> ...);
 * }
 * }</pre>
 */
public final class SpliceScan {
    private static final int TILE = 10_000;

    private final SpliceModel model;
    private final int tile;

    private long positions;
    private long nanoseconds;

    /** Tiles of 10,000 positions. */
    public SpliceScan(SpliceModel model) {
        this(model, TILE);
    }

    /** @param tile positions that are scored at once, at least 1 */
    public SpliceScan(SpliceModel model, int tile) {
        if (tile < 1) {
            throw new IllegalArgumentException("spliceScan: a tile must have at least 1 position, was " + tile);
        }
        this.model = model;
        this.tile = tile;
    }

    /**
     * Scores of neighbouring positions.
     *
     * @param sequence the sequence's name
     * @param from the first position, from 0
     * @param letters the letters of the positions; those of ambiguity codes have scores that mean nothing
     * @param plus the scores of the plus strand
     * @param minus the scores of the minus strand, in the order of the plus strand
     */
    @SuppressWarnings("ArrayRecordComponent") // large, and made for one reader
    public record Tile(String sequence, long from, byte[] letters, SpliceScores plus, SpliceScores minus) {

        /** The scores of one strand. */
        public SpliceScores of(Strand strand) {
            return strand == Strand.PLUS ? plus : minus;
        }
    }

    /** What takes the scores. */
    @FunctionalInterface
    public interface Sink {
        /** Takes scores, in the order of the file; positions without letters of known bases are left out. */
        void take(Tile tile);
    }

    /** A part of a sequence that may be scored: {@code [from, to)}. */
    public record Part(String sequence, long from, long to) {}

    /** Scores everything. */
    public void run(FastaReader fasta, Sink sink) {
        run(fasta, part -> true, sink);
    }

    /** Scores the tiles that are wanted; a tile is asked for before it is computed. */
    public void run(FastaReader fasta, Predicate<Part> wanted, Sink sink) {
        int half = model.context() / 2;
        byte[] window = new byte[tile + 2 * half];
        while (fasta.next()) {
            // the window begins half a context before the tile; nothing is before the sequence
            Arrays.fill(window, 0, half, (byte) 'N');
            int filled = half + fasta.read(window, half, tile + half);
            long from = 0;
            while (filled > half) {
                int count = Math.min(tile, filled - half);
                Arrays.fill(window, filled, window.length, (byte) 'N');
                if (wanted.test(new Part(fasta.name(), from, from + count))) {
                    score(fasta.name(), from, window, count, sink);
                }
                int kept = Math.max(0, filled - tile);
                System.arraycopy(window, Math.min(tile, filled), window, 0, kept);
                filled = kept + fasta.read(window, kept, window.length - kept);
                from += tile;
            }
        }
    }

    private void score(String sequence, long from, byte[] window, int count, Sink sink) {
        int half = model.context() / 2;
        int first = half;
        int end = half + count;
        while (first < end && Nucleotides.code(window[first]) == Nucleotides.OTHER) {
            first++;
        }
        while (end > first && Nucleotides.code(window[end - 1]) == Nucleotides.OTHER) {
            end--;
        }
        if (first == end) {
            return;
        }
        long begin = System.nanoTime();
        byte[] letters = Arrays.copyOfRange(window, first - half, end + half);
        List<SpliceScores> scores = model.score(List.of(letters, Nucleotides.reverseComplement(letters)));
        nanoseconds += System.nanoTime() - begin;
        for (int i = first; i < end; i++) {
            positions += Nucleotides.code(window[i]) == Nucleotides.OTHER ? 0 : 2;
        }
        sink.take(new Tile(
                sequence,
                from + first - half,
                Arrays.copyOfRange(window, first, end),
                scores.get(0),
                scores.get(1).reversed()));
    }

    /** How many positions of known bases have been scored, those of both strands counted. */
    public long positions() {
        return positions;
    }

    /** Scored positions a second, without the time that reading and the sink took. */
    public double positionsPerSecond() {
        return positions / Math.max(1e-9, nanoseconds / 1e9);
    }
}
