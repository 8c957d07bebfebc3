package dev.graft.nn.train;

import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.loss.Loss;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Checks at the start of a training, as far as possible, that its monitored score can be defined. */
final class MonitorCheck {
    private MonitorCheck() {}

    /**
     * @throws TrainingException if all validation examples with known labels are of one class, which leaves the score
     *     undefined
     */
    static void classes(Monitor monitor, Dataset<?> validation, Loss criterion) {
        if (monitor != Monitor.AUROC || !(validation instanceof LabelledDataset data)) {
            return;
        }
        int[] labels;
        try {
            labels = data.labels();
        } catch (IllegalStateException e) {
            return; // targets that are not classes
        }
        int[] counted = Arrays.stream(labels)
                .filter(label -> criterion.ignoredLabel().isEmpty()
                        || criterion.ignoredLabel().getAsLong() != label)
                .toArray();
        if (Arrays.stream(counted).distinct().limit(2).count() == 1) {
            throw new TrainingException(
                    "training: AUROC is monitored, but all " + counted.length + " validation examples are of class "
                            + counted[0]
                            + ", so it is not defined. Hint: validate on examples of two or more classes, or monitor the loss.");
        }
    }

    /** @throws TrainingException if the loss has no classes for such outputs, and the score needs them */
    @SuppressWarnings("try")
    static void classification(Monitor monitor, Loss criterion, List<Tensor> outputs) {
        if (monitor == Monitor.LOSS) {
            return;
        }
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            if (criterion.probabilities(outputs).isEmpty()) {
                throw new TrainingException("training: " + monitor + " is monitored, but " + RunningLoss.name(criterion)
                        + " has no classes for outputs "
                        + outputs.stream()
                                .map(output -> output.shape().toString())
                                .collect(Collectors.joining(", "))
                        + ". Hint: monitor the loss.");
            }
        }
    }

    /** Warns once for each period without a defined score. */
    static void warnUndefined(Monitor monitor, TrainState state, Progress progress) {
        int epochs = state.history.size();
        boolean said = epochs > 1
                && state.history
                        .get(epochs - 2)
                        .validation()
                        .filter(scores -> Double.isNaN(monitor.of(scores)))
                        .isPresent();
        if (!said) {
            progress.warning("the monitored " + monitor + " is not defined after epoch " + state.epoch
                    + ": no epoch is the best while that lasts. Hint: monitor the loss.");
        }
    }
}
