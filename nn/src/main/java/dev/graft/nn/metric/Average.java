package dev.graft.nn.metric;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * How a metric of a yes or a no becomes one of several classes, each against the rest, or of several labels.
 *
 * @see <a
 *     href="https://scikit-learn.org/stable/modules/model_evaluation.html#from-binary-to-multiclass-and-multilabel">
 *     scikit-learn, From binary to multiclass and multilabel</a>
 */
public enum Average {
    /**
     * The plain mean over the classes that have cases (or labels that some case has) and where the metric is defined.
     * All classes count the same, however rare.
     */
    MACRO,
    /** As {@link #MACRO}, each class counting as often as it has cases. */
    WEIGHTED,
    /** All classes of all cases pooled as if each were a case. */
    MICRO;

    /** By probabilities. Of two classes, {@link BinaryMetric#ofClass}(1) is the usual metric, not an average. */
    public Metric of(BinaryMetric metric) {
        return of(metric, false);
    }

    /**
     * By whether a class was the most probable, or a label's probability is at least one half; for thresholds of 0.5.
     */
    public Metric ofDecisions(BinaryMetric metric) {
        return of(metric, true);
    }

    private Metric of(BinaryMetric metric, boolean decisions) {
        String name = name().toLowerCase(Locale.ROOT) + " " + metric.name();
        return Metric.of(
                name, cases -> this == MICRO ? pooled(metric, cases, decisions) : mean(metric, cases, decisions));
    }

    private static Statistic pooled(BinaryMetric metric, Cases cases, boolean decisions) {
        int classes = cases.classes();
        Statistic statistic = metric.over(cases.pooled(decisions));
        return weights -> {
            int[] repeated = new int[weights.length * classes];
            for (int i = 0; i < weights.length; i++) {
                Arrays.fill(repeated, i * classes, (i + 1) * classes, weights[i]);
            }
            return statistic.of(repeated);
        };
    }

    private Statistic mean(BinaryMetric metric, Cases cases, boolean decisions) {
        int classes = cases.classes();
        Statistic[] each = IntStream.range(0, classes)
                .mapToObj(c -> metric.over(decisions ? cases.decisions(c) : cases.oneVsRest(c)))
                .toArray(Statistic[]::new);
        return weights -> {
            double sum = 0;
            double total = 0;
            for (int c = 0; c < classes; c++) {
                long support = 0;
                for (int i = 0; i < weights.length; i++) {
                    support += cases.has(i, c) ? weights[i] : 0;
                }
                Score score = support == 0 ? Score.undefined("no case") : each[c].of(weights);
                if (score.isDefined()) {
                    double weight = this == WEIGHTED ? support : 1;
                    sum += weight * score.orNaN();
                    total += weight;
                }
            }
            return Score.ratio(sum, total, "it is defined for no class");
        };
    }
}
