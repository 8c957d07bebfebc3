package dev.graft.nn.report.chart;

import java.util.Arrays;

/**
 * Leaves points out of a long line so that it looks the same: of each column of pixels, what reaches furthest stays.
 */
final class Thinning {
    /** Finer than the pixels of a chart on most screens. */
    private static final int COLUMNS = 480;

    private Thinning() {}

    /**
     * The positions that stay, ascending: all of a short line; of a long one, of each column the first, lowest, highest
     * and last point.
     */
    static int[] of(double[] x, double[] y) {
        if (x.length <= 4 * COLUMNS) {
            int[] all = new int[x.length];
            Arrays.setAll(all, i -> i);
            return all;
        }
        double low = Arrays.stream(x).filter(Double::isFinite).min().orElse(0);
        double high = Arrays.stream(x).filter(Double::isFinite).max().orElse(1);
        boolean[] kept = new boolean[x.length];
        int from = 0;
        while (from < x.length) {
            int column = column(x[from], low, high);
            int lowest = from;
            int highest = from;
            int to = from;
            while (to < x.length && column(x[to], low, high) == column) {
                lowest = y[to] < y[lowest] ? to : lowest;
                highest = y[to] > y[highest] ? to : highest;
                to++;
            }
            kept[from] = true;
            kept[lowest] = true;
            kept[highest] = true;
            kept[to - 1] = true;
            from = to;
        }
        return java.util.stream.IntStream.range(0, x.length)
                .filter(i -> kept[i])
                .toArray();
    }

    private static int column(double x, double low, double high) {
        return Double.isFinite(x) && high > low ? (int) Math.min(COLUMNS - 1, (x - low) / (high - low) * COLUMNS) : -1;
    }

    /** So many positions of a line, evenly, with both ends. */
    static int[] evenly(int length, int most) {
        if (length <= most) {
            int[] all = new int[length];
            Arrays.setAll(all, i -> i);
            return all;
        }
        int[] few = new int[most];
        Arrays.setAll(few, i -> (int) ((long) i * (length - 1) / (most - 1)));
        return few;
    }
}
