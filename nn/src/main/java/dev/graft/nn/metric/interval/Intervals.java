package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetric;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Groups;
import dev.graft.nn.metric.Metric;
import dev.graft.nn.metric.Score;
import dev.graft.nn.metric.Statistic;
import java.util.List;
import java.util.Optional;

/**
 * How to compute confidence intervals. The method suits the metric: {@link DeLong} for an AUROC, Wilson's interval for
 * shares such as sensitivity, the bootstrap (bias-corrected and accelerated, BCa) for all others. If the cases have
 * {@linkplain Cases#groups groups}, all of them count patients, not cases. Their coverage is measured by
 * {@code CoverageTest}.
 *
 * <pre>{@code
 * Estimate auroc = Intervals.defaults().of(BinaryMetrics.auroc(), cases);
 * System.out.println(auroc);   // AUROC 0.8512 (95 % interval 0.8123 to 0.8901)
 * }</pre>
 *
 * <p>A resample in which the metric is not defined, such as one without a positive case, is left out and counted in the
 * note; if more than a tenth are, there is no interval. The seed and the cases alone decide the bits.
 *
 * @param level in (0, 1); 0.95 unless told otherwise
 * @param resamples of the bootstrap, 2,000 unless told otherwise
 * @param seed of the bootstrap
 */
public record Intervals(double level, int resamples, long seed) {
    /** With fewer groups, all methods give intervals that are too narrow. */
    private static final int FEW_GROUPS = 20;

    private static final int LEAST_RESAMPLES = 100;

    private static final Intervals DEFAULTS = new Intervals(0.95, 2000, 0);

    public Intervals {
        if (!(level > 0 && level < 1) || resamples < LEAST_RESAMPLES) {
            throw new IllegalArgumentException("intervals: the level must be in (0, 1), and resamples "
                    + LEAST_RESAMPLES + " or more (level " + level + ", resamples " + resamples + ")");
        }
    }

    /** 95 %, 2,000 resamples, seed 0. */
    public static Intervals defaults() {
        return DEFAULTS;
    }

    /** This with another level, such as 0.9. */
    public Intervals level(double other) {
        return new Intervals(other, resamples, seed);
    }

    /** This with another number of resamples, 100 or more. */
    public Intervals resamples(int count) {
        return new Intervals(level, count, seed);
    }

    /** This with another seed. */
    public Intervals seed(long other) {
        return new Intervals(level, resamples, other);
    }

    /** A metric of a yes or a no with its interval. */
    public Estimate of(BinaryMetric metric, BinaryCases cases) {
        return of(metric.name(), metric.over(cases), cases.groups());
    }

    /** A metric with its interval. */
    public Estimate of(Metric metric, Cases cases) {
        return of(metric.name(), metric.over(cases), cases.groups());
    }

    /** Metrics with their intervals, in their order. */
    public List<Estimate> of(List<Metric> metrics, Cases cases) {
        return metrics.stream().map(metric -> of(metric, cases)).toList();
    }

    /** By the bootstrap, whatever the metric. */
    public Estimate bootstrap(BinaryMetric metric, BinaryCases cases) {
        return noted(Bootstrap.estimate(metric.name(), metric.over(cases), cases.groups(), this), cases.groups());
    }

    /** By the bootstrap, whatever the metric. */
    public Estimate bootstrap(Metric metric, Cases cases) {
        return noted(Bootstrap.estimate(metric.name(), metric.over(cases), cases.groups(), this), cases.groups());
    }

    /**
     * The mean of a metric over several models' answers to the same cases, such as those of several seeds, by the
     * bootstrap: every resample counts the same cases for all of them.
     *
     * @param models at least one
     * @throws IllegalArgumentException if truth or groups differ
     */
    public Estimate mean(Metric metric, List<Cases> models) {
        models.forEach(models.get(0)::checkSameCases);
        List<Statistic> each = models.stream().map(metric::over).toList();
        Statistic mean = new Statistic() {
            @Override
            public Score of(int[] weights) {
                double sum = 0;
                for (Statistic one : each) {
                    Score score = one.of(weights);
                    if (!score.isDefined()) {
                        return score;
                    }
                    sum += score.orNaN();
                }
                return Score.of(sum / each.size());
            }

            @Override
            public Optional<String> noInterval() {
                return each.get(0).noInterval();
            }
        };
        Groups groups = models.get(0).groups();
        return noted(Bootstrap.estimate("mean " + metric.name(), mean, groups, this), groups);
    }

    private Estimate of(String name, Statistic statistic, Groups groups) {
        Estimate estimate;
        if (statistic instanceof Statistic.Area area) {
            estimate = AreaInterval.of(name, area.cases(), level);
        } else if (statistic instanceof Statistic.Share share) {
            estimate = ShareInterval.of(name, share, groups, level);
        } else {
            estimate = Bootstrap.estimate(name, statistic, groups, this);
        }
        return noted(estimate, groups);
    }

    /** With a note where there are few groups. */
    static Estimate noted(Estimate estimate, Groups groups) {
        return estimate.interval().isPresent() && groups.count() < FEW_GROUPS
                ? estimate.noting("only " + groups.count() + (groups.areSingletons() ? " cases" : " patients")
                        + ", so the interval may be too narrow")
                : estimate;
    }
}
