package dev.graft.vision.model;

import dev.graft.io.StateDict;
import dev.graft.nn.Init;
import dev.graft.vision.image.Normalize;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.download.WeightCache;
import dev.graft.vision.model.download.WeightsException;
import dev.graft.vision.model.weights.Weights;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * One network of the {@link dev.graft.vision.model.zoo.ModelZoo}: how to build it, and which published weights it has.
 */
public final class Architecture {
    private static final double USUAL_LEARNING_RATE = 0.01;
    private static final int COLOURS = 3;

    private final String name;
    private final String headPath;
    private final int imageSize;
    private final Constructor constructor;
    private final List<Weights> weights;
    private final double learningRate;
    private final int channels;

    /** Builds a network with PyTorch's initial weights if it defines none of its own. */
    public interface Constructor {
        Backbone build(int classes, RandomGenerator random);
    }

    /**
     * A network that an application describes; the library's own networks are in the zoo.
     *
     * @param headPath the path of the layer that makes the logits, such as {@code fc}
     * @param imageSize height and width of the images it was designed for
     */
    public Architecture(String name, String headPath, int imageSize, Constructor constructor, Weights... weights) {
        this(name, headPath, imageSize, constructor, List.of(weights), USUAL_LEARNING_RATE, COLOURS);
    }

    private Architecture(
            String name,
            String headPath,
            int imageSize,
            Constructor constructor,
            List<Weights> weights,
            double learningRate,
            int channels) {
        this.name = name;
        this.headPath = headPath;
        this.imageSize = imageSize;
        this.constructor = constructor;
        this.weights = weights;
        this.learningRate = learningRate;
        this.channels = channels;
    }

    /** A copy with another {@link #learningRate()}. */
    public Architecture withLearningRate(double rate) {
        return new Architecture(name, headPath, imageSize, constructor, weights, rate, channels);
    }

    /** A copy for images of another number of channels than 3. */
    public Architecture withChannels(int count) {
        return new Architecture(name, headPath, imageSize, constructor, weights, learningRate, count);
    }

    /** The name in the zoo, such as {@code resnet18}. */
    public String name() {
        return name;
    }

    /** The path of the layer that makes the logits, such as {@code fc}. */
    public String headPath() {
        return headPath;
    }

    /** Height and width of the images it was designed for; others work too. */
    public int imageSize() {
        return imageSize;
    }

    /**
     * A learning rate to start with when this network is fine-tuned by SGD with a momentum of 0.9 and batches of 32. It
     * was measured on photographs and X-rays by {@code DefaultRecipes} in the benchmarks.
     */
    public double learningRate() {
        return learningRate;
    }

    /**
     * How images are prepared where nothing is known of the weights: as for the first published ones, or where there
     * are none as for most networks.
     */
    public Preprocessing preprocessing() {
        if (!weights.isEmpty()) {
            return weights.get(0).preprocessing();
        }
        Preprocessing usual = Preprocessing.imageNet();
        Preprocessing sized = imageSize == usual.cropSize()
                ? usual
                : new Preprocessing(imageSize, imageSize, usual.interpolation(), usual.normalize());
        return channels == 1 ? sized.withNormalize(Normalize.imageNetGrey()) : sized;
    }

    /** The published weights; the best are last. */
    public List<Weights> weights() {
        return weights;
    }

    /**
     * Published weights by name.
     *
     * @param id the publisher's name, such as {@code IMAGENET1K_V1}, or the data set, {@code imagenet} or
     *     {@code cifar10}, for the best
     * @throws IllegalArgumentException if there are none, listing those that exist
     */
    public Weights weights(String id) {
        String wanted = id.toUpperCase(Locale.ROOT);
        Optional<Weights> named =
                weights.stream().filter(w -> w.name().equals(wanted)).findFirst();
        Optional<Weights> newest = weights.stream()
                .filter(w -> w.name().startsWith(wanted) || w.name().endsWith("_" + wanted))
                .reduce((older, newer) -> newer);
        return named.or(() -> newest)
                .orElseThrow(() -> new IllegalArgumentException(name + ": no published weights '" + id
                        + "'. Hint: "
                        + (weights.isEmpty()
                                ? ""
                                : "there are "
                                        + String.join(
                                                ", ",
                                                weights.stream()
                                                        .map(Weights::name)
                                                        .toList())
                                        + ", or ")
                        + "give a weight file."));
    }

    /** A network to be trained from scratch. */
    public Backbone create(int classes, RandomGenerator random) {
        Backbone model = constructor.build(classes, random);
        model.initialise(random);
        return model;
    }

    /**
     * A pretrained network. The file is found or downloaded as {@link WeightCache} describes.
     *
     * @param random for dropout in training
     * @throws WeightsException if the file is not available
     */
    public Backbone create(Weights published, RandomGenerator random) {
        return Pretrained.load(name, published, classes -> constructor.build(classes, random));
    }

    /**
     * A network with the weights of a file, with as many classes as the file's head has.
     *
     * @param random for dropout in training
     * @throws IllegalArgumentException naming all missing, unexpected and mismatched keys
     */
    public Backbone create(StateDict state, RandomGenerator random) {
        try (StateDict fitted = unwrapped(state)) {
            return fill(fitted, random);
        }
    }

    /** As {@link StateDict#unwrapped}, for this network with any head. */
    public StateDict unwrapped(StateDict state) {
        if (state.contains(headPath + ".weight")) {
            return state.stripPrefix("");
        }
        try (Backbone any = Init.skip(() -> constructor.build(1, new SplittableRandom(0)));
                StateDict own = any.stateDict()) {
            return state.unwrapped(own.names());
        }
    }

    /**
     * Whether all of this network's weights are there but those of its classifier. As in loading, counters of batches
     * may be missing too.
     */
    public boolean lacksOnlyItsHead(StateDict state) {
        if (state.contains(headPath + ".weight")) {
            return false;
        }
        try (Backbone any = Init.skip(() -> constructor.build(1, new SplittableRandom(0)));
                StateDict own = any.stateDict()) {
            String head = headPath + ".";
            return own.entries().stream()
                    .filter(entry -> entry.getValue().dtype().isFloat())
                    .allMatch(entry -> entry.getKey().startsWith(head) != state.contains(entry.getKey()));
        }
    }

    private Backbone fill(StateDict state, RandomGenerator random) {
        int classes = state.find(headPath + ".weight")
                .filter(weight -> weight.rank() > 0)
                .map(weight -> weight.dim(0))
                .orElse(1000);
        return Pretrained.fill(() -> constructor.build(Math.max(1, classes), random), state);
    }

    @Override
    public String toString() {
        return name;
    }
}
