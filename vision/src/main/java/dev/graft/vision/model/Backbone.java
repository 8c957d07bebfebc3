package dev.graft.vision.model;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.weights.Weights;
import java.util.List;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;

/**
 * An image classifier in two parts: {@link #features} turns images into what the head sees, {@link #classify} is the
 * head. Both together are {@link #forward}. If the first part is frozen, its output can be computed once and cached.
 *
 * <pre>{@code
 * Backbone model = ModelZoo.architecture("resnet18").create(ResNet18Weights.IMAGENET1K_V1, random);
 * model.replaceHead(2, random);      // the same as model.replace("fc", new Linear(512, 2, random))
 * model.freezeBackbone();
 * Tensor logits = model.forward(images);          // [N, 3, H, W] -> [N, 2]
 * }</pre>
 */
public abstract class Backbone extends Module {
    private final String architecture;

    /** @param architecture its name in the {@link dev.graft.vision.model.zoo.ModelZoo}, such as {@code resnet18} */
    protected Backbone(String architecture) {
        this.architecture = architecture;
    }

    /** The name in the {@link dev.graft.vision.model.zoo.ModelZoo}, such as {@code resnet18}. */
    public final String architecture() {
        return architecture;
    }

    /** The input of the head, before its dropout: images {@code [N, 3, H, W]} to {@code [N, ...]}. */
    public final Tensor features(Tensor images) {
        return asThisLayer(() -> computeFeatures(images));
    }

    /** The head, its dropout included: the output of {@link #features} to logits {@code [N, classes]}. */
    public final Tensor classify(Tensor features) {
        return asThisLayer(() -> computeLogits(features));
    }

    /** The formula of {@link #features}. */
    protected abstract Tensor computeFeatures(Tensor images);

    /** The formula of {@link #classify}. */
    protected abstract Tensor computeLogits(Tensor features);

    @Override
    protected final Tensor compute(Tensor images) {
        return computeLogits(computeFeatures(images));
    }

    /**
     * The path of the layer that makes the logits, such as {@code fc}: the path for {@link #replace} to change the
     * classes.
     */
    public abstract String headPath();

    /** A new layer for {@link #headPath()} with this many outputs, initialised as in a new network. */
    public abstract Module newHead(int classes, RandomGenerator random);

    /** The modules of the head, its dropout included, which {@link #freezeBackbone()} does not freeze. */
    public List<String> headModules() {
        return List.of(headPath());
    }

    /**
     * Whether logits may be negative. If not, as where the head ends in a ReLU, the network can choose among classes,
     * but cannot deny a label by itself: the sigmoid of its answer is at least 0.5.
     */
    public boolean hasNegativeLogits() {
        return true;
    }

    /** Sets the initial weights of a network that is trained from scratch, if they differ from its layers' defaults. */
    protected void initialise(RandomGenerator random) {}

    /**
     * The head as a separate network, from the output of {@link #features} to logits {@code [N, classes]}. It shares
     * the head's modules, dropout included, so training it on stored features trains this network. Its state dict holds
     * only the head.
     */
    public final Module headNetwork() {
        return new Head(this);
    }

    /** The layer that makes the logits. */
    public final Module head() {
        return module(headPath());
    }

    /** Replaces the head by a new one for this many classes. */
    public final void replaceHead(int classes, RandomGenerator random) {
        replace(headPath(), newHead(classes, random));
    }

    /** Freezes everything but the head; the head's dropout stays active in training. */
    public final void freezeBackbone() {
        freezeExcept(headModules().toArray(String[]::new));
    }

    /**
     * A network with published weights, found or downloaded as {@link dev.graft.vision.model.download.WeightCache}
     * describes.
     *
     * @param architecture the name that the weights must be for
     * @param build the network for a number of classes; its first weights do not matter
     */
    protected static <M extends Backbone> M pretrained(String architecture, Weights weights, IntFunction<M> build) {
        return Pretrained.load(architecture, weights, build);
    }

    /**
     * Checks a number of classes.
     *
     * @throws IllegalArgumentException for fewer than one class
     */
    protected static void checkClasses(String architecture, int classes) {
        if (classes < 1) {
            throw new IllegalArgumentException(architecture + ": classes must be at least 1, was " + classes);
        }
    }
}
