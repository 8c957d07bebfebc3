package dev.graft.examples.genomics;

import java.util.Arrays;

/**
 * The average precision of any number of probabilities in fixed memory (25 MB): they are counted in bins, and those of
 * one bin are tied. A bin is 1/8,192 of its probabilities wide, which changes the area by about 1e-4 where positives
 * are not all in a few bins.
 */
final class RankedScores {
    /** Of the 23 bits of a float's fraction, the lowest are ignored. */
    private static final int IGNORED = 10;

    private static final int BINS = (Float.floatToIntBits(1f) >>> IGNORED) + 1;

    private final long[] negatives = new long[BINS];
    private final int[] positives = new int[BINS];

    /** Counts a probability, which is in [0, 1]. */
    void add(float probability, boolean positive) {
        // floats from 0 on are ordered like their bits
        int bin = Float.floatToIntBits(Math.min(1f, Math.max(0f, probability))) >>> IGNORED;
        if (positive) {
            positives[bin]++;
        } else {
            negatives[bin]++;
        }
    }

    /** The area under the precision-recall curve, as {@code AveragePrecision}; NaN without a positive. */
    double averagePrecision() {
        double sum = 0;
        long found = 0;
        long taken = 0;
        for (int bin = BINS - 1; bin >= 0; bin--) {
            found += positives[bin];
            taken += positives[bin] + negatives[bin];
            sum += positives[bin] == 0 ? 0 : positives[bin] * ((double) found / taken);
        }
        return sum / Arrays.stream(positives).asLongStream().sum();
    }
}
