package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.Groups;
import dev.graft.nn.metric.Score;
import dev.graft.nn.metric.Statistic;

/** Intervals of shares, such as sensitivity. */
final class ShareInterval {
    private ShareInterval() {}

    /**
     * Wilson's interval, which keeps within [0, 1] and does not collapse where all cases are right. Where cases belong
     * to patients, the number of cases shrinks to that of independent ones which would have the same variance (the
     * design effect), at most by what patients differ in; if all are right or all wrong, only patients count.
     *
     * @see <a href="https://doi.org/10.1080/01621459.1927.10502953">Wilson 1927</a>
     * @see <a href="https://doi.org/10.1093/jssam/smy019">Franco et al. 2019, Comparative study of confidence intervals
     *     for proportions in complex sample surveys</a>
     */
    static Estimate of(String name, Statistic.Share share, Groups groups, double level) {
        double[] size = new double[groups.count()];
        double[] right = new double[groups.count()];
        double n = 0;
        double k = 0;
        for (int i = 0; i < groups.cases(); i++) {
            if (share.counted()[i]) {
                size[groups.of(i)]++;
                right[groups.of(i)] += share.right()[i] ? 1 : 0;
                n++;
                k += share.right()[i] ? 1 : 0;
            }
        }
        if (n == 0) {
            return Estimate.undefined(name, Score.undefined(share.nothing()));
        }
        double p = k / n;
        Score score = Score.of(p);
        double z = Quantiles.normal(level);
        if (groups.areSingletons()) {
            return Estimate.of(name, score, wilson(p, n, z, level, "Wilson"));
        }
        int drawn = 0;
        double squares = 0;
        for (int g = 0; g < size.length; g++) {
            drawn += size[g] > 0 ? 1 : 0;
            double excess = right[g] - p * size[g];
            squares += excess * excess;
        }
        if (drawn < 2) {
            return Estimate.without(name, score, "no interval: the cases are of one patient only");
        }
        double effective = drawn;
        if (p > 0 && p < 1) {
            double variance = squares * drawn / (drawn - 1.0) / (n * n);
            effective = Math.min(n, p * (1 - p) / variance);
        }
        double t = Quantiles.student(level, drawn - 1);
        return Estimate.of(name, score, wilson(p, effective * z * z / (t * t), z, level, "Wilson by patient"));
    }

    private static Interval wilson(double p, double n, double z, double level, String method) {
        double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
        double reach = z / (1 + z * z / n) * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n));
        double low = p == 0 ? 0 : Math.max(0, centre - reach);
        double high = p == 1 ? 1 : Math.min(1, centre + reach);
        return new Interval(low, high, level, method);
    }
}
