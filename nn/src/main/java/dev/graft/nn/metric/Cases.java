package dev.graft.nn.metric;

import java.util.Arrays;
import java.util.List;

/**
 * What a classifier answered to a number of cases, and the truth: the input of all metrics. Of two or more classes of
 * which each case has one, or of labels of which a case has any number. Immutable; the arrays of probabilities are
 * kept, not copied.
 *
 * <pre>{@code
 * var cases = Cases.of(probabilities, labels).groups(patients);
 * Estimate accuracy = Intervals.defaults().of(Metrics.accuracy(), cases);
 * }</pre>
 */
public final class Cases {
    private static final String NAME = "cases";

    private final float[][] probabilities;
    private final int[] labels;
    private final boolean[][] truths;
    private final Groups groups;
    private final boolean distributions;
    /** From which probability on: of two classes the second, of labels each; empty for the usual decisions. */
    private final double[] thresholds;
    /** Of each case, the class that was chosen; empty where probabilities decide. */
    private final int[] chosen;
    /** Of each case, the labels that were given; empty where probabilities decide. */
    private final boolean[][] given;

    private Cases(
            float[][] probabilities,
            int[] labels,
            boolean[][] truths,
            Groups groups,
            boolean distributions,
            double[] thresholds) {
        this(probabilities, labels, truths, groups, distributions, thresholds, new int[0], new boolean[0][]);
    }

    private Cases(
            float[][] probabilities,
            int[] labels,
            boolean[][] truths,
            Groups groups,
            boolean distributions,
            double[] thresholds,
            int[] chosen,
            boolean[][] given) {
        this.probabilities = probabilities;
        this.labels = labels;
        this.truths = truths;
        this.groups = groups;
        this.distributions = distributions;
        this.thresholds = thresholds;
        this.chosen = chosen;
        this.given = given;
    }

    /**
     * Of one class each.
     *
     * @param probabilities {@code [cases][classes]}, two or more classes
     * @param labels the class of each case, in {@code [0, classes)}
     * @throws IllegalArgumentException without cases, if sizes differ, for a NaN or a label out of range
     */
    public static Cases of(float[][] probabilities, int[] labels) {
        Checks.rows(NAME, probabilities, labels);
        boolean distributions = OneVsRest.areDistributions(NAME, probabilities); // refuses NaN
        return new Cases(
                probabilities.clone(),
                labels.clone(),
                new boolean[0][],
                Groups.singletons(probabilities.length),
                distributions,
                new double[0]);
    }

    /**
     * Of any number of labels each.
     *
     * @param probabilities {@code [cases][labels]}, each by itself
     * @param truths {@code [cases][labels]}
     * @throws IllegalArgumentException without cases, if sizes differ, or for a NaN
     */
    public static Cases multiLabel(float[][] probabilities, boolean[][] truths) {
        Checks.sameLength(NAME, probabilities.length, truths.length);
        for (int i = 0; i < truths.length; i++) {
            if (probabilities[i].length != probabilities[0].length || truths[i].length != probabilities[0].length) {
                throw new IllegalArgumentException("cases: row " + i + " has " + probabilities[i].length
                        + " probabilities and " + truths[i].length + " truths, row 0 has " + probabilities[0].length
                        + " probabilities");
            }
            for (float p : probabilities[i]) {
                Checks.number(NAME, p);
            }
        }
        return new Cases(
                probabilities.clone(),
                new int[0],
                truths.clone(),
                Groups.singletons(truths.length),
                false,
                new double[0]);
    }

    /**
     * These cases with what each belongs to, such as a patient.
     *
     * @param names one for each case; a blank one means a group of its own
     */
    public Cases groups(List<String> names) {
        Checks.sameLength("groups of cases", names.size(), size());
        return new Cases(probabilities, labels, truths, Groups.of(names), distributions, thresholds, chosen, given);
    }

    /** Only some cases, by their positions, in that order. */
    public Cases only(int[] rows) {
        if (rows.length == 0) {
            throw new IllegalArgumentException("cases: none are left");
        }
        return new Cases(
                Arrays.stream(rows).mapToObj(i -> probabilities[i]).toArray(float[][]::new),
                isMultiLabel()
                        ? labels
                        : Arrays.stream(rows).map(i -> labels[i]).toArray(),
                isMultiLabel() ? Arrays.stream(rows).mapToObj(i -> truths[i]).toArray(boolean[][]::new) : truths,
                groups.only(rows),
                distributions,
                thresholds,
                chosen.length == 0
                        ? chosen
                        : Arrays.stream(rows).map(i -> chosen[i]).toArray(),
                given.length == 0
                        ? given
                        : Arrays.stream(rows).mapToObj(i -> given[i]).toArray(boolean[][]::new));
    }

