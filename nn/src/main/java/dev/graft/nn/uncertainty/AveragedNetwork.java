package dev.graft.nn.uncertainty;

import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A network whose answer is the mean of several answers' probabilities. Its output are the logits of that mean,
 * {@code [N, classes]}: softmax, or sigmoid for labels by themselves, gives the mean probabilities back. So it takes
 * the place of a network wherever it is judged or used.
 */
public abstract class AveragedNetwork extends Module {
    /** Below it a mean probability counts as this: the smallest normal number. */
    private static final float TINY = Float.MIN_NORMAL;

    private final boolean multiLabel;

    /** @param multiLabel whether probabilities are those of labels by themselves (sigmoid), or of classes (softmax) */
    protected AveragedNetwork(boolean multiLabel) {
        this.multiLabel = multiLabel;
    }

    /** The logits of each answer, {@code [N, classes]}; at least one. */
    protected abstract List<Tensor> answers(Tensor input);

    @Override
    protected final Tensor compute(Tensor input) {
        List<Tensor> answers = answers(input);
        Tensor mean = mean(answers, false).clamp(TINY, 1).log();
        return multiLabel ? mean.sub(mean(answers, true).clamp(TINY, 1).log()) : mean;
    }

    /** @param negated of the labels' absence */
    private Tensor mean(List<Tensor> answers, boolean negated) {
        List<Tensor> all = answers.stream()
                .map(logits -> !multiLabel ? logits.softmax(1) : (negated ? logits.neg() : logits).sigmoid())
                .toList();
        return Tensor.stack(0, all).mean(0);
    }

    /**
     * How far the answers are apart, of each row.
     *
     * @param input as for {@link #forward(Tensor)}; nothing is recorded
     */
    public final List<Spread> spread(Tensor input) {
        return Autograd.noGrad(() -> evaluating(() -> {
            try (Scope scope = Scope.open()) {
                List<float[]> all = new ArrayList<>();
                int rows = input.dim(0);
                Tensor ignored = asThisLayer(() -> {
                    List<Tensor> answers = answers(input);
                    answers.forEach(
                            logits -> all.add((multiLabel ? logits.sigmoid() : logits.softmax(1)).toFloatArray()));
                    return answers.get(0);
                });
                int classes = ignored.numel() / Math.max(1, rows);
                List<Spread> spreads = new ArrayList<>();
                for (int row = 0; row < rows; row++) {
                    float[][] of = new float[all.size()][classes];
                    for (int i = 0; i < of.length; i++) {
                        System.arraycopy(all.get(i), row * classes, of[i], 0, classes);
                    }
                    spreads.add(Spread.of(of, multiLabel));
                }
                return spreads;
            }
        }));
    }
}
