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
    private static final double CONVERGED = 1e-11;
    private static final double ROUNDING = 1e-12;
    private static final double LEAST_SCALE = 1e-9;

    /**
     * Fits the line to cases.
     *
     * @throws IllegalArgumentException if a value is not a probability
     */
    public static CalibrationLine of(BinaryCases cases) {
        int[] ones = new int[cases.size()];
        Arrays.fill(ones, 1);
        return fit(logits(cases), cases, ones, Double.NaN, Double.NaN);
    }

    static Statistic over(BinaryCases cases, Function<CalibrationLine, Score> part) {
        double[] logits = logits(cases);
        int[] ones = new int[cases.size()];
        Arrays.fill(ones, 1);
        CalibrationLine plain = fit(logits, cases, ones, Double.NaN, Double.NaN);
        // resamples are near the sample, so they need few steps from its line
        return weights -> part.apply(fit(logits, cases, weights, plain.intercept.orNaN(), plain.slope.orNaN()));
    }

    private static double[] logits(BinaryCases cases) {
        double[] logits = new double[cases.checked("calibration").size()];
        for (int i = 0; i < logits.length; i++) {
            double p = LogLoss.clipped(cases.probability(i));
            logits[i] = Math.log(p / (1 - p));
        }
        return logits;
    }

    private static CalibrationLine fit(double[] x, BinaryCases cases, int[] weights, double nearA, double nearB) {
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
        double odds = Math.log(count(cases, weights, true) / count(cases, weights, false));
        // at the ends all probabilities are below, or above, the share of positive cases
        double most = Math.max(high[0], high[1]);
        double least = Math.min(low[0], low[1]);
        Score large = Score.of(shift(x, cases, weights, odds - most - 1, odds - least + 1));
        if (low[0] == high[0] && low[1] == high[1] && low[0] == low[1]) {
            return without("all probabilities are equal", large);
        }
        if (high[0] <= low[1] || high[1] <= low[0]) {
            return without("a threshold separates the classes, so the best slope is infinite", large);
        }
        double[] line = Double.isNaN(nearA) ? line(x, cases, weights, odds, 0) : line(x, cases, weights, nearA, nearB);
        if (Double.isNaN(line[0]) && !Double.isNaN(nearA)) {
            line = line(x, cases, weights, odds, 0);
        }
        if (Double.isNaN(line[0])) {
            return without("the fit does not converge: the classes are nearly separated", large);
        }
        return new CalibrationLine(Score.of(line[1]), Score.of(line[0]), large);
    }

    private static double count(BinaryCases cases, int[] weights, boolean positive) {
        double count = 0;
        for (int i = 0; i < weights.length; i++) {
            count += cases.isPositive(i) == positive ? weights[i] : 0;
        }
        return count;
    }

    private static CalibrationLine nothing(String reason) {
        return without(reason, Score.undefined(reason));
    }

    private static CalibrationLine without(String reason, Score inTheLarge) {
        return new CalibrationLine(Score.undefined(reason), Score.undefined(reason), inTheLarge);
    }

    /**
     * Maximises the likelihood, which is concave, by Newton's steps, halved where they would lower it. A good start is
     * where all cases have the same probability, and so the largest curvature: from probabilities near 0 and 1 the
     * first step would be endless.
     *
     * @return intercept and slope; NaN if it does not converge
     */
    private static double[] line(double[] x, BinaryCases cases, int[] weights, double startA, double startB) {
        double a = startA;
        double b = startB;
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
            double da = (hbb * ga - hab * gb) / det;
            double db = (haa * gb - hab * ga) / det;
            if (!Double.isFinite(da) || !Double.isFinite(db)) {
                break;
            }
            if (Math.abs(da) + Math.abs(db) <= CONVERGED * (1 + Math.abs(a) + Math.abs(b))) {
                return new double[] {a + da, b + db};
            }
            double scale = 1;
            double after = loss(x, cases, weights, a + da, b + db);
            while (after > before + ROUNDING * before && scale > LEAST_SCALE) {
                scale /= 2;
                after = loss(x, cases, weights, a + scale * da, b + scale * db);
            }
            a += scale * da;
            b += scale * db;
            before = after;
        }
        return new double[] {Double.NaN, Double.NaN};
    }

    /**
     * The intercept at slope 1: where the sum of probabilities is the number of positive cases, by Newton in a bracket.
     */
    private static double shift(double[] x, BinaryCases cases, int[] weights, double low, double high) {
        double from = low;
        double to = high;
        double a = Math.min(Math.max(0, low), high);
        for (int step = 0; step < MOST_STEPS; step++) {
            double gradient = 0;
            double curvature = 0;
            for (int i = 0; i < x.length; i++) {
                double p = 1 / (1 + Math.exp(-(a + x[i])));
                gradient += weights[i] * ((cases.isPositive(i) ? 1 : 0) - p);
                curvature += weights[i] * p * (1 - p);
            }
            from = gradient > 0 ? a : from;
            to = gradient > 0 ? to : a;
            double next = a + gradient / curvature;
            if (Math.abs(next - a) <= CONVERGED * (1 + Math.abs(a))) {
                return next;
            }
            a = next > from && next < to ? next : (from + to) / 2;
        }
        return a;
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
