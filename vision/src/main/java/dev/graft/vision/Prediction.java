package dev.graft.vision;

import dev.graft.nn.metric.MultiLabelScores;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What a classifier says of one image.
 *
 * @param probabilities of each class, in the order of {@code classes}; they add up to 1 unless {@code multiLabel}
 * @param classes the names of the classes
 * @param multiLabel whether an image has any number of the classes, each by itself
 */
public record Prediction(float[] probabilities, List<String> classes, boolean multiLabel) {
    /** Of an image that has one class. */
    public Prediction(float[] probabilities, List<String> classes) {
        this(probabilities, classes, false);
    }

    /** @throws IllegalArgumentException where the numbers of probabilities and classes differ, or are 0 */
    public Prediction {
        probabilities = probabilities.clone();
        classes = List.copyOf(classes);
        if (probabilities.length != classes.size() || classes.isEmpty()) {
            throw new IllegalArgumentException("prediction: " + probabilities.length + " probabilities of "
                    + classes.size() + " classes. Hint: give one for each class.");
        }
    }

    @Override
    public float[] probabilities() {
        return probabilities.clone();
    }

    /** The position of the most probable class; of equally probable ones the first. */
    public int index() {
        int best = 0;
        for (int i = 1; i < probabilities.length; i++) {
            best = probabilities[i] > probabilities[best] ? i : best;
        }
        return best;
    }

    /** The name of the most probable class. */
    public String label() {
        return classes.get(index());
    }

    /** The probability of the most probable class, in [0, 1]. */
    public float probability() {
        return probabilities[index()];
    }

    /**
     * What the image is said to show: every class of a probability of at least {@link MultiLabelScores#THRESHOLD} in
     * the order of {@link #classes}, perhaps none; unless {@link #multiLabel} the most probable class alone.
     */
    public List<String> labels() {
        return shown().mapToObj(classes::get).toList();
    }

    private IntStream shown() {
        return multiLabel
                ? IntStream.range(0, probabilities.length).filter(c -> probabilities[c] >= MultiLabelScores.THRESHOLD)
                : IntStream.of(index());
    }

    /**
     * The most probable classes, the best first; of equally probable ones the first of {@link #classes}.
     *
     * @param count how many, at least 1; all where there are fewer
     */
    public List<ClassProbability> top(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("top: count must be at least 1, was " + count);
        }
        return IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -probabilities[i]))
                .limit(count)
                .map(i -> new ClassProbability(i, classes.get(i), probabilities[i]))
                .toList();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Prediction that
                && Arrays.equals(probabilities, that.probabilities)
                && classes.equals(that.classes)
                && multiLabel == that.multiLabel;
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Arrays.hashCode(probabilities) + classes.hashCode()) + Boolean.hashCode(multiLabel);
    }

    /** Such as {@code cat 0.93}; of several labels all that it is said to show, or {@code no label}. */
    @Override
    public String toString() {
        String all = shown().mapToObj(c -> classes.get(c) + String.format(Locale.ROOT, " %.2f", probabilities[c]))
                .collect(Collectors.joining(", "));
        return all.isEmpty() ? "no label" : all;
    }
}
