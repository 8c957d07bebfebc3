package dev.graft.nn.metric;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cases with a yes or a no each: the probability of yes, the truth, and which cases belong to one patient, if known.
 * Immutable and thread-safe.
 *
 * <pre>{@code
 * var cases = BinaryCases.of(probabilities, sick).groups(patients);
 * Score auroc = BinaryMetrics.auroc().of(cases);
 * }</pre>
 */
public final class BinaryCases {
    private static final String NAME = "cases";

    private final double[] probabilities;
    /** What ranks the cases: the probabilities, or where floats are too coarse for them near 1, what is finer. */
    private final double[] scores;

    private final boolean[] positive;
    private final Groups groups;
    /** Sorted only if a metric asks for it; two threads may both sort, to the same result. */
    private volatile @Nullable WeightedRanking ranking;

    private final int positives;

    private BinaryCases(
            double[] probabilities,
            double[] scores,
            boolean[] positive,
            Groups groups,
            @Nullable WeightedRanking ranking) {
        this.probabilities = probabilities;
        this.scores = scores;
        this.positive = positive;
        this.groups = groups;
        this.ranking = ranking;
        int count = 0;
        for (boolean p : positive) {
            count += p ? 1 : 0;
        }
        positives = count;
    }

    /**
     * Cases by themselves.
     *
     * @param probabilities of yes; metrics that only rank (AUROC, average precision) take any finite scores
     * @param positive the truth
     * @throws IllegalArgumentException without cases, if lengths differ, or for NaN and infinite values
     */
    public static BinaryCases of(double[] probabilities, boolean[] positive) {
        double[] own = probabilities.clone();
        for (double score : own) {
            if (Double.isInfinite(score)) {
                throw new IllegalArgumentException(
                        "cases: a score is infinite. Hint: give probabilities, in [0, 1], or finite scores.");
            }
        }
        return of(own, own, positive.clone(), Groups.singletons(own.length));
    }

    /** As {@link #of(double[], boolean[])}. */
    public static BinaryCases of(float[] probabilities, boolean[] positive) {
        return of(Ranking.widened(probabilities), positive);
    }

    /** Takes its arrays over. A score is infinite where a network is so sure that the other classes have exactly 0. */
    static BinaryCases of(double[] probabilities, double[] scores, boolean[] positive, Groups groups) {
        Checks.sameLength(NAME, probabilities.length, positive.length);
        for (double score : scores) {
            Checks.number(NAME, score);
        }
        return new BinaryCases(probabilities, scores, positive, groups, null);
    }

    /**
     * These cases with what each belongs to, such as a patient.
     *
     * @param names one for each case; a blank one means a group of its own
     */
    public BinaryCases groups(List<String> names) {
        Checks.sameLength("groups of cases", names.size(), size());
        return new BinaryCases(probabilities, scores, positive, Groups.of(names), ranking);
    }

    /** Only some cases, by their positions, in that order. */
    public BinaryCases only(int[] rows) {
        return of(pick(probabilities, rows), pick(scores, rows), truths(rows), groups.only(rows));
    }

    private static double[] pick(double[] values, int[] rows) {
        return Arrays.stream(rows).mapToDouble(i -> values[i]).toArray();
    }

    private boolean[] truths(int[] rows) {
        boolean[] few = new boolean[rows.length];
        for (int i = 0; i < rows.length; i++) {
            few[i] = positive[rows[i]];
        }
        return few;
    }

    public int size() {
        return positive.length;
    }

    public double probability(int index) {
        return probabilities[index];
    }

    public boolean isPositive(int index) {
        return positive[index];
    }

    /** How many cases are positive. */
    public int positives() {
        return positives;
    }

    /** How many cases are negative. */
    public int negatives() {
        return size() - positives;
    }

    /** The patients, or every case by itself. */
    public Groups groups() {
        return groups;
    }

    /**
     * A score by which the cases rank. It is the probability, except where floats near 1 are too coarse to tell
     * confident answers apart and the other classes' share is known. Infinite where that share is 0.
     */
    public double score(int index) {
        return scores[index];
    }

    WeightedRanking ranking() {
        WeightedRanking known = ranking;
        if (known == null) {
            known = new WeightedRanking(scores, positive);
            ranking = known;
        }
        return known;
    }

    /** The positions of the cases by {@link #score}, from high to low; equal ones in their order. */
    public int[] descending() {
        int[] order = new int[size()];
        Arrays.setAll(order, ranking()::at);
        return order;
    }

    /** Checks that the values are probabilities. */
    BinaryCases checked(String metric) {
        for (double p : probabilities) {
            Checks.probability(metric, p);
        }
        return this;
    }

    /**
     * Checks that these are the same cases as others, which a comparison of two models needs.
     *
     * @throws IllegalArgumentException if number, truth or groups differ
     */
    public void checkSameCases(BinaryCases other) {
        if (!Arrays.equals(positive, other.positive) || !groups.same(other.groups)) {
            throw new IllegalArgumentException("comparison: the two models were judged on different cases ("
                    + describe() + "; " + other.describe()
                    + "). Hint: give both models' probabilities for the same cases in the same order.");
        }
    }

    private String describe() {
        return size() + " cases, " + positives + " positive, " + groups.count() + " groups";
    }
}
