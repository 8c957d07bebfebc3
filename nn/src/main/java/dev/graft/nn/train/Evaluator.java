package dev.graft.nn.train;

import dev.graft.nn.Module;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LoaderPass;
import dev.graft.nn.loss.Loss;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
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
        return evaluate(model, loader, loss, new StopSignal()).orElseThrow();
    }

    /** As {@link #evaluate(Module, DataLoader, Loss)}; empty where a stop was requested before the last batch was done. */
    static Optional<Evaluation> evaluate(Module model, DataLoader loader, Loss loss, StopSignal stop) {
        return model.evaluating(() -> Autograd.noGrad(() -> pass(model, loader, loss, stop)));
    }

    private static Optional<Evaluation> pass(Module model, DataLoader loader, Loss criterion, StopSignal stop) {
        double lossSum = 0;
        int seen = 0;
        List<float[]> probabilities = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        List<Integer> indices = new ArrayList<>();
        try (LoaderPass pass = loader.pass(1)) {
            for (Batch batch : pass) {
                if (stop.isRequested()) {
                    return Optional.empty();
                }
                Tensor outputs = model.forward(batch.inputs());
                lossSum += (double) Answers.scalar(criterion.forward(outputs, batch.labels())) * batch.size();
                seen += batch.size();
                Optional<Answers> answers = Answers.of(criterion, outputs, batch.labels());
                answers.ifPresent(a -> {
                    for (int i = 0; i < a.labels().length; i++) {
                        probabilities.add(a.probabilities()[i]);
                        labels.add(a.labels()[i]);
                    }
                });
                for (int index : batch.indices()) {
                    indices.add(index);
                }
            }
        }
        return Optional.of(new Evaluation(lossSum / seen, probabilities.toArray(float[][]::new), ints(labels), ints(indices)));
    }

    private static int[] ints(List<Integer> values) {
        return values.stream().mapToInt(Integer::intValue).toArray();
    }
}
