package dev.graft.nn.train;

import dev.graft.nn.metric.Accuracy;
import dev.graft.nn.metric.MultiLabelScores;
import dev.graft.nn.metric.RocAuc;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * The scores of a validation pass, batch by batch. Accuracy needs only counts. AUROC needs the probabilities of all
 * examples. It is left out if these would fill the memory and it is not monitored.
 */
final class RunningScores implements Evaluator.Listener {
    /** 64 MiB of floats. */
    static final long MAX_UNASKED = 1L << 24;

    private static final int HEAP_SHARE = 2;

    private final boolean monitored;
    private final long maxProbabilities;
    private final List<float[]> probabilities = new ArrayList<>();
    private final IntList labels = new IntList();
    private final List<boolean[]> truths = new ArrayList<>();
    private final BitSet predicted = new BitSet();
    private boolean ranked = true;
    private long right;
    private long total;

    RunningScores(boolean monitored) {
        this(monitored, monitored ? Runtime.getRuntime().maxMemory() / HEAP_SHARE / Float.BYTES : MAX_UNASKED);
    }

    RunningScores(boolean monitored, long maxProbabilities) {
        this.monitored = monitored;
        this.maxProbabilities = maxProbabilities;
    }

    @Override
    public void answered(BatchPredictions answers, int[] indices) {
        if (answers.isMultiLabel()) {
            right += answers.right();
            total += answers.decisions();
            if (ranked) {
                keep(answers, total);
            }
            return;
        }
        int[] predictions = Accuracy.predictions(answers.probabilities());
        for (int i = 0; i < predictions.length; i++) {
            right += predictions[i] == answers.labels()[i] ? 1 : 0;
            predicted.set(predictions[i]);
        }
        total += predictions.length;
        if (ranked && predictions.length > 0) {
            keep(answers, total * answers.probabilities()[0].length);
        }
    }

    /** @param count of all probabilities so far, these included */
    private void keep(BatchPredictions answers, long count) {
        int classes = answers.probabilities()[0].length;
        if (count > maxProbabilities) {
            if (monitored) {
                throw new TrainingException("training: AUROC is monitored, and the probabilities of " + count / classes
                        + " examples or more for " + classes
                        + " classes fill half of the heap. Hint: run Java with a larger -Xmx, or monitor accuracy.");
            }
            ranked = false;
            probabilities.clear();
            truths.clear();
            return;
        }
        probabilities.addAll(Arrays.asList(answers.probabilities()));
        labels.add(answers.labels());
        truths.addAll(Arrays.asList(answers.truths()));
    }

    /** Whether AUROC was left out because it needs too much memory. */
    boolean isTooLarge() {
        return !ranked;
    }

    private double auroc() {
        if (probabilities.isEmpty()) {
            return Double.NaN;
        }
        float[][] rows = probabilities.toArray(float[][]::new);
        return truths.isEmpty()
                ? RocAuc.of(rows, labels.toArray())
                : MultiLabelScores.of(rows, truths.toArray(boolean[][]::new)).auroc();
    }

    Scores scores(double loss) {
        return new Scores(loss, total == 0 ? Double.NaN : (double) right / total, auroc(), predicted.cardinality());
    }
}
