package dev.graft.nn.table;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.interval.DeLong;
import dev.graft.nn.metric.interval.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A sum of areas under ROC curves of several models on the same cases, such as the mean over seeds, or a difference of
 * two means, with a 95 % interval. The models' errors on a patient go together, so the interval comes from the
 * covariances of all pairs of areas, by patient, and from Student's distribution, of one degree less than there are
 * patients with the rarer answer.
 *
 * <p>The interval is of these models: it contains the chance of which patients judge them, and not that of their seeds
 * and of the rows that they were drawn to learn from, by which others would differ
 * ({@link dev.graft.nn.metric.interval.TrainingsInterval} has both).
 *
 * @param value the sum
 * @param lower the interval's lower end; NaN if only one patient has an answer
 * @param upper the interval's upper end
 */
record CombinedAreas(double value, double lower, double upper) {
    private static final double LEVEL = 0.95;

    /** The mean area of some models. */
    static CombinedAreas mean(List<BinaryCases> models) {
        return difference(models, List.of());
    }

    /** The mean area of some models minus that of others. */
    static CombinedAreas difference(List<BinaryCases> models, List<BinaryCases> others) {
        List<DeLong> areas = new ArrayList<>();
        double[] weights = new double[models.size() + others.size()];
        double value = 0;
        for (int i = 0; i < weights.length; i++) {
            boolean isOther = i >= models.size();
            areas.add(DeLong.of(isOther ? others.get(i - models.size()) : models.get(i)));
            weights[i] = isOther ? -1.0 / others.size() : 1.0 / models.size();
            value += weights[i] * areas.get(i).area();
        }
        Optional<Interval> interval = DeLong.interval(LEVEL, weights, areas);
        return new CombinedAreas(
                value,
                interval.map(Interval::low).orElse(Double.NaN),
                interval.map(Interval::high).orElse(Double.NaN));
    }
}
