package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.Groups;
import java.util.List;
import java.util.Optional;

/**
 * The variance of areas under ROC curves, without resampling, in O(n log n). Each positive case has the share of
 * negatives that rank below it, each negative case the share of positives that rank above it; the variances of these
 * shares give that of the area. Where several cases belong to one patient, their sums by patient take their place, so
 * that a patient with both kinds of cases is accounted for; with one case each it is DeLong's variance exactly.
 *
 * @see <a href="https://doi.org/10.2307/2531595">DeLong, DeLong and Clarke-Pearson 1988</a>
 * @see <a href="https://doi.org/10.1109/LSP.2014.2337313">Sun and Xu 2014, the fast form</a>
 * @see <a href="https://doi.org/10.2307/2533958">Obuchowski 1997, clustered data</a>
 */
public final class DeLong {
    private final Groups groups;
    private final double area;
    private final int positives;
    private final int negatives;
    /** By group: sums over its positive cases, and over its negative ones, of share minus area. */
    private final double[] ofPositives;

    private final double[] ofNegatives;
    private final int groupsWithPositives;
    private final int groupsWithNegatives;

    private DeLong(BinaryCases cases) {
        groups = cases.groups();
        positives = cases.positives();
        negatives = cases.negatives();
        double[] share = shares(cases);
        double sum = 0;
        for (int i = 0; i < share.length; i++) {
            sum += cases.isPositive(i) ? share[i] : 0;
        }
        area = sum / positives;
        ofPositives = new double[groups.count()];
        ofNegatives = new double[groups.count()];
        boolean[] hasPositive = new boolean[groups.count()];
        boolean[] hasNegative = new boolean[groups.count()];
        for (int i = 0; i < share.length; i++) {
            (cases.isPositive(i) ? ofPositives : ofNegatives)[groups.of(i)] += share[i] - area;
            (cases.isPositive(i) ? hasPositive : hasNegative)[groups.of(i)] = true;
        }
        groupsWithPositives = count(hasPositive);
        groupsWithNegatives = count(hasNegative);
    }

    private static int count(boolean[] flags) {
        int count = 0;
        for (boolean flag : flags) {
            count += flag ? 1 : 0;
        }
        return count;
    }

    /**
     * The components of one area.
     *
     * @throws IllegalArgumentException unless there are positive and negative cases
     */
    public static DeLong of(BinaryCases cases) {
        if (cases.positives() == 0 || cases.negatives() == 0) {
            throw new IllegalArgumentException("DeLong: there are " + cases.positives() + " positive and "
                    + cases.negatives() + " negative cases. Hint: it needs both.");
        }
        return new DeLong(cases);
    }

    /** For each case, the share of the other side that it ranks right against; ties count half. */
    private static double[] shares(BinaryCases cases) {
        int[] order = cases.descending();
        double[] share = new double[order.length];
        long positivesAbove = 0;
        long negativesBelow = cases.negatives();
        for (int from = 0, to; from < order.length; from = to) {
            long p = 0;
            long n = 0;
            for (to = from; to < order.length && cases.score(order[to]) == cases.score(order[from]); to++) {
                p += cases.isPositive(order[to]) ? 1 : 0;
                n += cases.isPositive(order[to]) ? 0 : 1;
            }
            negativesBelow -= n;
            for (int at = from; at < to; at++) {
                share[order[at]] = cases.isPositive(order[at])
                        ? (negativesBelow + n / 2.0) / cases.negatives()
                        : (positivesAbove + p / 2.0) / cases.positives();
            }
            positivesAbove += p;
        }
        return share;
    }

    /** The area, {@link dev.graft.nn.metric.RocAuc}. */
    public double area() {
        return area;
    }

    /** The area's variance; 0 if the classes are separated, where it says nothing. */
    public double variance() {
        return covariance(this);
    }

    /** How many patients have positive cases, or negative ones, whichever are fewer. */
    int fewerGroups() {
        return Math.min(groupsWithPositives, groupsWithNegatives);
    }

    int groupsWithPositives() {
        return groupsWithPositives;
    }

    int groupsWithNegatives() {
        return groupsWithNegatives;
    }

    /**
     * The covariance of this area with another model's, on the same cases.
     *
     * @return NaN if only one patient has positive cases, or negative ones
     */
    public double covariance(DeLong other) {
        double positive = 0;
        double negative = 0;
        double both = 0;
        for (int g = 0; g < ofPositives.length; g++) {
            positive += ofPositives[g] * other.ofPositives[g];
            negative += ofNegatives[g] * other.ofNegatives[g];
            both += ofPositives[g] * other.ofNegatives[g] + ofNegatives[g] * other.ofPositives[g];
        }
        double m = positives;
        double n = negatives;
        return positive * unbiased(groupsWithPositives) / (m * m)
                + negative * unbiased(groupsWithNegatives) / (n * n)
                + both * unbiased(groups.count()) / (m * n);
    }

    /**
     * A weighted sum of areas of models on the same cases, such as their mean or a difference of means, with its
     * interval by Student's distribution.
     *
     * @param weights one for each area
     * @param areas at least one, all of the same cases
     * @return empty if only one patient has positive cases, or negative ones
     */
    public static Optional<Interval> interval(double level, double[] weights, List<DeLong> areas) {
        double value = 0;
        double variance = 0;
        for (int i = 0; i < weights.length; i++) {
            value += weights[i] * areas.get(i).area;
            for (int j = 0; j < weights.length; j++) {
                variance += weights[i] * weights[j] * areas.get(i).covariance(areas.get(j));
            }
        }
        int groups = areas.get(0).fewerGroups();
        if (groups < 2) {
            return Optional.empty();
        }
        double reach = Quantiles.student(level, groups - 1) * Math.sqrt(Math.max(0, variance));
        return Optional.of(new Interval(value - reach, value + reach, level, "DeLong"));
    }

    private static double unbiased(int groups) {
        return groups > 1 ? groups / (groups - 1.0) : Double.NaN;
    }
}
