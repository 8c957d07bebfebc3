package dev.graft.nn.data;

/** Weights that make rare classes count as much as frequent ones. */
public final class ClassWeights {
    private ClassWeights() {}

    /**
     * {@code n / (classes * count of the class)}, as with scikit-learn's {@code class_weight="balanced"}: the mean
     * weight over all examples is 1.
     *
     * @throws IllegalArgumentException if a class has no example, or a label is out of range
     */
    public static float[] balanced(int[] labels, int classes) {
        long[] counts = new long[classes];
        for (int label : labels) {
            if (label < 0 || label >= classes) {
                throw new IllegalArgumentException("class weights: label " + label + " is not in [0, " + classes + ")");
            }
            counts[label]++;
        }
        float[] weights = new float[classes];
        for (int c = 0; c < classes; c++) {
            if (counts[c] == 0) {
                throw new IllegalArgumentException(
                        "class weights: class " + c + " of " + classes
                                + " has no example. Hint: remove the class, or split the data so that each part has all classes.");
            }
            weights[c] = (float) ((double) labels.length / ((double) classes * counts[c]));
        }
        return weights;
    }

    /**
     * Weights of the positive side for {@code BceWithLogitsLoss.positiveWeight}: {@code negatives / positives} of each
     * label, so that both sides of a label count the same.
     *
     * @param truths {@code [examples][labels]}
     * @throws IllegalArgumentException if no example has a label
     */
    public static float[] positive(boolean[][] truths) {
        int labels = truths.length == 0 ? 0 : truths[0].length;
        float[] weights = new float[labels];
        for (int c = 0; c < labels; c++) {
            long positives = 0;
            for (boolean[] truth : truths) {
                positives += truth[c] ? 1 : 0;
            }
            if (positives == 0) {
                throw new IllegalArgumentException("class weights: no example has label " + c + " of " + labels
                        + ". Hint: remove the label, or add examples that have it.");
            }
            weights[c] = (float) ((double) (truths.length - positives) / positives);
        }
        return weights;
    }

    /** {@link #balanced(int[], int)}, with the number of classes given by the largest label. */
    public static float[] balanced(int[] labels) {
        int classes = 0;
        for (int label : labels) {
            classes = Math.max(classes, label + 1);
        }
        return balanced(labels, classes);
    }
}
