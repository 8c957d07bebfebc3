package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.Groups;
import dev.graft.nn.metric.Score;
import dev.graft.nn.metric.Statistic;
import dev.graft.random.NormalQuantile;
import dev.graft.random.RandomStream;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The values of a metric if other patients had been met: whole groups are drawn with replacement, as many as there are.
 * Each resample draws from a random stream of its own, so any number of threads gives the same bits.
 *
 * <p>The interval's ends are percentiles of these values, corrected for bias and for a spread that depends on the value
 * (BCa), and widened for small samples as Student's distribution is. Plain percentiles contained the true AUPRC, log
 * loss and calibration slope of simulated studies in 83 to 91 of 100 cases where these do in 93 to 96
 * ({@code CoverageTest}).
 *
 * @see <a href="https://doi.org/10.1080/01621459.1987.10478410">Efron 1987, Better bootstrap confidence intervals</a>
 * @see <a href="https://doi.org/10.1080/00031305.2015.1089789">Hesterberg 2015, What teachers should know about the
 *     bootstrap: the widening</a>
 */
final class Bootstrap {
    private static final String STREAM = "metric.bootstrap";
    private static final int FEWEST_GROUPS = 2;
    /** If more resamples lack a value, the rest would be a chosen part of what can happen. */
    private static final double MOST_UNDEFINED = 0.1;
    /** Groups are left out by so many parts at most, to know how the spread changes with the value. */
    private static final int MOST_PARTS = 500;

    private final Statistic statistic;
    private final Groups groups;
    private final double[] values;
    private final int undefined;

    private Bootstrap(Statistic statistic, Groups groups, double[] values, int undefined) {
        this.statistic = statistic;
        this.groups = groups;
        this.values = values;
        this.undefined = undefined;
    }

    static Bootstrap of(Statistic statistic, Groups groups, int resamples, long seed) {
        double[] all = IntStream.range(0, resamples)
                .parallel()
                .mapToDouble(r -> statistic.of(weights(groups, seed, r)).orNaN())
                .toArray();
        double[] defined = defined(all);
        Arrays.sort(defined);
        return new Bootstrap(statistic, groups, defined, resamples - defined.length);
    }

    private static double[] defined(double[] values) {
        return Arrays.stream(values).filter(v -> !Double.isNaN(v)).toArray();
    }

    /** How often each case occurs in a resample. */
    static int[] weights(Groups groups, long seed, int resample) {
        RandomStream random = RandomStream.of(seed, STREAM, resample);
        int[] drawn = new int[groups.count()];
        for (int g = 0; g < drawn.length; g++) {
            drawn[random.nextInt(drawn.length)]++;
        }
        int[] weights = new int[groups.cases()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = drawn[groups.of(i)];
        }
        return weights;
    }

    static Estimate estimate(String name, Statistic statistic, Groups groups, Intervals how) {
        Score score = statistic.plain(groups.cases());
        if (!score.isDefined()) {
            return Estimate.undefined(name, score);
        }
        if (statistic.noInterval().isPresent()) {
            return Estimate.without(name, score, statistic.noInterval().get());
        }
        if (groups.count() < FEWEST_GROUPS) {
            return Estimate.without(
                    name, score, "no interval: there is only one " + (groups.cases() == 1 ? "case" : "patient"));
        }
        return of(statistic, groups, how.resamples(), how.seed()).estimate(name, score, how.level());
    }

    private Estimate estimate(String name, Score score, double level) {
        int resamples = values.length + undefined;
        if (undefined > MOST_UNDEFINED * resamples) {
            return Estimate.without(
                    name,
                    score,
                    "no interval: it is not defined in " + undefined + " of " + resamples + " resamples, too few "
                            + (groups.areSingletons() ? "cases" : "patients") + " of a class");
        }
        if (values[0] == values[values.length - 1]) {
            return Estimate.without(name, score, "no interval: resamples do not differ");
        }
        double n = groups.count();
        double z = Quantiles.student(level, groups.count() - 1) * Math.sqrt(n / (n - 1));
        double bias = bias(score.orNaN());
        double acceleration = acceleration();
        double low = at(-z, bias, acceleration);
        double high = at(z, bias, acceleration);
        if (low == high) {
            return Estimate.without(name, score, "no interval: nearly all resamples have the same value");
        }
        Estimate estimate = Estimate.of(
                name,
                score,
                new Interval(
                        Math.min(low, high),
                        Math.max(low, high),
                        level,
                        groups.areSingletons() ? "bootstrap" : "bootstrap by patient"));
        return undefined == 0
                ? estimate
                : estimate.noting(undefined + " of " + resamples + " resamples, in which it is not defined, left out");
    }

    private double at(double z, double bias, double acceleration) {
        double shifted = bias + z;
        double stretched = shifted / (1 - acceleration * shifted);
        // beyond its pole the correction is meaningless: then the end of the values
        boolean beyond = 1 - acceleration * shifted <= 0;
        double share = beyond ? (z > 0 ? 1 : 0) : 1 - Quantiles.above(bias + stretched);
        return Quantiles.of(values, share);
    }

    /** How far the median of resamples lies from the value, in standard deviations; equal values count half. */
    private double bias(double value) {
        double below = 0;
        for (double v : values) {
            below += v < value ? 1 : v == value ? 0.5 : 0;
        }
        double least = 0.5 / values.length;
        return NormalQuantile.of(Math.min(Math.max(below / values.length, least), 1 - least));
    }

    /**
     * A sixth of the skewness of what single groups contribute, by leaving each out; of many groups, some at a time.
     */
    private double acceleration() {
        int parts = Math.min(groups.count(), MOST_PARTS);
        double[] without = defined(IntStream.range(0, parts)
                .parallel()
                .mapToDouble(part -> statistic.of(leaving(part, parts)).orNaN())
                .toArray());
        double mean = Arrays.stream(without).average().orElse(0);
        double squares = 0;
        double cubes = 0;
        for (double value : without) {
            double influence = mean - value;
            squares += influence * influence;
            cubes += influence * influence * influence;
        }
        return squares == 0 ? 0 : cubes / (6 * Math.pow(squares, 1.5));
    }

    private int[] leaving(int part, int parts) {
        int[] weights = new int[groups.cases()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = groups.of(i) % parts == part ? 0 : 1;
        }
        return weights;
    }
}
