package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * {@code -log softmax(logits)[label]} for logits {@code [N, C]} (or {@code [N, C, ...]}) and I64 labels {@code [N]} (or
 * {@code [N, ...]}), averaged.
 *
 * <pre>{@code new CrossEntropyLoss().labelSmoothing(0.1f).classWeights(ClassWeights.balanced(labels))}</pre>
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html">torch.nn.CrossEntropyLoss</a>
 */
public final class CrossEntropyLoss implements Loss {
    /** PyTorch's default for labels that do not count. */
    public static final long DEFAULT_IGNORE_INDEX = -100;

    private final Optional<float[]> classWeights;
    private final float labelSmoothing;
    private final long ignoreIndex;
    private final LossReduction reduction;

    public CrossEntropyLoss() {
        this(Optional.empty(), 0f, DEFAULT_IGNORE_INDEX, LossReduction.MEAN);
    }

    private CrossEntropyLoss(
            Optional<float[]> classWeights, float labelSmoothing, long ignoreIndex, LossReduction reduction) {
        this.classWeights = classWeights;
        this.labelSmoothing = labelSmoothing;
        this.ignoreIndex = ignoreIndex;
        this.reduction = reduction;
    }

    /** One finite weight for each class, none negative. The mean is then weighted by the weights of the labels. */
    public CrossEntropyLoss classWeights(float... weights) {
        Weights.check("crossEntropy: class weights", weights);
        return new CrossEntropyLoss(Optional.of(weights.clone()), labelSmoothing, ignoreIndex, reduction);
    }

    /**
     * This loss with label smoothing.
     *
     * @param smoothing the share of each label spread over all classes, in [0, 1]
     */
    public CrossEntropyLoss labelSmoothing(float smoothing) {
        if (!(smoothing >= 0 && smoothing <= 1)) {
            throw new IllegalArgumentException("crossEntropy: label smoothing must be in [0, 1], was " + smoothing);
        }
        return new CrossEntropyLoss(classWeights, smoothing, ignoreIndex, reduction);
    }

    /** Examples with this label do not count. */
    public CrossEntropyLoss ignoreIndex(long label) {
        return new CrossEntropyLoss(classWeights, labelSmoothing, label, reduction);
    }

    public CrossEntropyLoss reduction(LossReduction how) {
        return new CrossEntropyLoss(classWeights, labelSmoothing, ignoreIndex, how);
    }

    @Override
    public Tensor forward(Tensor logits, Tensor labels) {
        try (Scope scope = Scope.open()) {
            if (labels.dtype() == DType.F32) {
                throw new IllegalArgumentException(
                        "crossEntropy: labels must be class indices, were F32 (logits " + logits.shape() + ", labels "
                                + labels.shape() + "). Hint: make labels an I64 tensor, or use BceWithLogitsLoss.");
            }
            Optional<Tensor> weights =
                    classWeights.map(w -> Tensor.of(w, w.length).to(logits.device()));
            return scope.keep(logits.crossEntropy(labels, weights, labelSmoothing, ignoreIndex, reduction));
        }
    }

    @Override
    public LossReduction reduction() {
        return reduction;
    }

    /**
     * The sum of the class weights of the labels that count, or their number if there are no class weights.
     *
     * @throws IllegalArgumentException if the sum is 0 although label smoothing lets the other classes count: such a
     *     batch contributes to the loss of all examples, but its own mean is a division by 0
     */
    @Override
    public double weight(Tensor logits, Tensor labels) {
        double sum = 0;
        boolean any = false;
        for (long label : labels.toLongArray()) {
            if (label != ignoreIndex) {
                any = true;
                sum += classWeights.isPresent() ? weightOf(label, classWeights.get()) : 1;
            }
        }
        if (any && sum == 0 && labelSmoothing > 0) {
            throw new IllegalArgumentException(
                    "crossEntropy: every label of a batch has class weight 0, and with label smoothing its mean is not defined"
                            + " (labels " + labels.shape()
                            + "). Hint: use a small positive weight, a larger batch, or no label smoothing.");
        }
        return sum;
    }

    private static float weightOf(long label, float[] weights) {
        if (label < 0 || label >= weights.length) {
            throw new IllegalArgumentException("crossEntropy: a label is " + label + ", but there are " + weights.length
                    + " class weights. Hint: count labels from 0, and give each class a weight.");
        }
        return weights[(int) label];
    }

    /** The settings, to be read and to distinguish runs. */
    @Override
    public String toString() {
        return "CrossEntropyLoss(weights " + classWeights.map(Arrays::toString).orElse("none") + ", smoothing "
                + labelSmoothing + ", ignored " + ignoreIndex + ", " + reduction + ")";
    }

    @Override
    public OptionalLong ignoredLabel() {
        return OptionalLong.of(ignoreIndex);
    }

    @Override
    public Optional<Tensor> probabilities(Tensor logits) {
        return logits.rank() == 2 ? Optional.of(logits.softmax(1)) : Optional.empty();
    }
}
