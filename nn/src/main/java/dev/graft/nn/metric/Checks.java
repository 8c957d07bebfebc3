package dev.graft.nn.metric;

/** What every metric checks of its arguments. */
final class Checks {
    private Checks() {}

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
            throw new IllegalArgumentException(metric + ": label " + label + " is not in [0, " + classes
                    + "). Hint: leave out examples whose label does not count.");
        }
    }

    /**
     * Checks that there is one row for each label, that rows have two or more columns and equal lengths, and that every
     * label is a column.
     */
    static void rows(String metric, float[][] probabilities, int[] labels) {
        sameLength(metric, probabilities.length, labels.length);
        int classes = probabilities[0].length;
        if (classes < 2) {
            throw new IllegalArgumentException(
                    metric + ": each row must hold a probability for each of two or more classes, has " + classes
                            + ". Hint: for one score of yes against no, call binary(), or make rows {1 - p, p}.");
        }
        for (int i = 0; i < labels.length; i++) {
            if (probabilities[i].length != classes) {
                throw new IllegalArgumentException(
                        metric + ": row " + i + " has " + probabilities[i].length + " columns, row 0 has " + classes);
            }
            label(metric, labels[i], classes);
        }
    }

    /** The NaN of a diverged network must not count as a worst or best score. */
    static void number(String metric, double score) {
        if (Double.isNaN(score)) {
            throw new IllegalArgumentException(
                    metric + ": a score is NaN. Hint: the network has diverged; use a smaller learning rate.");
        }
    }

    static void probability(String metric, double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException(metric + ": " + p
                    + " is not a probability. Hint: give values in [0, 1], such as those of softmax or sigmoid.");
        }
    }

    /** Thresholds of decisions: one of two classes, one for each label, or none. */
    static void thresholds(String name, double[] values, int classes, boolean multiLabel) {
        int expected = multiLabel ? classes : 1;
        if (values.length > 0 && (values.length != expected || (!multiLabel && classes != 2))) {
            throw new IllegalArgumentException(name + ": " + values.length + " thresholds for " + classes
                    + (multiLabel
                            ? " labels. Hint: give one for each label."
                            : " classes. Hint: two classes take one, and more take none."));
        }
        for (double value : values) {
            if (!(value >= 0 && value <= 1)) {
                throw new IllegalArgumentException(
                        name + ": a threshold must be a probability, in [0, 1], was " + value);
            }
        }
    }
}
