package dev.graft.nn.metric;

import java.util.Arrays;
import java.util.function.Function;

/**
 * Logistic recalibration: the line {@code logit(true probability) = intercept + slope * logit(p)} that fits the cases
 * best, by maximum likelihood. A slope below 1 says that probabilities are too extreme (the model is overconfident),
 * above 1 that they are too timid. Probabilities are clipped as by {@link LogLoss}.
 *
 * <p>Not defined with one class only; if all probabilities are equal; or if some threshold separates the classes,
 * because the best slope is then infinite.
 *
 * @param slope 1 is right
 * @param intercept 0 is right if the slope is 1
 * @param inTheLarge the intercept if the slope is fixed at 1: below 0, probabilities are too high on the whole; 0 is
 *     right
 * @see <a href="https://doi.org/10.1186/s12916-019-1466-7">Van Calster et al. 2019, Calibration: the Achilles heel of
 *     predictive analytics</a>
 */
public record CalibrationLine(Score slope, Score intercept, Score inTheLarge) {
    private static final int MOST_STEPS = 100;
    private static final double CONVERGED = 1e-12;

    /**
     * Fits the line to cases.
     *
     * @throws IllegalArgumentException if a value is not a probability
     */
    public static CalibrationLine of(BinaryCases cases) {
        int[] ones = new int[cases.size()];
        Arrays.fill(ones, 1);
        return fit(logits(cases), cases, ones);
    }

    static Statistic over(BinaryCases cases, Function<CalibrationLine, Score> part) {
        double[] logits = logits(cases);
        return weights -> part.apply(fit(logits, cases, weights));
    }

    private static double[] logits(BinaryCases cases) {
        double[] logits = new double[cases.checked("calibration").size()];
        for (int i = 0; i < logits.length; i++) {
            double p = LogLoss.clipped(cases.probability(i));
            logits[i] = Math.log(p / (1 - p));
        }
        return logits;
    }

    private static CalibrationLine fit(double[] x, BinaryCases cases, int[] weights) {
        double[] low = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
        double[] high = {Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY};
        for (int i = 0; i < x.length; i++) {
            if (weights[i] > 0) {
                int side = cases.isPositive(i) ? 1 : 0;
                low[side] = Math.min(low[side], x[i]);
                high[side] = Math.max(high[side], x[i]);
            }
        }
        if (high[0] < low[0] || high[1] < low[1]) {
            return nothing(high[1] < low[1] ? WeightedRanking.NO_POSITIVE : WeightedRanking.NO_NEGATIVE);
        }
        Score large = Score.of(newton(x, cases, weights, true)[0]);
        if (low[0] == high[0] && low[1] == high[1] && low[0] == low[1]) {
            return without("all probabilities are equal", large);
        }
        if (high[0] <= low[1] || high[1] <= low[0]) {
            return without("a threshold separates the classes, so the best slope is infinite", large);
        }
        double[] line = newton(x, cases, weights, false);
        return new CalibrationLine(Score.of(line[1]), Score.of(line[0]), large);
    }

    private static CalibrationLine nothing(String reason) {
        return without(reason, Score.undefined(reason));
    }

    private static CalibrationLine without(String reason, Score inTheLarge) {
        return new CalibrationLine(Score.undefined(reason), Score.undefined(reason), inTheLarge);
    }

    /**
     * Maximises the likelihood, which is concave, by Newton's steps, halved where they would lower it.
     *
     * @return intercept and slope
     */
    private static double[] newton(double[] x, BinaryCases cases, int[] weights, boolean fixedSlope) {
        double a = 0;
        double b = 1;
        double before = loss(x, cases, weights, a, b);
        for (int step = 0; step < MOST_STEPS; step++) {
            double ga = 0;
            double gb = 0;
            double haa = 0;
            double hab = 0;
            double hbb = 0;
            for (int i = 0; i < x.length; i++) {
                double p = 1 / (1 + Math.exp(-(a + b * x[i])));
                double error = weights[i] * ((cases.isPositive(i) ? 1 : 0) - p);
                double h = weights[i] * p * (1 - p);
                ga += error;
                gb += error * x[i];
                haa += h;
                hab += h * x[i];
                hbb += h * x[i] * x[i];
            }
            double det = haa * hbb - hab * hab;
            double da = fixedSlope ? ga / haa : (hbb * ga - hab * gb) / det;
            double db = fixedSlope ? 0 : (haa * gb - hab * ga) / det;
            double scale = 1;
            double after = loss(x, cases, weights, a + da, b + db);
            while (!(after <= before + 1e-9 * Math.abs(before)) && scale > 1e-6) {
                scale /= 2;
                after = loss(x, cases, weights, a + scale * da, b + scale * db);
            }
            a += scale * da;
            b += scale * db;
            before = after;
            if (Math.abs(scale * da) + Math.abs(scale * db) <= CONVERGED * (1 + Math.abs(a) + Math.abs(b))) {
                break;
            }
        }
        return new double[] {a, b};
    }

    private static double loss(double[] x, BinaryCases cases, int[] weights, double a, double b) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            double z = a + b * x[i];
            double wrong = cases.isPositive(i) ? -z : z;
            sum += weights[i] * (Math.max(wrong, 0) + Math.log1p(Math.exp(-Math.abs(wrong))));
        }
        return sum;
    }
}
