package dev.graft.vision.data.similar;

import java.util.Arrays;

/**
 * The usual perceptual hash, <a href="https://www.phash.org">pHash</a>: the signs, against their median, of the 63
 * lowest frequencies (and not the mean) of a thumbnail's discrete cosine transform, as <a
 * href="https://github.com/JohannesBuchner/imagehash">imagehash</a> computes it. The first bit is 0.
 *
 * <p>It was chosen against a hash of differences between neighbours (dHash), which finds as many altered copies only
 * with 20 to 60 times as many pairs to compare on medical images; {@code docs/splits.md} has the numbers.
 */
final class PerceptualHash {
    private static final int SIDE = Fingerprint.SIDE;
    private static final int LOW = 8;

    /**
     * {@code [frequency][position]} of an orthonormal transform; StrictMath, so that hashes are the same everywhere.
     */
    private static final double[][] COSINES = cosines();

    private PerceptualHash() {}

    private static double[][] cosines() {
        double[][] cosines = new double[LOW][SIDE];
        for (int k = 0; k < LOW; k++) {
            double scale = StrictMath.sqrt((k == 0 ? 1.0 : 2.0) / SIDE);
            for (int x = 0; x < SIDE; x++) {
                cosines[k][x] = scale * StrictMath.cos(Math.PI * (2 * x + 1) * k / (2 * SIDE));
            }
        }
        return cosines;
    }

    static long of(byte[] thumbnail) {
        double[][] rows = new double[SIDE][LOW];
        for (int y = 0; y < SIDE; y++) {
            for (int k = 0; k < LOW; k++) {
                double sum = 0;
                for (int x = 0; x < SIDE; x++) {
                    sum += COSINES[k][x] * (thumbnail[y * SIDE + x] & 0xff);
                }
                rows[y][k] = sum;
            }
        }
        double[] low = new double[LOW * LOW];
        for (int v = 0; v < LOW; v++) {
            for (int k = 0; k < LOW; k++) {
                double sum = 0;
                for (int y = 0; y < SIDE; y++) {
                    sum += COSINES[v][y] * rows[y][k];
                }
                low[v * LOW + k] = sum;
            }
        }
        double[] sorted = Arrays.copyOfRange(low, 1, low.length);
        Arrays.sort(sorted);
        double median = sorted[sorted.length / 2];
        long hash = 0;
        for (int i = 1; i < low.length; i++) {
            hash = hash << 1 | (low[i] > median ? 1 : 0);
        }
        return hash;
    }
}