    /**
     * The same cases with other probabilities, such as calibrated ones, or another model's. Answers that were
     * {@linkplain #decided(int[]) given} are those of the old ones and do not stay; thresholds do.
     *
     * @param others {@code [cases][classes]}
     */
    public Cases withProbabilities(float[][] others) {
        Cases checked = isMultiLabel() ? multiLabel(others, truths) : of(others, labels);
        if (checked.classes() != classes()) {
            throw new IllegalArgumentException(
                    "cases: there are " + classes() + " classes, and probabilities of " + checked.classes());
        }
        return new Cases(checked.probabilities, labels, truths, groups, checked.distributions, thresholds);
    }

    /**
     * The same cases, decided by thresholds: of two classes the second is chosen from one probability on; of labels
     * each has its own. Metrics of decisions, such as sensitivity and accuracy, are then those at the thresholds.
     *
     * @param values one for two classes, one for each label, or none for the usual decisions: the most probable class,
     *     and labels of at least {@link MultiLabelScores#THRESHOLD}
     * @throws IllegalArgumentException for another number of them, or one that is not in [0, 1]
     */
    public Cases thresholds(double... values) {
        Checks.thresholds(NAME, values, classes(), isMultiLabel());
        return new Cases(probabilities, labels, truths, groups, distributions, values.clone());
    }

    /**
     * The same cases with a model's answers, however it came to them, such as models that each have a threshold.
     * Metrics of decisions, such as sensitivity and accuracy, are then those of these answers.
     *
     * @param classes the class that was chosen for each case, in {@code [0, classes)}
     * @throws IllegalArgumentException for another number of them, or one out of range
     * @throws IllegalStateException if a case may have several labels
     */
    public Cases decided(int[] classes) {
        checkOneClass("decided");
        Checks.rows(NAME, probabilities, classes);
        return new Cases(
                probabilities, labels, truths, groups, distributions, new double[0], classes.clone(), new boolean[0][]);
    }

    /**
     * As {@link #decided(int[])}, of labels.
     *
     * @param labelsGiven {@code [cases][labels]}: those that were given to each case
     * @throws IllegalArgumentException if sizes differ, or if each case has one class
     */
    public Cases decided(boolean[][] labelsGiven) {
        Checks.sameLength(NAME, probabilities.length, labelsGiven.length);
        for (boolean[] row : labelsGiven) {
            Checks.sameLength(NAME, classes(), row.length);
        }
        if (!isMultiLabel()) {
            throw new IllegalArgumentException("cases: each has one class, and labels were given. Hint: name a class.");
        }
        return new Cases(
                probabilities, labels, truths, groups, distributions, new double[0], new int[0], labelsGiven.clone());
    }

    /** The thresholds that decide, as {@link #thresholds(double...)} has them; empty for the usual decisions. */
    public double[] thresholds() {
        return thresholds.clone();
    }

    public int size() {
        return probabilities.length;
    }

    /** The number of classes, or of labels. */
    public int classes() {
        return probabilities[0].length;
    }

    /** Whether a case has any number of labels. */
    public boolean isMultiLabel() {
        return truths.length > 0;
    }

    /** The patients, or every case by itself. */
    public Groups groups() {
        return groups;
    }

    /** The probability of a class or label. */
    public float probability(int index, int c) {
        return probabilities[index][c];
    }

    /** A copy of a case's probabilities. */
    public float[] probabilities(int index) {
        return probabilities[index].clone();
    }

    /** Whether a case is of a class, or has a label. */
    public boolean has(int index, int c) {
        return isMultiLabel() ? truths[index][c] : labels[index] == c;
    }

    /**
     * The class of a case.
     *
     * @throws IllegalStateException if it may have several labels
     */
    public int label(int index) {
        checkOneClass("label");
        return labels[index];
    }

    void checkOneClass(String metric) {
        if (isMultiLabel()) {
            throw new IllegalStateException(
                    metric + ": is for cases of one class each, these have any number of labels."
                            + " Hint: judge each label, by oneVsRest, or average over them, by Average.");
        }
    }

    /** How many cases are of a class, or have a label. */
    public int support(int c) {
        int count = 0;
        for (int i = 0; i < size(); i++) {
            count += has(i, c) ? 1 : 0;
        }
        return count;
    }

