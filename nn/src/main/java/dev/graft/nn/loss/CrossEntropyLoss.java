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
 * <p>Labels of type F32 and the logits' shape are soft: the probability of each class, as mixup, CutMix or a teacher
 * gives them. The loss is then {@code -sum(weight * label * log softmax(logits))} over classes, and the mean is over
 * examples, whatever the class weights, as in PyTorch. No soft label is ignored. A class of probability 0 costs 0, also
 * at a logit of negative infinity, where PyTorch gives NaN.
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
                return scope.keep(soft(logits, labels));
            }
            Optional<Tensor> weights =
                    classWeights.map(w -> Tensor.of(w, w.length).to(logits.device()));
            return scope.keep(logits.crossEntropy(labels, weights, labelSmoothing, ignoreIndex, reduction));
        }
    }

    private Tensor soft(Tensor logits, Tensor labels) {
        String operands = " (logits " + logits.shape() + ", labels " + labels.shape() + ")";
        if (logits.dtype() != DType.F32) {
            throw new IllegalArgumentException("crossEntropy: logits must be F32, were " + logits.dtype() + operands
                    + ". Hint: call to(DType.F32).");
        }
        if (logits.rank() < 2 || !logits.shape().equals(labels.shape())) {
            throw new IllegalArgumentException("crossEntropy: F32 labels are class probabilities and need the shape of"
                    + " the logits, [N, C, ...]" + operands
                    + ". Hint: make labels an I64 tensor of class indices, or use BceWithLogitsLoss.");
        }
        int classes = logits.dim(1);
        Tensor shares = labelSmoothing == 0
                ? labels
                : labels.affine(1 - labelSmoothing, classes == 0 ? 0 : labelSmoothing / classes);
        Tensor losses = LossParts.shareOfLog(shares.neg(), logits.logSoftmax(1));
        if (classWeights.isPresent()) {
            losses = losses.mul(alongClasses(logits));
        }
        Tensor each = losses.sum(1);
        return LossParts.reduce(reduction, each);
    }

    private Tensor alongClasses(Tensor logits) {
        float[] weights = classWeights.orElseThrow();
        if (weights.length != logits.dim(1)) {
            throw new IllegalArgumentException("crossEntropy: class weights must be [C] (logits " + logits.shape()
                    + ", weights [" + weights.length + "])");
        }
        int[] dims = new int[logits.rank()];
        Arrays.fill(dims, 1);
        dims[1] = weights.length;
        return Tensor.of(logits.device(), weights, dims);
    }

    @Override
    public LossReduction reduction() {
        return reduction;
    }

    /**
     * The sum of the class weights of the labels that count, or their number if there are no class weights or the
     * labels are soft.
     *
     * @throws IllegalArgumentException if the sum is 0 although label smoothing lets the other classes count: such a
     *     batch contributes to the loss of all examples, but its own mean is a division by 0
     */
    @Override
    public double weight(Tensor logits, Tensor labels) {
        if (labels.dtype() == DType.F32) {
            return logits.dim(1) == 0 ? 0 : logits.numel() / logits.dim(1);
        }
        double sum = 0;
        boolean any = false;
        for (long label : labels.toLongArray()) {
            if (label != ignoreIndex) {
                any = true;
                sum += classWeights.isPresent() ? ClassLabels.weightOf("crossEntropy", label, classWeights.get()) : 1;
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
