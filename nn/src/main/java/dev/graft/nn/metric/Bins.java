package dev.graft.nn.metric;

import java.util.Arrays;

/**
 * How probabilities are divided into bins. A bin includes its upper edge, as in scikit-learn, and the first one 0 too.
 *
 * @param count the number of bins, 1 or more
 * @param equalMass whether bins hold about the same number of cases, by quantiles of the probabilities, instead of
 *     having the same width. Equal probabilities share a bin, so with ties some bins are larger, or empty
 * @see <a
 *     href="https://scikit-learn.org/stable/modules/generated/sklearn.calibration.calibration_curve.html">calibration_curve</a>
 */
public record Bins(int count, boolean equalMass) {
    public Bins {
        if (count < 1) {
            throw new IllegalArgumentException("bins: there must be 1 or more, were " + count);
        }
    }

    /** Of the same width, 1 / count. */
    public static Bins equalWidth(int count) {
        return new Bins(count, false);
    }

    /** Of about the same number of cases. */
    public static Bins equalMass(int count) {
        return new Bins(count, true);
    }

    /** The inner edges, ascending. */
    double[] edges(double[] probabilities) {
        double[] edges = new double[count - 1];
        double[] sorted = equalMass ? probabilities.clone() : new double[0];
        Arrays.sort(sorted);
        for (int k = 1; k < count; k++) {
            double share = (double) k / count;
            edges[k - 1] = equalMass ? quantile(sorted, share) : share;
        }
        return edges;
    }

    /** Between the two nearest, as NumPy's percentile does. */
    private static double quantile(double[] sorted, double share) {
        double at = share * (sorted.length - 1);
        int low = (int) Math.floor(at);
        int high = Math.min(low + 1, sorted.length - 1);
        double t = at - low;
        double step = sorted[high] - sorted[low];
        return t < 0.5 ? sorted[low] + step * t : sorted[high] - step * (1 - t);
    }

    /** The bin of a probability: how many edges lie below it. */
    static int bin(double[] edges, double p) {
        int low = 0;
        int high = edges.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (edges[middle] < p) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
