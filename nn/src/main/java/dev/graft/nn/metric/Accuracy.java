package dev.graft.nn.metric;

/** The share of examples whose most probable class is right. */
public final class Accuracy {
    private Accuracy() {}

    public static double of(int[] predictions, int[] labels) {
        Checks.sameLength("accuracy", predictions.length, labels.length);
        int right = 0;
        for (int i = 0; i < labels.length; i++) {
            right += predictions[i] == labels[i] ? 1 : 0;
        }
        return (double) right / labels.length;
    }

    /**
     * The share of rows whose most probable class is the label.
     *
     * @param labels the class of each row, in {@code [0, classes)}
     */
    public static double of(float[][] probabilities, int[] labels) {
        Checks.sameLength("accuracy", probabilities.length, labels.length);
        for (int i = 0; i < labels.length; i++) {
            Checks.label("accuracy", labels[i], probabilities[i].length);
        }
        return of(predictions(probabilities), labels);
    }

    /**
     * The class with the largest probability in each row; among equals the first, as with NumPy's argmax.
     *
     * @throws IllegalArgumentException for a NaN, which is not a prediction
     */
    public static int[] predictions(float[][] probabilities) {
        int[] predictions = new int[probabilities.length];
        for (int i = 0; i < predictions.length; i++) {
            float[] row = probabilities[i];
            int best = 0;
            for (float p : row) {
                Checks.number("accuracy", p);
            }
            for (int c = 1; c < row.length; c++) {
                best = row[c] > row[best] ? c : best;
            }
            predictions[i] = best;
        }
        return predictions;
    }
}
