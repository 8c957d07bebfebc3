package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metric;
import java.util.List;

/**
 * How good a model is on inputs that were changed in one way, beside what it is on the inputs as they are.
 *
 * @param kind of the change, such as {@code noise}
 * @param strength of it in words, such as {@code standard deviation 5 of 255}
 * @param metrics on the changed inputs
 * @param changes of each metric: what it is on the changed inputs less what it is on the same inputs unchanged, with an
 *     interval of the paired difference; in the order of {@code metrics}
 */
public record Condition(String kind, String strength, List<Estimate> metrics, List<Estimate> changes) {
    public Condition {
        metrics = List.copyOf(metrics);
        changes = List.copyOf(changes);
    }

    /**
     * Judges changed inputs.
     *
     * @param plain answers to the inputs as they are
     * @param changed answers to the same inputs, changed
     * @throws IllegalArgumentException if truth or groups differ
     */
    public static Condition of(String kind, String strength, Cases plain, Cases changed, Intervals how) {
        List<Metric> metrics = Summary.headline(plain);
        return new Condition(
                kind,
                strength,
                how.of(metrics, changed),
                metrics.stream()
                        .map(metric ->
                                Difference.of(metric, changed, plain, how).difference())
                        .toList());
    }
}
