package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * {@code -logProbabilities[label]} for log-probabilities {@code [N, C]} (or {@code [N, C, ...]}) and labels {@code [N]}
 * (or {@code [N, ...]}) of type I64 or I32, averaged. After a {@code logSoftmax} it is {@link CrossEntropyLoss}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html">torch.nn.NLLLoss</a>
 */
public final class NllLoss implements Loss {
    private static final String NAME = "nll";

    private final Optional<float[]> classWeights;
    private final long ignoreIndex;
    private final LossReduction reduction;

    public NllLoss() {
        this(Optional.empty(), CrossEntropyLoss.DEFAULT_IGNORE_INDEX, LossReduction.MEAN);
    }

    private NllLoss(Optional<float[]> classWeights, long ignoreIndex, LossReduction reduction) {
        this.classWeights = classWeights;
        this.ignoreIndex = ignoreIndex;
        this.reduction = reduction;
    }

    /** One finite weight for each class, none negative. The mean is then weighted by the weights of the labels. */
    public NllLoss classWeights(float... weights) {
        Weights.check("nll: class weights", weights);
        return new NllLoss(Optional.of(weights.clone()), ignoreIndex, reduction);
    }

    /** Examples with this label do not count. */
    public NllLoss ignoreIndex(long label) {
        return new NllLoss(classWeights, label, reduction);
    }

    public NllLoss reduction(LossReduction how) {
        return new NllLoss(classWeights, ignoreIndex, how);
    }

    @Override
    public Tensor forward(Tensor logProbabilities, Tensor labels) {
        ClassLabels.check(NAME, "log-probabilities", logProbabilities, labels);
        int classes = logProbabilities.dim(1);
        if (classWeights.isPresent() && classWeights.get().length != classes) {
            throw new IllegalArgumentException(NAME + ": there are " + classWeights.get().length
                    + " class weights for " + classes + " classes (log-probabilities " + logProbabilities.shape()
                    + ", labels " + labels.shape() + "). Hint: give each class a weight.");
        }
        try (Scope scope = Scope.open()) {
            long[] label = labels.toLongArray();
            long[] element = new long[label.length];
            boolean[] counts = new boolean[label.length];
            float[] weights = new float[label.length];
            double total = 0;
            for (int r = 0; r < label.length; r++) {
                counts[r] = label[r] != ignoreIndex;
                int c = counts[r] ? ClassLabels.index(NAME, label[r], classes) : 0;
                element[r] = (long) r * classes + c;
                weights[r] =
                        counts[r] && classWeights.isPresent() ? classWeights.get()[c] : 1;
                total += counts[r] ? weights[r] : 0;
            }
            return scope.keep(reduce(
                    picked(logProbabilities, element, counts, weights),
                    labels.shape().toArray(),
                    total));
        }
    }

    /** The loss of each label; what belongs to an ignored one is not read. */
    private static Tensor picked(Tensor logProbabilities, long[] element, boolean[] counts, float[] weights) {
        int n = element.length;
        var device = logProbabilities.device();
        if (n == 0 || logProbabilities.numel() == 0) {
            return ClassLabels.rows(logProbabilities).sum(1);
        }
        Tensor column = ClassLabels.rows(logProbabilities).reshape(logProbabilities.numel(), 1);
        Tensor read = column.embedding(Tensor.of(device, element, n)).reshape(n);
        Tensor weighted = read.mul(Tensor.of(device, weights, n)).neg();
        return Tensor.where(Tensor.of(device, counts, n), weighted, LossParts.constant(read, 0));
    }

    private Tensor reduce(Tensor losses, int[] shape, double total) {
        return switch (reduction) {
            case NONE -> losses.reshape(shape);
            case SUM -> losses.sum();
            case MEAN -> losses.sum().div((float) total);
        };
    }

    @Override
    public LossReduction reduction() {
        return reduction;
    }

    /** The sum of the class weights of the labels that count, or their number if there are no class weights. */
    @Override
    public double weight(Tensor outputs, Tensor labels) {
        return ClassLabels.weight(NAME, labels, classWeights, ignoreIndex);
    }

    /** The settings, to be read and to distinguish runs. */
    @Override
    public String toString() {
        return "NllLoss(weights " + classWeights.map(Arrays::toString).orElse("none") + ", ignored " + ignoreIndex
                + ", " + reduction + ")";
    }

    @Override
    public OptionalLong ignoredLabel() {
        return OptionalLong.of(ignoreIndex);
    }

    @Override
    public Optional<Tensor> probabilities(Tensor logProbabilities) {
        return logProbabilities.rank() == 2 ? Optional.of(logProbabilities.exp()) : Optional.empty();
    }
}
