package dev.graft.vision.data.similar;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds 64-bit hashes that differ in at most {@value #RADIUS} bits without comparing all pairs: multi-index hashing (<a
 * href="https://www.cs.toronto.edu/~norouzi/research/papers/multi_index_hashing.pdf">Norouzi, Punjani and Fleet,
 * 2012</a>). Of four parts of 16 bits, one differs in at most two bits, so it is enough to look in 137 places of each
 * of four tables.
 */
public final class HammingIndex {
    /** In how many bits hashes may differ that are found. */
    public static final int RADIUS = 8;

    private static final int PARTS = 4;
    private static final int PART_BITS = 16;
    private static final int PLACES = 1 << PART_BITS;
    private static final int PART_RADIUS = RADIUS / PARTS;
    private static final int[] MASKS = masks();

    private final long[] hashes;
    /** For each table, where each place's entries begin in {@link #entries}. */
    private final int[][] begins = new int[PARTS][PLACES + 1];

    private final int[][] entries;

    /** An index of some hashes, which are known by their positions. */
    public HammingIndex(long[] hashes) {
        this.hashes = hashes.clone();
        this.entries = new int[PARTS][hashes.length];
        for (int part = 0; part < PARTS; part++) {
            int[] begin = begins[part];
            for (long hash : hashes) {
                begin[part(hash, part) + 1]++;
            }
            for (int place = 0; place < PLACES; place++) {
                begin[place + 1] += begin[place];
            }
            int[] next = begin.clone();
            for (int i = 0; i < hashes.length; i++) {
                entries[part][next[part(hashes[i], part)]++] = i;
            }
        }
    }

    private static int[] masks() {
        List<Integer> masks = new ArrayList<>();
        for (int mask = 0; mask < PLACES; mask++) {
            if (Integer.bitCount(mask) <= PART_RADIUS) {
                masks.add(mask);
            }
        }
        return masks.stream().mapToInt(Integer::intValue).toArray();
    }

    private static int part(long hash, int part) {
        return (int) (hash >>> (part * PART_BITS)) & (PLACES - 1);
    }

    /** What is told of each pair. */
    @FunctionalInterface
    public interface Hit {
        /**
         * A hash is near.
         *
         * @param other its position
         * @param bits in how many bits it differs
         * @return whether to go on
         */
        boolean found(int other, int bits);
    }

    /**
     * Those of the hashes that are near one of them, each once, in an order that depends only on the hashes.
     *
     * @param from the least position to find
     */
    public void near(long hash, int from, Hit hit) {
        for (int part = 0; part < PARTS; part++) {
            int own = part(hash, part);
            for (int mask : MASKS) {
                int place = own ^ mask;
                for (int e = begins[part][place]; e < begins[part][place + 1]; e++) {
                    int other = entries[part][e];
                    long differing = hash ^ hashes[other];
                    if (other >= from
                            && Long.bitCount(differing) <= RADIUS
                            && isFirst(differing, part)
                            && !hit.found(other, Long.bitCount(differing))) {
                        return;
                    }
                }
            }
        }
    }

    /** Whether no earlier table has found this one. */
    private static boolean isFirst(long differing, int part) {
        for (int earlier = 0; earlier < part; earlier++) {
            if (Integer.bitCount(part(differing, earlier)) <= PART_RADIUS) {
                return false;
            }
        }
        return true;
    }
}
