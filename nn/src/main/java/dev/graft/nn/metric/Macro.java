package dev.graft.nn.metric;

/** Takes a metric of yes and no to several classes. */
final class Macro {
    private Macro() {
    }

    interface Binary {
        double of(float[] scores, boolean[] positive);
    }

    /** Two classes: of class 1. More: the plain mean over classes that have examples. */
    static double mean(float[][] probabilities, int[] labels, Binary metric) {
        int classes = probabilities[0].length;
        if (classes == 2) {
            return metric.of(Checks.column(probabilities, 1), Checks.isClass(labels, 1));
        }
        double sum = 0;
        int present = 0;
        for (int c = 0; c < classes; c++) {
            boolean[] is = Checks.isClass(labels, c);
            boolean any = false;
            for (boolean b : is) {
                any |= b;
            }
            if (any) {
                sum += metric.of(Checks.column(probabilities, c), is);
                present++;
            }
        }
        return sum / present;
    }
}
