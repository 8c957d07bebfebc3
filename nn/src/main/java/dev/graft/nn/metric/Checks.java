package dev.graft.nn.metric;

/** What every metric asks of its arguments. */
final class Checks {
    private Checks() {
    }

    static void sameLength(String metric, int scores, int labels) {
        if (scores != labels) {
            throw new IllegalArgumentException(metric + ": " + scores + " predictions for " + labels + " labels");
        }
        if (labels == 0) {
            throw new IllegalArgumentException(metric + ": there are no examples");
        }
    }

    static void label(String metric, int label, int classes) {
        if (label < 0 || label >= classes) {
            throw new IllegalArgumentException(metric + ": label " + label + " is not in [0, " + classes + ")");
        }
    }

    static float[] column(float[][] probabilities, int c) {
        float[] column = new float[probabilities.length];
        for (int i = 0; i < column.length; i++) {
            column[i] = probabilities[i][c];
        }
        return column;
    }

    static boolean[] isClass(int[] labels, int c) {
        boolean[] is = new boolean[labels.length];
        for (int i = 0; i < is.length; i++) {
            is[i] = labels[i] == c;
        }
        return is;
    }
}
