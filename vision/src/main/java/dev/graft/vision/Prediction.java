package dev.graft.vision;

import dev.graft.nn.model.Decision;
import dev.graft.nn.model.InputFlag;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a classifier says of one image.
 *
 * @param probabilities of each class, in the order of {@code classes}, calibrated by the model's temperature; they add
 *     up to 1 unless {@code multiLabel}
 * @param classes the names of the classes
 * @param multiLabel whether an image has any number of the classes, each by itself
 * @param decision how they become an answer
 * @param flags in which ways the image is unlike the model's training images; empty if it is like them, or if the model
 *     does not say what those were like
 */
public record Prediction(
        float[] probabilities, List<String> classes, boolean multiLabel, Decision decision, List<InputFlag> flags) {
    /** Of an image that has one class. */
    public Prediction(float[] probabilities, List<String> classes) {
        this(probabilities, classes, false);
    }

    /** By the usual decisions: the most probable class, and labels of at least 0.5. */
    public Prediction(float[] probabilities, List<String> classes, boolean multiLabel) {
        this(probabilities, classes, multiLabel, Decision.NONE, List.of());
    }

    /** @throws IllegalArgumentException where the numbers of probabilities and classes differ, or are 0 */
    public Prediction {
        probabilities = probabilities.clone();
        classes = List.copyOf(classes);
        flags = List.copyOf(flags);
        if (probabilities.length != classes.size() || classes.isEmpty()) {
            throw new IllegalArgumentException("prediction: " + probabilities.length + " probabilities of "
                    + classes.size() + " classes. Hint: give one for each class.");
        }
    }

    @Override
    public float[] probabilities() {
        return probabilities.clone();
    }

    /**
     * The position of the class that is chosen: the most probable one, of equally probable ones the first; of two
     * classes with a threshold, the second from that probability on.
     */
    public int index() {
        return decision.choose(probabilities);
    }

    /** The name of the class that is chosen. */
    public String label() {
        return classes.get(index());
    }

    /** The probability of the class that is chosen, in [0, 1]; below 0.5 where a threshold is. */
    public float probability() {
        return probabilities[index()];
    }

    /**
     * What the image is said to show: every class from its threshold on, which is 0.5 unless the model has another, in
     * the order of {@link #classes}, perhaps none; unless {@link #multiLabel} the chosen class alone.
     */
    public List<String> labels() {
        return shown().map(classes::get).toList();
    }

    private Stream<Integer> shown() {
        return multiLabel ? decision.labels(probabilities).stream() : Stream.of(index());
    }

    /**
     * The classes that are possible, the most probable first; empty if the model makes no such sets. In the share of
     * cases that the model promises, the truth is among them; a set may be empty.
     */
    public Optional<List<String>> set() {
        return decision.set(probabilities)
                .map(set -> set.stream().map(classes::get).toList());
    }

    /** Whether the model leaves this image to people, since no class is probable enough. */
    public boolean isAbstained() {
        return decision.abstains(probabilities);
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
                && multiLabel == that.multiLabel
                && decision.equals(that.decision)
                && flags.equals(that.flags);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Arrays.hashCode(probabilities) + classes.hashCode()) + Boolean.hashCode(multiLabel);
    }

    /**
     * Such as {@code cat 0.93}; of several labels all that it is said to show, or {@code no label}. An answer that is
     * left to people, or is about an image unlike the training images, says so.
     */
    @Override
    public String toString() {
        String all = shown().map(c -> classes.get(c) + String.format(Locale.ROOT, " %.2f", probabilities[c]))
                .collect(Collectors.joining(", "));
        return (all.isEmpty() ? "no label" : all)
                + (isAbstained() ? ", too unsure to answer" : "")
                + (flags.isEmpty()
                        ? ""
                        : ", unlike the training images: "
                                + flags.stream().map(InputFlag::toString).collect(Collectors.joining(", ")));
    }
}
