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

    /** {@link #balanced(int[], int)}, with the number of classes given by the largest label. */
    public static float[] balanced(int[] labels) {
        int classes = 0;
        for (int label : labels) {
            classes = Math.max(classes, label + 1);
        }
        return balanced(labels, classes);
    }
}
