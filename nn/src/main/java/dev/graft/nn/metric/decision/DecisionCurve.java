package dev.graft.nn.metric.decision;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryCounts;
import dev.graft.nn.metric.Cases;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether acting on the model does more good than treating everybody or nobody. Someone who acts from a probability
 * {@code t} on holds a missed case for {@code (1 - t) / t} times as bad as a needless treatment; by that exchange, the
 * net benefit is {@code TP / n - FP / n * t / (1 - t)}, in true positives a case: from below 0 to the share of positive
 * cases. It needs calibrated probabilities.
 *
 * @see <a href="https://doi.org/10.1177/0272989X06295361">Vickers and Elkin 2006, Decision curve analysis</a>
 */
public record DecisionCurve(List<Point> points) {
    private static final double[] USUAL = {0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};

    public DecisionCurve {
        points = List.copyOf(points);
    }

    /**
     * One threshold.
     *
     * @param threshold the probability from which on one acts, in [0, 1)
     * @param model the net benefit of acting where the model says so
     * @param treatAll of acting always
     * @param treatNone of acting never: 0
     */
    public record Point(double threshold, double model, double treatAll, double treatNone) {}

    /**
     * The net benefit at certain thresholds.
     *
     * @param thresholds in [0, 1)
     */
    public static DecisionCurve of(BinaryCases cases, double... thresholds) {
        List<Point> points = new ArrayList<>();
        for (double t : thresholds) {
            if (!(t >= 0 && t < 1)) {
                throw new IllegalArgumentException("decision curve: thresholds must be in [0, 1), one is " + t);
            }
            BinaryCounts counts = BinaryCounts.of(cases, t);
            points.add(new Point(
                    t,
                    benefit(counts.truePositives(), counts.falsePositives(), cases.size(), t),
                    benefit(cases.positives(), cases.negatives(), cases.size(), t),
                    0));
        }
        return new DecisionCurve(points);
    }

    /**
     * Of acting on each class, or label; of two classes on the second; at {@code 0.05, 0.1, 0.2, ..., 0.9}.
     *
     * @param names of the classes or labels
     */
    public static Map<String, DecisionCurve> ofEach(Cases cases, List<String> names) {
        Map<String, DecisionCurve> curves = new LinkedHashMap<>();
        for (int c = cases.classes() == 2 && !cases.isMultiLabel() ? 1 : 0; c < cases.classes(); c++) {
            curves.put(names.get(c), of(cases.oneVsRest(c), USUAL));
        }
        return curves;
    }

    /** For JSON files: {@code threshold}, {@code model} and {@code treat_all} of each point. */
    public List<Object> toList() {
        return points.stream()
                .<Object>map(point -> {
                    Map<String, Object> entry = new LinkedHashMap<>();
                    entry.put("threshold", point.threshold());
                    entry.put("model", point.model());
                    entry.put("treat_all", point.treatAll());
                    return entry;
                })
                .toList();
    }

    private static double benefit(long found, long falselyTreated, int all, double t) {
        return (double) found / all - (double) falselyTreated / all * t / (1 - t);
    }
}
