package dev.graft.nn.metric;

import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Scores of a multi-label classification: of each label by itself, and their means.
 *
 * @param labels in the order of the probabilities
 */
public record MultiLabelScores(List<Label> labels) {
    /** From this probability on, a label counts as predicted unless another threshold is given. */
    public static final float THRESHOLD = 0.5f;

    public MultiLabelScores {
        labels = List.copyOf(labels);
    }

    /**
     * One label.
     *
     * @param positives how many examples have it
     * @param accuracy the share of examples that are right about it, by its threshold
     * @param auroc {@link RocAuc}; NaN unless some examples have the label and some have not
     * @param averagePrecision {@link AveragePrecision}; NaN if no example has the label
     */
    public record Label(int positives, double accuracy, double auroc, double averagePrecision) {}

    /**
     * Scores each label.
     *
     * @param probabilities {@code [examples][labels]}
     * @param truths {@code [examples][labels]}
     * @param thresholds from which probability on each label counts as predicted; none for {@link #THRESHOLD}
     * @throws IllegalArgumentException without examples, or if the sizes differ
     */
    public static MultiLabelScores of(float[][] probabilities, boolean[][] truths, double... thresholds) {
        Checks.sameLength("multi-label scores", probabilities.length, truths.length);
        int count = probabilities[0].length;
        Checks.thresholds("multi-label scores", thresholds, count, true);
        boolean[][] given = new boolean[probabilities.length][count];
        for (int i = 0; i < given.length; i++) {
            Checks.sameLength("multi-label scores", probabilities[i].length, count);
            for (int c = 0; c < count; c++) {
                given[i][c] = probabilities[i][c] >= (thresholds.length == 0 ? THRESHOLD : thresholds[c]);
            }
        }
        return decided(probabilities, truths, given);
    }

    /**
     * Of labels that were given, however that was decided.
     *
     * @param given {@code [examples][labels]}
     * @throws IllegalArgumentException without examples, or if the sizes differ
     */
    public static MultiLabelScores decided(float[][] probabilities, boolean[][] truths, boolean[][] given) {
        Checks.sameLength("multi-label scores", probabilities.length, truths.length);
        Checks.sameLength("multi-label scores", probabilities.length, given.length);
        return new MultiLabelScores(IntStream.range(0, probabilities[0].length)
                .mapToObj(c -> label(probabilities, truths, given, c))
                .toList());
    }

    private static Label label(float[][] probabilities, boolean[][] truths, boolean[][] given, int column) {
        int examples = probabilities.length;
        float[] scores = new float[examples];
        boolean[] positive = new boolean[examples];
        int positives = 0;
        int right = 0;
        for (int i = 0; i < examples; i++) {
            Checks.sameLength("multi-label scores", probabilities[i].length, truths[i].length);
            scores[i] = probabilities[i][column];
            positive[i] = truths[i][column];
            positives += positive[i] ? 1 : 0;
            right += given[i][column] == positive[i] ? 1 : 0;
        }
        return new Label(
                positives,
                (double) right / examples,
                RocAuc.binary(scores, positive),
                AveragePrecision.binary(scores, positive));
    }

    /** The share of right decisions, over all labels of all examples. */
    public double accuracy() {
        return mean(Label::accuracy);
    }

    /** The mean over the labels where it is defined; NaN if it is for none. */
    public double auroc() {
        return mean(Label::auroc);
    }

    /** The mean over the labels where it is defined; NaN if it is for none. */
    public double averagePrecision() {
        return mean(Label::averagePrecision);
    }

    private double mean(ToDoubleFunction<Label> score) {
        return labels.stream()
                .mapToDouble(score)
                .filter(value -> !Double.isNaN(value))
                .average()
                .orElse(Double.NaN);
    }
}
