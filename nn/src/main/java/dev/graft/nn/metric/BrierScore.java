package dev.graft.nn.metric;

/**
 * The mean squared error of probabilities. Two classes: {@code (p1 - y)^2}, from 0 to 1; more: the sum over all
 * classes, from 0 to 2 (Brier 1950).
 */
public final class BrierScore {
    private BrierScore() {}

    public static double of(float[][] probabilities, int[] labels) {
        Checks.rows("Brier score", probabilities, labels);
        double sum = 0;
        for (int i = 0; i < labels.length; i++) {
            float[] row = probabilities[i];
            for (int c = row.length == 2 ? 1 : 0; c < row.length; c++) {
                Checks.number("Brier score", row[c]);
                double error = row[c] - (labels[i] == c ? 1 : 0);
                sum += error * error;
            }
        }
        return sum / labels.length;
    }
}
