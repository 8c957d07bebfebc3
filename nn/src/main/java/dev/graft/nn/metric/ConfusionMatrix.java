package dev.graft.nn.metric;

import java.util.Arrays;
import java.util.Locale;

/**
 * How often each class was predicted as each class: {@code counts[true class][predicted class]}. The measures of a
 * class compare it with the rest. If their denominator is 0 they are not defined, and NaN.
 */
public final class ConfusionMatrix {
    private final long[][] counts;

    private ConfusionMatrix(long[][] counts) {
        this.counts = counts;
    }

    public static ConfusionMatrix of(int[] predictions, int[] labels, int classes) {
        Checks.sameLength("confusion matrix", predictions.length, labels.length);
        long[][] counts = new long[classes][classes];
        for (int i = 0; i < labels.length; i++) {
            Checks.label("confusion matrix", labels[i], classes);
            Checks.label("confusion matrix", predictions[i], classes);
            counts[labels[i]][predictions[i]]++;
        }
        return new ConfusionMatrix(counts);
    }

    public int classes() {
        return counts.length;
    }

    /** A copy of the counts. */
    public long[][] counts() {
        return Arrays.stream(counts).map(long[]::clone).toArray(long[][]::new);
    }

    /** The number of examples of a class. */
    public long support(int c) {
        return Arrays.stream(counts[c]).sum();
    }

    private long total() {
        return Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
    }

    private long predicted(int c) {
        return Arrays.stream(counts).mapToLong(row -> row[c]).sum();
    }

    /** 0 / 0 is NaN, because a score that is not defined must not look like the worst one. */
    private static double ratio(double part, double whole) {
        return part / whole;
    }

    /** The share of a class's examples that were found; also called recall. NaN if the class has no example. */
    public double sensitivity(int c) {
        return ratio((double) counts[c][c], (double) support(c));
    }

    /** The share of the other classes' examples that were not predicted as this class. NaN if there are none. */
    public double specificity(int c) {
        long others = total() - support(c);
        return ratio((double) (others - (predicted(c) - counts[c][c])), (double) others);
    }

    /** The share of correct predictions among the predictions of this class. NaN if there are none. */
    public double precision(int c) {
        return ratio((double) counts[c][c], (double) predicted(c));
    }

    /** The harmonic mean of precision and sensitivity. NaN if the class neither has examples nor was predicted. */
    public double f1(int c) {
        return ratio(2.0 * counts[c][c], (double) (support(c) + predicted(c)));
    }

    public double accuracy() {
        long right = 0;
        for (int c = 0; c < classes(); c++) {
            right += counts[c][c];
        }
        return ratio((double) right, (double) total());
    }

    /** The mean sensitivity of the classes that have examples. */
    public double balancedAccuracy() {
        double sum = 0;
        int present = 0;
        for (int c = 0; c < classes(); c++) {
            if (support(c) > 0) {
                sum += sensitivity(c);
                present++;
            }
        }
        return ratio(sum, present);
    }

    /**
     * The mean F1 of the classes that have examples or were predicted.
     *
     * @see <a href="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.f1_score.html">f1_score,
     *     average="macro"</a>
     */
    public double macroF1() {
        double sum = 0;
        int present = 0;
        for (int c = 0; c < classes(); c++) {
            if (support(c) + predicted(c) > 0) {
                sum += f1(c);
                present++;
            }
        }
        return ratio(sum, present);
    }

    /** The counts as a table, one line per true class. */
    @Override
    public String toString() {
        int width = Long.toString(Arrays.stream(counts)
                                .flatMapToLong(Arrays::stream)
                                .max()
                                .orElse(0))
                        .length()
                + 2;
        StringBuilder text = new StringBuilder();
        for (long[] row : counts) {
            for (long count : row) {
                text.append(String.format(Locale.ROOT, "%" + width + "d", count));
            }
            text.append('\n');
        }
        return text.toString();
    }
}
