package dev.graft.nn.train;

import dev.graft.nn.Module;
import dev.graft.nn.WeightsMark;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LoaderPass;
import dev.graft.nn.loss.Loss;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.Optional;

/** Evaluates a network on a data set. */
public final class Evaluator {
    private Evaluator() {}

    /**
     * One pass over the loader's first epoch in evaluation mode, without gradients. The mode affects only this call,
     * and the loader's count of epochs does not change. Any number of threads may evaluate one network at once, with
     * one loader or several.
     *
     * @throws ConcurrentModificationException if another thread changed the network's weights or running statistics
     *     during the pass, because the result would then belong to no single state of the network
     */
    public static Evaluation evaluate(Module model, DataLoader loader, Loss loss) {
        return evaluate(model, loader, loss, Progress.silent());
    }

    /**
     * As {@link #evaluate(Module, DataLoader, Loss)}.
     *
     * @param progress is notified of the pass, which is called "evaluation"
     */
    public static Evaluation evaluate(Module model, DataLoader loader, Loss loss, Progress progress) {
        RunningLoss running = new RunningLoss(loss);
        Everything all = new Everything(progress);
        progress.passStarted("evaluation", loader.examples(), 0);
        try {
            evaluate(model, loader, running, new StopSignal(), all);
        } finally {
            progress.passDone();
        }
        return new Evaluation(
                running.value(),
                all.probabilities.toArray(float[][]::new),
                all.labels.toArray(),
                all.indices.toArray(),
                all.truths.toArray(boolean[][]::new));
    }

    /** Is notified of each batch of a pass. */
    interface Listener {
        /**
         * A batch of a classification loss.
         *
         * @param indices the positions of the predicted examples in the data set
         */
        void answered(BatchPredictions answers, int[] indices);

        /** A batch of a loss that is not for classification. */
        default void passed(int[] indices) {}

        /** Called when a batch is done. */
        default void judged(int examples) {}
    }

    private static final class Everything implements Listener {
        private final List<float[]> probabilities = new ArrayList<>();
        private final IntList labels = new IntList();
        private final List<boolean[]> truths = new ArrayList<>();
        private final IntList indices = new IntList();
        private final Progress progress;

        Everything(Progress progress) {
            this.progress = progress;
        }

        @Override
        public void judged(int examples) {
            progress.passAdvanced(examples);
        }

        @Override
        public void answered(BatchPredictions answers, int[] rows) {
            probabilities.addAll(Arrays.asList(answers.probabilities()));
            labels.add(answers.labels());
            truths.addAll(Arrays.asList(answers.truths()));
            indices.add(rows);
        }

        @Override
        public void passed(int[] rows) {
            indices.add(rows);
        }
    }

    /**
     * One pass, as in {@link #evaluate(Module, DataLoader, Loss)}.
     *
     * @param loss accumulates the batches
     * @return false if a stop was requested before the last batch was done
     */
    static boolean evaluate(Module model, DataLoader loader, RunningLoss loss, StopSignal stop, Listener listener) {
        WeightsMark before = model.markWeights();
        boolean whole = model.evaluating(() -> Autograd.noGrad(() -> pass(model, loader, loss, stop, listener)));
        List<String> changed = before.changes();
        if (!changed.isEmpty()) {
            String names = String.join(", ", changed.subList(0, Math.min(3, changed.size())));
            throw new ConcurrentModificationException(
                    "evaluate: another thread changed the network during the evaluation (" + names
                            + (changed.size() > 3 ? " and " + (changed.size() - 3) + " more" : "")
                            + "). Hint: evaluate between training steps, or evaluate"
                            + " a second network that loaded the state dict.");
        }
        return whole;
    }

    private static boolean pass(Module model, DataLoader loader, RunningLoss loss, StopSignal stop, Listener listener) {
        try (LoaderPass pass = loader.pass(1)) {
            for (Batch batch : pass) {
                if (stop.isRequested()) {
                    return false;
                }
                judge(model, batch, loss, listener);
                listener.judged(batch.size());
            }
        }
        return true;
    }

    @SuppressWarnings("try")
    private static void judge(Module model, Batch batch, RunningLoss loss, Listener listener) {
        Loss criterion = loss.criterion();
        try (Scope scope = Scope.open()) {
            List<Tensor> outputs = model.forward(batch.allInputs());
            float value = RunningLoss.scalar(criterion.forward(outputs, batch.allTargets()));
            double weight = RunningLoss.weight(criterion, outputs, batch.allTargets());
            if (weight > 0) {
                loss.add(value, weight);
            }
            Optional<BatchPredictions> answers = BatchPredictions.of(criterion, outputs, batch.allTargets());
            if (answers.isEmpty()) {
                listener.passed(batch.indices());
            } else {
                listener.answered(
                        answers.get(),
                        Arrays.stream(answers.get().rows())
                                .map(row -> batch.indices()[row])
                                .toArray());
            }
        }
    }
}
