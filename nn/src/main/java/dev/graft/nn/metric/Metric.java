package dev.graft.nn.metric;

import java.util.function.Function;

/**
 * A metric of a classifier with any number of classes or labels. {@link Metrics} has those of all classes at once;
 * {@link BinaryMetric#ofClass} and {@link Average} make them from metrics of a yes or a no.
 */
public interface Metric {
    /** What people call it, such as "accuracy". */
    String name();

    /** Prepares the metric for certain cases. */
    Statistic over(Cases cases);

    /** The metric's value; undefined, with the reason, where these cases do not define it. */
    default Score of(Cases cases) {
        return over(cases).plain(cases.size());
    }

    /** A metric from a function. */
    static Metric of(String name, Function<Cases, Statistic> function) {
        return new Metric() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Statistic over(Cases cases) {
                return function.apply(cases);
            }
        };
    }
}
