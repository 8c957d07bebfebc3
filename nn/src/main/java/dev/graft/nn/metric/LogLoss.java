package dev.graft.nn.metric;

/**
 * The mean of {@code -ln} of the probability given to the true class, in nats.
 *
 * @see <a href="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.log_loss.html">log_loss</a>
 */
public final class LogLoss {
    /** The machine epsilon of a float, to which scikit-learn clips an array of float32. */
    private static final double EPSILON = 0x1p-23;

    private LogLoss() {}

    /**
     * Probabilities are clipped to {@code [2^-23, 1 - 2^-23]}, as scikit-learn does with float32, so one confident
     * mistake costs 15.94. The loss in training is computed from logits and needs no clipping.
     *
     * @param probabilities {@code [examples][classes]}, two or more classes
     * @param labels the class of each row, in {@code [0, classes)}
     */
    public static double of(float[][] probabilities, int[] labels) {
        Checks.rows("log loss", probabilities, labels);
        double sum = 0;
        for (int i = 0; i < labels.length; i++) {
            float p = probabilities[i][labels[i]];
            Checks.number("log loss", p);
            sum -= Math.log(clipped(p));
        }
        return sum / labels.length;
    }

    static double clipped(double p) {
        return Math.min(Math.max(p, EPSILON), 1 - EPSILON);
    }
}
