package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetric;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Groups;
import dev.graft.nn.metric.Metric;
import dev.graft.nn.metric.Score;
import dev.graft.nn.metric.Statistic;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Two models on the same cases. What is hard for one is mostly hard for the other, so their difference is known better
 * than either: it is computed case by case (patient by patient), never from two separate intervals.
 *
 * @param first the first model's metric
 * @param second the second model's metric
 * @param difference first minus second, with its interval; above 0 the first model has the larger value
 * @param pValue of DeLong's test that both areas are equal, by the same Student's distribution as the interval: below 1
 *     - level where the interval excludes 0. For an AUROC; empty otherwise
 */
public record Difference(Score first, Score second, Estimate difference, OptionalDouble pValue) {
    private static final String TITLE = "difference of ";

    /**
     * Compares two models' answers to the same cases.
     *
     * @throws IllegalArgumentException if truth or groups differ
     */
    public static Difference of(BinaryMetric metric, BinaryCases first, BinaryCases second, Intervals how) {
        first.checkSameCases(second);
        return of(metric.name(), metric.over(first), metric.over(second), first.groups(), how);
    }

    /** As {@link #of(BinaryMetric, BinaryCases, BinaryCases, Intervals)}. */
    public static Difference of(Metric metric, Cases first, Cases second, Intervals how) {
        first.checkSameCases(second);
        return of(metric.name(), metric.over(first), metric.over(second), first.groups(), how);
    }

    private static Difference of(String name, Statistic a, Statistic b, Groups groups, Intervals how) {
        String title = TITLE + name;
        Score first = a.plain(groups.cases());
        Score second = b.plain(groups.cases());
        Score difference = minus(first, second);
        if (difference.isDefined() && a instanceof Statistic.Area one && b instanceof Statistic.Area other) {
            return areas(title, first, second, DeLong.of(one.cases()), DeLong.of(other.cases()), groups, how);
        }
        Statistic both = new Statistic() {
            @Override
            public Score of(int[] weights) {
                return minus(a.of(weights), b.of(weights));
            }

            @Override
            public Optional<String> noInterval() {
                return a.noInterval();
            }
        };
        Estimate estimate = Intervals.noted(Bootstrap.estimate(title, both, groups, how), groups);
        return new Difference(first, second, estimate, OptionalDouble.empty());
    }

    private static Score minus(Score a, Score b) {
        return !a.isDefined() ? a : !b.isDefined() ? b : Score.of(a.orNaN() - b.orNaN());
    }

    private static Difference areas(
            String title, Score first, Score second, DeLong a, DeLong b, Groups groups, Intervals how) {
        Score difference = minus(first, second);
        double variance = a.variance() + b.variance() - 2 * a.covariance(b);
        if (!(variance > 1e-18)) {
            String why = Double.isNaN(variance)
                    ? "no interval: only one patient has cases of a class"
                    : "no interval: both models rank the cases alike";
            return new Difference(first, second, Estimate.without(title, difference, why), OptionalDouble.empty());
        }
        double error = Math.sqrt(variance);
        int degrees = a.fewerGroups() - 1;
        double reach = error * Quantiles.student(how.level(), degrees);
        double d = difference.orNaN();
        Interval interval =
                new Interval(Math.max(-1, d - reach), Math.min(1, d + reach), how.level(), "DeLong, paired");
        return new Difference(
                first,
                second,
                Intervals.noted(Estimate.of(title, difference, interval), groups),
                OptionalDouble.of(Quantiles.beyond(Math.abs(d) / error, degrees)));
    }

    /** What the metric is called, such as "AUROC". */
    public String metric() {
        return difference.name().substring(TITLE.length());
    }

    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        first.value().ifPresent(value -> map.put("first", value));
        second.value().ifPresent(value -> map.put("second", value));
        map.putAll(Summary.toMap(difference));
        if (map.remove("value") instanceof Double value) {
            map.put("difference", value);
        }
        pValue.ifPresent(p -> map.put("p_value", p));
        return map;
    }
}
