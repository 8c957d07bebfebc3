package dev.graft.nn.report;

import dev.graft.nn.metric.interval.Estimate;
import java.util.List;

/**
 * How good a model is if its inputs are a little worse.
 *
 * @param conditions the first is that of inputs as they are
 */
public record Robustness(List<Condition> conditions) {
    public Robustness {
        conditions = List.copyOf(conditions);
    }

    /**
     * The scores under one condition.
     *
     * @param name such as "blur, 1 pixel"
     * @param estimates the same metrics for each condition, in the same order
     */
    public record Condition(String name, List<Estimate> estimates) {
        public Condition {
            estimates = List.copyOf(estimates);
        }
    }
}
