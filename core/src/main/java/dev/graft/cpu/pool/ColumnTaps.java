package dev.graft.cpu.pool;

import dev.graft.backend.AxisTaps;
import java.util.Arrays;

/**
 * A map along the width of one channels-last row. Neighbouring columns that are copies of neighbours are copied at
 * once. If channels are too few for a loop of their own, columns with equally many taps become one loop over their
 * elements, by a table of places and weights.
 */
final class ColumnTaps {
    /** With fewer channels, a loop over them costs more to begin than to run. */
    private static final int FEW = 16;
    /** The most taps of a table. */
    private static final int TABLES = 4;
    /** Tables that are used for fewer rows take longer to make than to do without. */
    private static final int FEW_ROWS = 4;
    /** The fewest floats that are worth a copy of their own. */
    private static final int COPIED = 16;

    private final TapLoops loops;
    private final AxisTaps taps;
    private final int channels;
    /** The first column of each run, and the number of all columns. */
    private final int[] runs;
    /** The taps of a run's columns; -1 for a copy. */
    private final int[] kinds;

    private final int[][] places;
    private final float[][] weights;

    /** @param rows how many rows will be mapped */
    ColumnTaps(TapLoops loops, AxisTaps taps, int channels, int rows) {
        this.loops = loops;
        this.taps = taps;
        this.channels = channels;
        int[] first = new int[taps.count() + 1];
        int[] kind = new int[taps.count()];
        int count = 0;
        boolean few = channels < FEW;
        for (int j = 0; j < taps.count(); ) {
            int end = copied(j);
            boolean copy = (end - j) * channels >= (few ? COPIED : 1);
            int n = copy ? -1 : taps.to(j) - taps.from(j);
            end = copy ? end : j + 1;
            if (!copy && count > 0 && kind[count - 1] == n) {
                j = end;
                continue;
            }
            first[count] = j;
            kind[count++] = n;
            j = end;
        }
        first[count] = taps.count();
        runs = Arrays.copyOf(first, count + 1);
        kinds = Arrays.copyOf(kind, count);
        places = new int[few && rows >= FEW_ROWS ? mostTaps(kinds) : 0][];
        weights = new float[places.length][];
        for (int k = 0; k < places.length; k++) {
            places[k] = new int[taps.count() * channels];
            weights[k] = new float[taps.count() * channels];
            fill(k);
        }
    }

    /** The most taps of a run that is computed by tables. */
    private static int mostTaps(int[] kinds) {
        int most = 0;
        for (int taps : kinds) {
            most = taps <= TABLES ? Math.max(most, taps) : most;
        }
        return most;
    }

    private int copied(int from) {
        int to = from;
        while (to < taps.count()
                && taps.isCopy(to)
                && taps.position(taps.from(to)) == taps.position(taps.from(from)) + to - from) {
            to++;
        }
        return to;
    }

    private void fill(int k) {
        for (int j = 0; j < taps.count(); j++) {
            int tap = taps.from(j) + k;
            for (int c = 0; c < channels && tap < taps.to(j); c++) {
                places[k][j * channels + c] = taps.position(tap) * channels + c;
                weights[k][j * channels + c] = taps.weight(tap);
            }
        }
    }

    /** {@code y} becomes the row that {@code x} maps to. */
    void map(float[] x, int at, float[] y, int yAt) {
        for (int run = 0; run < kinds.length; run++) {
            int from = runs[run];
            int to = runs[run + 1];
            if (kinds[run] < 0) {
                int source = at + taps.position(taps.from(from)) * channels;
                System.arraycopy(x, source, y, yAt + from * channels, (to - from) * channels);
            } else if (kinds[run] <= TABLES && places.length > 0) {
                byTable(kinds[run], x, at, from * channels, to * channels, y, yAt);
            } else if (channels < FEW) {
                byElement(x, at, from, to, y, yAt);
            } else {
                for (int j = from; j < to; j++) {
                    Resampling.sum(loops, taps, j, x, at, -1, channels, y, yAt + j * channels);
                }
            }
        }
    }

    private void byTable(int n, float[] x, int at, int from, int to, float[] y, int yAt) {
        switch (n) {
            case 0 -> Arrays.fill(y, yAt + from, yAt + to, 0f);
            case 1 -> one(x, at, from, to, y, yAt);
            case 2 -> two(x, at, from, to, y, yAt);
            case 3 -> three(x, at, from, to, y, yAt);
            default -> four(x, at, from, to, y, yAt);
        }
    }

    private void one(float[] x, int at, int from, int to, float[] y, int yAt) {
        int[] p = places[0];
        float[] w = weights[0];
        for (int e = from; e < to; e++) {
            y[yAt + e] = w[e] * x[at + p[e]];
        }
    }

    private void two(float[] x, int at, int from, int to, float[] y, int yAt) {
        int[] p = places[0];
        int[] q = places[1];
        float[] v = weights[0];
        float[] w = weights[1];
        for (int e = from; e < to; e++) {
            y[yAt + e] = v[e] * x[at + p[e]] + w[e] * x[at + q[e]];
        }
    }

    private void three(float[] x, int at, int from, int to, float[] y, int yAt) {
        int[] p = places[0];
        int[] q = places[1];
        int[] r = places[2];
        float[] u = weights[0];
        float[] v = weights[1];
        float[] w = weights[2];
        for (int e = from; e < to; e++) {
            y[yAt + e] = u[e] * x[at + p[e]] + v[e] * x[at + q[e]] + w[e] * x[at + r[e]];
        }
    }

    private void four(float[] x, int at, int from, int to, float[] y, int yAt) {
        int[] p = places[0];
        int[] q = places[1];
        int[] r = places[2];
        int[] s = places[3];
        float[] t = weights[0];
        float[] u = weights[1];
        float[] v = weights[2];
        float[] w = weights[3];
        for (int e = from; e < to; e++) {
            y[yAt + e] = t[e] * x[at + p[e]] + u[e] * x[at + q[e]] + v[e] * x[at + r[e]] + w[e] * x[at + s[e]];
        }
    }

    // With the bits of the tables.
    private void byElement(float[] x, int at, int from, int to, float[] y, int yAt) {
        for (int j = from; j < to; j++) {
            boolean few = taps.to(j) - taps.from(j) <= TABLES;
            for (int c = 0; c < channels; c++) {
                y[yAt + j * channels + c] = few ? sum(x, at + c, j) : longSum(x, at + c, j);
            }
        }
    }

    private float sum(float[] x, int at, int j) {
        int k = taps.from(j);
        if (k == taps.to(j)) {
            return 0;
        }
        float sum = taps.weight(k) * x[at + taps.position(k) * channels];
        for (k++; k < taps.to(j); k++) {
            sum += taps.weight(k) * x[at + taps.position(k) * channels];
        }
        return sum;
    }

    private float longSum(float[] x, int at, int j) {
        double sum = 0;
        for (int k = taps.from(j); k < taps.to(j); k++) {
            sum += (double) taps.weight(k) * x[at + taps.position(k) * channels];
        }
        return (float) sum;
    }
}
