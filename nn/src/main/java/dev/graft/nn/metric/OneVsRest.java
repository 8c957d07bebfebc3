package dev.graft.nn.metric;

import java.util.stream.IntStream;

/** Extends a binary metric to several classes. */
final class OneVsRest {
    /** The number of classes whose columns are gathered in one pass over the rows: a cache line of floats. */
    private static final int BLOCK = 16;
    /** From here on, neighbouring floats differ by more than 1/4,000 of their distance to 1. */
    static final float SATURATED = 1 - 0x1p-12f;

    private static final double SUM_TOLERANCE = 1e-3;

    private OneVsRest() {}

    interface Binary {
        double of(double[] scores, boolean[] positive);
    }

    /** For two classes, the metric of class 1. For more, the plain mean over the classes that have examples. */
    static double mean(String metric, float[][] probabilities, int[] labels, Binary binary) {
        Checks.rows(metric, probabilities, labels);
        int classes = probabilities[0].length;
        boolean distributions = areDistributions(metric, probabilities);
        if (classes == 2) {
            return block(probabilities, labels, 1, 2, distributions, new boolean[] {false, true}, binary)[0];
        }
        boolean[] present = new boolean[classes];
        for (int label : labels) {
            present[label] = true;
        }
        // in parallel, but added in the order of the classes, for the same bits with any number of threads
        double[][] values = IntStream.range(0, (classes + BLOCK - 1) / BLOCK)
                .parallel()
                .mapToObj(b -> block(
                        probabilities,
                        labels,
                        b * BLOCK,
                        Math.min(classes, (b + 1) * BLOCK),
                        distributions,
                        present,
                        binary))
                .toArray(double[][]::new);
        double sum = 0;
        int count = 0;
        for (int c = 0; c < classes; c++) {
            if (present[c]) {
                sum += values[c / BLOCK][c % BLOCK];
                count++;
            }
        }
        return sum / count;
    }

    private static double[] block(
            float[][] probabilities,
            int[] labels,
            int from,
            int to,
            boolean distributions,
            boolean[] wanted,
            Binary binary) {
        double[][] scores = new double[to - from][probabilities.length];
        for (int i = 0; i < probabilities.length; i++) {
            for (int c = from; c < to; c++) {
                scores[c - from][i] = score(probabilities[i], c, distributions);
            }
        }
        double[] values = new double[to - from];
        boolean[] positive = new boolean[labels.length];
        for (int c = from; c < to; c++) {
            if (wanted[c]) {
                for (int i = 0; i < labels.length; i++) {
                    positive[i] = labels[i] == c;
                }
                values[c - from] = binary.of(scores[c - from], positive);
            }
        }
        return values;
    }

    /**
     * A probability, for ranking. Near 1, floats are too coarse, and confident answers would tie although the network
     * distinguished them. There the share of the other classes, which is small and therefore exact, gives the order.
     */
    static double score(float[] row, int c, boolean distributions) {
        if (!distributions || row[c] < SATURATED) {
            return row[c];
        }
        double rest = 0;
        for (int k = 0; k < row.length; k++) {
            rest += k == c ? 0 : row[k];
        }
        return 1 - Math.log(rest);
    }

    static boolean areDistributions(String metric, float[][] probabilities) {
        boolean all = true;
        for (float[] row : probabilities) {
            double sum = 0;
            for (float p : row) {
                Checks.number(metric, p);
                sum += p;
                all &= p >= 0;
            }
            all &= Math.abs(sum - 1) <= SUM_TOLERANCE;
        }
        return all;
    }
}
