package dev.graft.nn.table;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.interval.DeLong;
import java.util.ArrayList;
import java.util.List;

/**
 * A sum of areas under ROC curves of several models on the same cases, such as the mean over seeds, or a difference of
 * two means, with a 95 % interval. The models' errors on a patient go together, so the interval comes from the
 * covariances of all pairs of areas, by patient.
 *
 * @param value the sum
 * @param lower the interval's lower end
 * @param upper the interval's upper end
 */
record CombinedAreas(double value, double lower, double upper) {
    private static final double NORMAL_95 = 1.959963984540054;

    /** The mean area of some models. */
    static CombinedAreas mean(List<BinaryCases> models) {
        return difference(models, List.of());
    }

    /** The mean area of some models minus that of others. */
    static CombinedAreas difference(List<BinaryCases> models, List<BinaryCases> others) {
        List<DeLong> areas = new ArrayList<>();
        List<Double> shares = new ArrayList<>();
        for (BinaryCases one : models) {
            areas.add(DeLong.of(one));
            shares.add(1.0 / models.size());
        }
        for (BinaryCases other : others) {
            areas.add(DeLong.of(other));
            shares.add(-1.0 / others.size());
        }
        double value = 0;
        double variance = 0;
        for (int i = 0; i < areas.size(); i++) {
            value += shares.get(i) * areas.get(i).area();
            for (int j = 0; j < areas.size(); j++) {
                variance += shares.get(i) * shares.get(j) * areas.get(i).covariance(areas.get(j));
            }
        }
        double reach = NORMAL_95 * Math.sqrt(Math.max(0, variance));
        return new CombinedAreas(value, value - reach, value + reach);
    }
}
