package dev.graft.nn.metric;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How far scores of several trainings are apart.
 *
 * @param mean of the scores
 * @param deviation that of a sample, by n - 1; NaN of one score
 * @param min the lowest score
 * @param max the highest score
 */
public record ScoreSpread(double mean, double deviation, double min, double max) {

    /**
     * Of the scores of several trainings.
     *
     * @throws IllegalArgumentException for none
     */
    public static ScoreSpread of(double... scores) {
        if (scores.length == 0) {
            throw new IllegalArgumentException("spread: there is no score. Hint: give at least one.");
        }
        double mean = Arrays.stream(scores).sum() / scores.length;
        double squares = 0;
        for (double score : scores) {
            squares += (score - mean) * (score - mean);
        }
        return new ScoreSpread(
                mean,
                scores.length < 2 ? Double.NaN : Math.sqrt(squares / (scores.length - 1)),
                Arrays.stream(scores).min().orElseThrow(),
                Arrays.stream(scores).max().orElseThrow());
    }

    /** For {@code metrics.json}. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("mean", mean);
        map.put("standard_deviation", deviation);
        map.put("min", min);
        map.put("max", max);
        return map;
    }
}
