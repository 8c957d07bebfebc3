package dev.graft.vision.explain;

import java.util.Arrays;
import java.util.Comparator;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/** How alike two maps are. */
final class Similarity {
    private static final int WINDOW = 7;
    private static final double C1 = 0.01 * 0.01;
    private static final double C2 = 0.03 * 0.03;

    private Similarity() {}

    /** Spearman's rank correlation of the pixels; empty if all pixels of one map are equal. */
    static OptionalDouble rankCorrelation(float[][] a, float[][] b) {
        double[] x = ranks(flat(a));
        double[] y = ranks(flat(b));
        double middle = (x.length + 1) / 2.0;
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < x.length; i++) {
            xy += (x[i] - middle) * (y[i] - middle);
            xx += (x[i] - middle) * (x[i] - middle);
            yy += (y[i] - middle) * (y[i] - middle);
        }
        return xx == 0 || yy == 0 ? OptionalDouble.empty() : OptionalDouble.of(xy / Math.sqrt(xx * yy));
    }

    private static float[] flat(float[][] map) {
        float[] flat = new float[map.length * map[0].length];
        for (int y = 0; y < map.length; y++) {
            System.arraycopy(map[y], 0, flat, y * map[0].length, map[0].length);
        }
        return flat;
    }

    /** From 1; equal values get their mean rank. */
    private static double[] ranks(float[] values) {
        Integer[] order = IntStream.range(0, values.length).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingDouble(i -> values[i] + 0f)); // -0 equals 0
        double[] ranks = new double[values.length];
        for (int from = 0, to; from < order.length; from = to) {
            to = from + 1;
            while (to < order.length && values[order[to]] == values[order[from]]) {
                to++;
            }
            for (int i = from; i < to; i++) {
                ranks[order[i]] = (from + 1 + to) / 2.0;
            }
        }
        return ranks;
    }

    /**
     * Structural similarity with scikit-image's defaults: the mean over all windows of 7x7 that lie within the maps.
     *
     * @param a values that span at most 1
     * @see <a href="https://doi.org/10.1109/TIP.2003.819861">Wang et al. 2004</a>
     */
    static double ssim(float[][] a, float[][] b) {
        int side = Math.min(WINDOW, Math.min(a.length, a[0].length));
        double sum = 0;
        int count = 0;
        for (int y = 0; y + side <= a.length; y++) {
            for (int x = 0; x + side <= a[0].length; x++) {
                sum += ssim(a, b, y, x, side);
                count++;
            }
        }
        return sum / count;
    }

    private static double ssim(float[][] a, float[][] b, int top, int left, int side) {
        double n = (double) side * side;
        double sa = 0;
        double sb = 0;
        double aa = 0;
        double bb = 0;
        double ab = 0;
        for (int y = top; y < top + side; y++) {
            for (int x = left; x < left + side; x++) {
                double va = a[y][x];
                double vb = b[y][x];
                sa += va;
                sb += vb;
                aa += va * va;
                bb += vb * vb;
                ab += va * vb;
            }
        }
        double ua = sa / n;
        double ub = sb / n;
        double sample = n > 1 ? n / (n - 1) : 1;
        double varA = sample * (aa / n - ua * ua);
        double varB = sample * (bb / n - ub * ub);
        double covariance = sample * (ab / n - ua * ub);
        return (2 * ua * ub + C1) * (2 * covariance + C2) / ((ua * ua + ub * ub + C1) * (varA + varB + C2));
    }
}
