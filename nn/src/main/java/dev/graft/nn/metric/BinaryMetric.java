package dev.graft.nn.metric;

/** A metric of cases with a yes or a no; {@link BinaryMetrics} has them. */
public interface BinaryMetric {
    /** What people call it, such as "AUROC". */
    String name();

    /**
     * Prepares the metric for certain cases.
     *
     * @throws IllegalArgumentException if it needs probabilities and the cases' values are not in [0, 1]
     */
    Statistic over(BinaryCases cases);

    /** The metric's value; undefined, with the reason, where these cases do not define it. */
    default Score of(BinaryCases cases) {
        return over(cases).plain(cases.size());
    }

    /** This metric of one class against the rest by its probability, or of one label. */
    default Metric ofClass(int c) {
        return Metric.of(name(), cases -> over(cases.oneVsRest(c)));
    }

    /**
     * This metric of one class by whether it was predicted, as the most probable of all. For metrics with a threshold,
     * which is then not used unless it is 0 or above 1.
     */
    default Metric ofDecision(int c) {
        return Metric.of(name(), cases -> over(cases.decisions(c)));
    }
}
