package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.Score;
import dev.graft.nn.metric.Statistic;

/** Intervals of an area under the ROC curve. */
final class AreaInterval {
    private AreaInterval() {}

    /**
     * DeLong's variance on the scale of the logit, which keeps the interval within (0, 1) and covers better near 1; by
     * Student's distribution, because the variance is itself estimated, from no more than the rarer class. If the
     * classes are separated, the variance is 0 and says nothing; Newcombe's interval takes its place.
     */
    static Estimate of(String name, BinaryCases cases, double level) {
        if (cases.positives() == 0 || cases.negatives() == 0) {
            return Estimate.undefined(
                    name, Score.undefined(cases.positives() == 0 ? "no positive case" : "no negative case"));
        }
        DeLong parts = DeLong.of(cases);
        double area = parts.area();
        Score score = new Statistic.Area(cases).plain(cases.size()); // the bits of every other AUROC
        if (parts.fewerGroups() < 2) {
            return Estimate.without(
                    name,
                    score,
                    "no interval: only one " + (cases.groups().areSingletons() ? "case" : "patient")
                            + (parts.groupsWithPositives() < 2 ? " is positive" : " is negative"));
        }
        double error = Math.sqrt(Math.max(0, parts.variance()));
        double z = Quantiles.student(level, parts.fewerGroups() - 1);
        if (error == 0 || area == 0 || area == 1) {
            return Estimate.of(name, score, newcombe(area, parts, level));
        }
        double logit = Math.log(area / (1 - area));
        double reach = z * error / (area * (1 - area));
        return Estimate.of(
                name,
                score,
                new Interval(
                        expit(logit - reach),
                        expit(logit + reach),
                        level,
                        cases.groups().areSingletons() ? "DeLong" : "DeLong by patient (Obuchowski)"));
    }

    private static double expit(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /**
     * All areas that are within {@code z} of their own standard error from the one found; patients count as one case of
     * each kind that they have.
     *
     * @see <a href="https://doi.org/10.1002/sim.2324">Newcombe 2006, Confidence intervals for an effect size measure
     *     based on the Mann-Whitney statistic, part 2: method 5</a>
     */
    private static Interval newcombe(double area, DeLong parts, double level) {
        double z = Quantiles.normal(level);
        int m = parts.groupsWithPositives();
        int n = parts.groupsWithNegatives();
        return new Interval(bound(area, 0, z, m, n), bound(area, 1, z, m, n), level, "Newcombe");
    }

    private static double bound(double area, double end, double z, int m, int n) {
        double inside = area;
        double outside = end;
        for (int i = 0; i < 60; i++) {
            double theta = (inside + outside) / 2;
            double half = (m + n) / 2.0 - 1;
            double variance = theta
                    * (1 - theta)
                    * (1 + half * (1 - theta) / (2 - theta) + half * theta / (1 + theta))
                    / ((double) m * n);
            if (Math.abs(theta - area) <= z * Math.sqrt(variance)) {
                inside = theta;
            } else {
                outside = theta;
            }
        }
        return outside == end && inside > 1 - 1e-12 ? 1 : outside == end && inside < 1e-12 ? 0 : inside;
    }
}
