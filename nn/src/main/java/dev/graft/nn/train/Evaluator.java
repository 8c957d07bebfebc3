package dev.graft.nn.train;

import dev.graft.nn.Module;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LoaderPass;
import dev.graft.nn.loss.Loss;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Judges a network on a data set. */
public final class Evaluator {
    private Evaluator() {
    }

    /**
     * One pass over the loader's first epoch in evaluation mode, without gradients; every module has its mode back afterwards, and
     * the loader's count of epochs stays as it is.
     */
    public static Evaluation evaluate(Module model, DataLoader loader, Loss loss) {
        return evaluate(model, loader, new RunningLoss(loss), new StopSignal()).orElseThrow();
    }

    /**
     * As {@link #evaluate(Module, DataLoader, Loss)}; empty where a stop was requested before the last batch was done.
     *
     * @param loss takes what the batches add up to
     */
    static Optional<Evaluation> evaluate(Module model, DataLoader loader, RunningLoss loss, StopSignal stop) {
        return model.evaluating(() -> Autograd.noGrad(() -> pass(model, loader, loss, stop)));
    }

    private static Optional<Evaluation> pass(Module model, DataLoader loader, RunningLoss loss, StopSignal stop) {
        List<float[]> probabilities = new ArrayList<>();
        IntList labels = new IntList();
        IntList indices = new IntList();
        try (LoaderPass pass = loader.pass(1)) {
            for (Batch batch : pass) {
                if (stop.isRequested()) {
                    return Optional.empty();
                }
                judge(model, batch, loss, probabilities, labels, indices);
            }
        }
        return Optional.of(new Evaluation(loss.value(), probabilities.toArray(float[][]::new), labels.toArray(), indices.toArray()));
    }

    @SuppressWarnings("try")
    private static void judge(Module model, Batch batch, RunningLoss loss, List<float[]> probabilities, IntList labels, IntList indices) {
        Loss criterion = loss.criterion();
        try (Scope scope = Scope.open()) {
            Tensor outputs = model.forward(batch.inputs());
            float value = RunningLoss.scalar(criterion.forward(outputs, batch.labels()));
            double weight = RunningLoss.weight(criterion, outputs, batch.labels());
            if (weight > 0) {
                loss.add(value, weight);
            }
            Optional<Answers> answers = Answers.of(criterion, outputs, batch.labels());
            if (answers.isEmpty()) {
                indices.add(batch.indices());
                return;
            }
            probabilities.addAll(Arrays.asList(answers.get().probabilities()));
            labels.add(answers.get().labels());
            indices.add(Arrays.stream(answers.get().rows()).map(row -> batch.indices()[row]).toArray());
        }
    }

    /** Grows without boxing: a validation set may have millions of examples. */
    private static final class IntList {
        private int[] values = new int[64];
        private int size;

        private void add(int[] more) {
            if (size + more.length > values.length) {
                values = Arrays.copyOf(values, Math.max(2 * values.length, size + more.length));
            }
            System.arraycopy(more, 0, values, size, more.length);
            size += more.length;
        }

        private int[] toArray() {
            return Arrays.copyOf(values, size);
        }
    }
}
