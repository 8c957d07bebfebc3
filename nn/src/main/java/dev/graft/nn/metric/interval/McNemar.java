package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.Cases;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The test that two models' answers to the same cases are right equally often. Only cases that one model answers
 * rightly and the other wrongly say anything: if the models are equally good, each of these might as well be the other
 * way round. With several cases of a patient, all of a patient's are turned round together, so that they count as one
 * piece of evidence.
 *
 * <p>Up to {@value #MOST_EXACT} such answers the test is exact: the share of all turnings whose difference is at least
 * as large as the one that was met. That is McNemar's exact test where every patient has one case. Above, the sum is
 * taken for normal, with the variance by patient; with one case each that is McNemar's chi-squared, not corrected for
 * continuity.
 *
 * @param onlyFirst answers, of labels each by itself, that only the first model has right
 * @param onlySecond answers that only the second model has right
 * @param pValue two-sided, in [0, 1]; 1 if there is no such answer
 * @param method which form of the test it is, for people
 * @see <a href="https://doi.org/10.1007/BF02295996">McNemar 1947</a>
 * @see <a href="https://doi.org/10.1002/bimj.201000035">Yang, Sun and Hardin 2010, clustered data</a>
 */
public record McNemar(long onlyFirst, long onlySecond, double pValue, String method) {
    private static final int MOST_EXACT = 2000;

    /**
     * Compares two models' decisions.
     *
     * @throws IllegalArgumentException if truth or groups differ
     */
    public static McNemar of(Cases first, Cases second) {
        first.checkSameCases(second);
        boolean[][] a = right(first);
        boolean[][] b = right(second);
        long onlyFirst = 0;
        long onlySecond = 0;
        long[] byGroup = new long[first.groups().count()];
        for (int i = 0; i < a.length; i++) {
            for (int k = 0; k < a[i].length; k++) {
                if (a[i][k] != b[i][k]) {
                    onlyFirst += a[i][k] ? 1 : 0;
                    onlySecond += b[i][k] ? 1 : 0;
                    byGroup[first.groups().of(i)] += a[i][k] ? 1 : -1;
                }
            }
        }
        // a label of an image is no case of its own
        boolean single = first.groups().areSingletons() && !first.isMultiLabel();
        String by = single ? "" : first.groups().areSingletons() ? " by case" : " by patient";
        int[] sizes = Arrays.stream(byGroup)
                .map(Math::abs)
                .filter(size -> size > 0)
                .mapToInt(Math::toIntExact)
                .toArray();
        long total = Arrays.stream(sizes).asLongStream().sum();
        boolean exact = total <= MOST_EXACT;
        long difference = Math.abs(onlyFirst - onlySecond);
        return new McNemar(
                onlyFirst,
                onlySecond,
                exact ? exact(sizes, (int) total, (int) difference) : normal(sizes, difference),
                "McNemar" + (exact ? ", exact" : "") + by);
    }

    /** Of each case whether its class is right; of labels whether each is. */
    private static boolean[][] right(Cases cases) {
        int decisions = cases.isMultiLabel() ? cases.classes() : 1;
        boolean[][] right = new boolean[cases.size()][decisions];
        int[] predicted = cases.isMultiLabel() ? new int[0] : cases.predictions();
        for (int c = 0; c < decisions; c++) {
            BinaryCases given = cases.decisions(c);
            for (int i = 0; i < right.length; i++) {
                right[i][c] = cases.isMultiLabel()
                        ? given.isPositive(i) == given.probability(i) > 0
                        : predicted[i] == cases.label(i);
            }
        }
        return right;
    }

    /** The probability that sizes with signs by chance sum to at least the difference, either way. */
    private static double exact(int[] sizes, int total, int difference) {
        double[] sums = new double[2 * total + 1]; // of the sum s at s + total
        sums[total] = 1;
        int reach = 0;
        for (int size : sizes) {
            double[] next = new double[sums.length];
            for (int s = -reach; s <= reach; s++) {
                double half = sums[s + total] / 2;
                next[s + size + total] += half;
                next[s - size + total] += half;
            }
            reach += size;
            sums = next;
        }
        double p = 0;
        for (int s = -total; s <= total; s++) {
            p += Math.abs(s) >= difference ? sums[s + total] : 0;
        }
        return Math.min(1, p);
    }

    private static double normal(int[] sizes, long difference) {
        double squares = 0;
        for (int size : sizes) {
            squares += (double) size * size;
        }
        return 2 * Quantiles.above(difference / Math.sqrt(squares));
    }

    /** For JSON files. */
    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("only_first_right", onlyFirst);
        map.put("only_second_right", onlySecond);
        map.put("p_value", pValue);
        map.put("method", method);
        return map;
    }
}
