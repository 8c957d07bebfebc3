package dev.graft.cpu.norm;

import dev.graft.cpu.layout.ChannelBlocks;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * Means and variances of channels, computed from one range of rows after another. For each range, the sums of {@code x
 * - origin} and of its square, for an origin near the range's mean, are merged with the previous ones (Chan, Golub and
 * LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979). Squares about an origin
 * that is many standard deviations off would cancel. A range for which this happens is added again about its own mean.
 */
final class ChannelMoments {
    /** The number of rows whose mean is the first origin. */
    private static final int SAMPLE = 4;
    /** By what factor the squares about the origin may exceed those about the mean. */
    private static final int FAR = 9;

    private final ChannelBlocks rows;
    private final NormLoops loops;
    private final Workspace workspace;
    private final double[] means;
    private final double[] squares;
    private final double[] stretchSums;
    private final double[] stretchSquares;
    private float[] origin = new float[0];
    private long added;

    ChannelMoments(ChannelBlocks rows, NormLoops loops, Workspace workspace) {
        this.rows = rows;
        this.loops = loops;
        this.workspace = workspace;
        this.means = new double[rows.channels()];
        this.squares = new double[rows.channels()];
        this.stretchSums = new double[rows.channels()];
        this.stretchSquares = new double[rows.channels()];
    }

    /** Takes an origin from some of the {@code count} rows at {@code at}. */
    void begin(float[] x, int at, int count) {
        int sampled = Math.min(count, SAMPLE);
        float[] sample = new float[rows.channels()];
        float share = 1f / sampled;
        for (int i = 0; i < sampled; i++) {
            int row = at + (int) ((long) count * i / sampled) * rows.channels();
            for (int c = 0; c < sample.length; c++) {
                sample[c] += x[row + c] * share;
            }
        }
        origin = rows.spread(sample, 0);
    }

    /** Adds {@code count} floats of whole rows, few enough to be added in floats. */
    void add(float[] x, int at, int count) {
        sum(x, at, count);
        int n = count / rows.channels();
        if (isFar(n)) {
            float[] nearer = new float[rows.channels()];
            for (int c = 0; c < nearer.length; c++) {
                nearer[c] = (float) (origin[c] + stretchSums[c] / n);
            }
            origin = rows.spread(nearer, 0);
            sum(x, at, count);
        }
        double inverse = 1.0 / n;
        double share = (double) n / (added + n);
        double weight = added * share;
        for (int c = 0; c < means.length; c++) {
            double sum = stretchSums[c];
            double shift = sum * inverse;
            double distance = origin[c] + shift - means[c];
            means[c] += distance * share;
            squares[c] += Math.max(0, stretchSquares[c] - sum * shift) + distance * distance * weight;
        }
        added += n;
    }

    private void sum(float[] x, int at, int count) {
        float[] sums = workspace.floats(0, rows.width());
        float[] products = workspace.floats(1, rows.width());
        Arrays.fill(sums, 0, rows.width(), 0f);
        Arrays.fill(products, 0, rows.width(), 0f);
        Arrays.fill(stretchSums, 0);
        Arrays.fill(stretchSquares, 0);
        loops.moments(x, at, origin, sums, products, rows.width(), count);
        rows.flush(sums, stretchSums, 0);
        rows.flush(products, stretchSquares, 0);
    }

    // False for NaN, which no origin can turn into a number.
    private boolean isFar(int n) {
        double inverse = 1.0 / n;
        for (int c = 0; c < means.length; c++) {
            double shift = stretchSums[c] * stretchSums[c] * inverse;
            if (shift > FAR * (stretchSquares[c] - shift) && shift > 0) {
                return true;
            }
        }
        return false;
    }

    /** Merges the moments of the rows that follow. */
    void add(ChannelMoments next) {
        double share = (double) next.added / (added + next.added);
        double weight = added * share;
        for (int c = 0; c < means.length; c++) {
            double distance = next.means[c] - means[c];
            means[c] += distance * share;
            squares[c] += next.squares[c] + distance * distance * weight;
        }
        added += next.added;
    }

    double mean(int c) {
        return means[c];
    }

    /** The biased variance: the mean square of the distances from the mean. */
    double variance(int c) {
        return squares[c] / added;
    }
}
