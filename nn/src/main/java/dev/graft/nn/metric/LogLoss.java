package dev.graft.nn.metric;

/** The mean of {@code -ln} of the probability given to the true class, in nats. */
public final class LogLoss {
    private LogLoss() {
    }

    /** A probability of 0 counts as the smallest normal float, so one sure mistake does not make the mean infinite. */
    public static double of(float[][] probabilities, int[] labels) {
        Checks.sameLength("log loss", probabilities.length, labels.length);
        double sum = 0;
        for (int i = 0; i < labels.length; i++) {
            Checks.label("log loss", labels[i], probabilities[i].length);
            sum -= Math.log(Math.max(probabilities[i][labels[i]], Float.MIN_NORMAL));
        }
        return sum / labels.length;
    }
}