    /** One class against the rest, or one label: its probability, and whether a case has it. */
    public BinaryCases oneVsRest(int c) {
        double[] p = new double[size()];
        double[] scores = new double[size()];
        for (int i = 0; i < p.length; i++) {
            p[i] = probability(probabilities[i], c, distributions);
            scores[i] = isMultiLabel() ? p[i] : OneVsRest.score(probabilities[i], c, distributions);
        }
        return BinaryCases.of(p, scores, truth(c), groups);
    }

    /** Near 1, where floats are coarse, what the other classes leave, which is exact. */
    private static double probability(float[] row, int c, boolean distributions) {
        if (!distributions || row[c] < OneVsRest.SATURATED) {
            return row[c];
        }
        double rest = 0;
        for (int k = 0; k < row.length; k++) {
            rest += k == c ? 0 : row[k];
        }
        return 1 - rest;
    }

    private boolean[] truth(int c) {
        boolean[] truth = new boolean[size()];
        for (int i = 0; i < truth.length; i++) {
            truth[i] = has(i, c);
        }
        return truth;
    }

    /** Of two classes, the second against the first. */
    public BinaryCases positiveClass() {
        if (classes() != 2 || isMultiLabel()) {
            throw new IllegalStateException("cases: there are " + classes() + (isMultiLabel() ? " labels" : " classes")
                    + ", not two classes. Hint: choose a class, by oneVsRest.");
        }
        return oneVsRest(1);
    }

    /**
     * What was decided, as a probability of 0 or 1: whether a class was chosen, see {@link #predictions}, or whether a
     * label's probability is at least its threshold.
     */
    public BinaryCases decisions(int c) {
        double[] decided = new double[size()];
        int[] predicted = isMultiLabel() ? new int[0] : predictions();
        for (int i = 0; i < decided.length; i++) {
            boolean yes = isMultiLabel() ? isShown(i, c) : predicted[i] == c;
            decided[i] = yes ? 1 : 0;
        }
        return BinaryCases.of(decided, decided, truth(c), groups);
    }

    private boolean isShown(int index, int c) {
        if (given.length > 0) {
            return given[index][c];
        }
        float probability = probabilities[index][c];
        return thresholds.length == 0 ? probability >= MultiLabelScores.THRESHOLD : probability >= thresholds[c];
    }

    /**
     * The class that each case is said to be of: the most probable one, among equals the first; of two classes with a
     * threshold, the second from that probability on; or what was {@linkplain #decided(int[]) given}.
     */
    public int[] predictions() {
        checkOneClass("predictions");
        if (chosen.length > 0) {
            return chosen.clone();
        }
        int[] predicted = Accuracy.predictions(probabilities);
        for (int i = 0; thresholds.length > 0 && i < predicted.length; i++) {
            predicted[i] = probabilities[i][1] >= thresholds[0] ? 1 : 0;
        }
        return predicted;
    }

    /** The probability of the most probable class as that of being right, and whether it is. */
    public BinaryCases confidence() {
        checkOneClass("confidence");
        int[] predicted = Accuracy.predictions(probabilities);
        double[] p = new double[size()];
        boolean[] right = new boolean[size()];
        for (int i = 0; i < p.length; i++) {
            p[i] = probability(probabilities[i], predicted[i], distributions);
            right[i] = predicted[i] == labels[i];
        }
        return BinaryCases.of(p, p, right, groups);
    }

    /** Every class of every case as a case of its own, in the group of the case: for micro averages. */
    public BinaryCases pooled(boolean decisions) {
        int classes = classes();
        double[] p = new double[Math.multiplyExact(size(), classes)];
        double[] scores = new double[p.length];
        boolean[] truth = new boolean[p.length];
        for (int c = 0; c < classes; c++) {
            BinaryCases one = decisions ? decisions(c) : oneVsRest(c);
            for (int i = 0; i < size(); i++) {
                p[i * classes + c] = one.probability(i);
                scores[i * classes + c] = one.score(i);
                truth[i * classes + c] = one.isPositive(i);
            }
        }
        return BinaryCases.of(p, scores, truth, groups.repeated(classes));
    }

    /**
     * Checks that these are the same cases as others, which a comparison of two models needs.
     *
     * @throws IllegalArgumentException if number, truth or groups differ
     */
    public void checkSameCases(Cases other) {
        if (classes() != other.classes()
                || !Arrays.equals(labels, other.labels)
                || !Arrays.deepEquals(truths, other.truths)
                || !groups.same(other.groups)) {
            throw new IllegalArgumentException("comparison: the two models were judged on different cases (" + size()
                    + " of " + groups.count() + " groups; " + other.size() + " of " + other.groups.count()
                    + " groups). Hint: give both models' probabilities for the same cases in the same order.");
        }
    }
}
