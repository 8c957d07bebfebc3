package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * The weighted sum of one loss for each output of a network: the n-th loss compares the n-th output with the n-th
 * target. A loss for which nothing in a batch counts, because all its labels are ignored, adds nothing.
 *
 * <pre>{@code JointLoss.of(new CrossEntropyLoss(), new MseLoss()).weights(1, 0.1)}</pre>
 *
 * <p>Accuracy and the other scores of an evaluation are those of the first loss that is for classification. A batch
 * counts by its number of examples; where labels are ignored or classes weighted, the sum over batches of different
 * sizes is therefore not exactly that over one batch.
 */
public final class JointLoss implements MultiLoss {
    private final List<Loss> losses;
    private final double[] weights;

    private JointLoss(List<Loss> losses, double[] weights) {
        this.losses = losses;
        this.weights = weights;
    }

    /**
     * The sum of these losses.
     *
     * @param losses each a mean over its examples
     */
    public static JointLoss of(Loss... losses) {
        if (losses.length == 0) {
            throw new IllegalArgumentException("joint loss: there is no loss. Hint: name one for each output.");
        }
        for (Loss loss : losses) {
            if (loss.reduction() != LossReduction.MEAN) {
                throw new IllegalArgumentException("joint loss: every loss must be a mean over examples, but " + loss
                        + " reduces by " + loss.reduction() + ". Hint: use LossReduction.MEAN.");
            }
        }
        double[] ones = new double[losses.length];
        Arrays.fill(ones, 1);
        return new JointLoss(List.of(losses), ones);
    }

    /** How much each loss counts, in their order; 1 unless set. */
    public JointLoss weights(double... newWeights) {
        if (newWeights.length != losses.size()) {
            throw new IllegalArgumentException(
                    "joint loss: " + losses.size() + " losses need as many weights, not " + newWeights.length);
        }
        for (double weight : newWeights) {
            if (!(weight >= 0) || Double.isInfinite(weight)) {
                throw new IllegalArgumentException(
                        "joint loss: weights must be finite and not negative, were " + Arrays.toString(newWeights));
            }
        }
        return new JointLoss(losses, newWeights.clone());
    }

    @Override
    public Tensor forward(List<Tensor> outputs, List<Tensor> targets) {
        check(outputs, targets);
        try (Scope scope = Scope.open()) {
            Optional<Tensor> sum = Optional.empty();
            for (int i = 0; i < losses.size(); i++) {
                if (losses.get(i).weight(outputs.get(i), targets.get(i)) == 0) {
                    continue;
                }
                Tensor part = losses.get(i).forward(outputs.get(i), targets.get(i));
                Tensor weighted = weights[i] == 1 ? part : part.mul((float) weights[i]);
                sum = Optional.of(sum.isPresent() ? sum.get().add(weighted) : weighted);
            }
            return scope.handOver(
                    sum.orElseGet(() -> Tensor.scalar(outputs.get(0).device(), Float.NaN)));
        }
    }

    private void check(List<Tensor> outputs, List<Tensor> targets) {
        if (outputs.size() != losses.size() || targets.size() != losses.size()) {
            throw new IllegalArgumentException("joint loss: " + losses.size() + " losses rate as many outputs and"
                    + " targets, not " + outputs.size() + " and " + targets.size() + " (outputs "
                    + LossParts.shapes(outputs) + "; targets " + LossParts.shapes(targets)
                    + "). Hint: name one loss for each output.");
        }
    }

    /** The number of examples, or 0 if nothing counts for any of the losses. */
    @Override
    public double weight(List<Tensor> outputs, List<Tensor> targets) {
        check(outputs, targets);
        boolean any = IntStream.range(0, losses.size())
                .anyMatch(i -> losses.get(i).weight(outputs.get(i), targets.get(i)) > 0);
        return any ? MultiLoss.super.weight(outputs, targets) : 0;
    }

    @Override
    public double weight(Tensor outputs, Tensor targets) {
        return weight(List.of(outputs), List.of(targets));
    }

    @Override
    public Optional<Tensor> probabilities(List<Tensor> outputs) {
        return judged(outputs).map(Judged::probabilities);
    }

    @Override
    public Optional<Tensor> probabilities(Tensor outputs) {
        return probabilities(List.of(outputs));
    }

    @Override
    public Tensor labels(List<Tensor> outputs, List<Tensor> targets) {
        return targets.get(judged(outputs).map(Judged::index).orElse(0));
    }

    @Override
    public boolean isMultiLabel(List<Tensor> outputs) {
        return judged(outputs).map(judged -> judged.loss().isMultiLabel()).orElse(false);
    }

    @Override
    public OptionalLong ignoredLabel(List<Tensor> outputs) {
        return judged(outputs).map(judged -> judged.loss().ignoredLabel()).orElse(OptionalLong.empty());
    }

    @Override
    public Optional<ClassProbabilities> classProbabilities(List<Tensor> outputs, List<Tensor> targets) {
        return judged(outputs)
                .map(judged -> new ClassProbabilities(
                        judged.probabilities(),
                        targets.get(judged.index()),
                        judged.loss().isMultiLabel(),
                        judged.loss().ignoredLabel()));
    }

    private record Judged(int index, Loss loss, Tensor probabilities) {}

    /** The first loss that is for classification, if there is one. */
    private Optional<Judged> judged(List<Tensor> outputs) {
        for (int i = 0; i < Math.min(losses.size(), outputs.size()); i++) {
            Optional<Tensor> probabilities = losses.get(i).probabilities(outputs.get(i));
            if (probabilities.isPresent()) {
                return Optional.of(new Judged(i, losses.get(i), probabilities.get()));
            }
        }
        return Optional.empty();
    }

    /** The settings, to be read and to distinguish runs. */
    @Override
    public String toString() {
        return "JointLoss(" + losses + ", weights " + Arrays.toString(weights) + ")";
    }
}
