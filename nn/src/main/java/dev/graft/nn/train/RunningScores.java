package dev.graft.nn.train;

import dev.graft.nn.metric.Accuracy;
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
        int[] predictions = Accuracy.predictions(answers.probabilities());
        for (int i = 0; i < predictions.length; i++) {
            right += predictions[i] == answers.labels()[i] ? 1 : 0;
            predicted.set(predictions[i]);
        }
        total += predictions.length;
        if (ranked && predictions.length > 0) {
            keep(answers);
        }
    }

    private void keep(BatchPredictions answers) {
        int classes = answers.probabilities()[0].length;
        if (total * classes > maxProbabilities) {
            if (monitored) {
                throw new TrainingException("training: AUROC is monitored, and the probabilities of " + total
                        + " examples or more for " + classes
                        + " classes fill half of the heap. Hint: run Java with a larger -Xmx, or monitor accuracy.");
            }
            ranked = false;
            probabilities.clear();
            return;
        }
        probabilities.addAll(Arrays.asList(answers.probabilities()));
        labels.add(answers.labels());
    }

    /** Whether AUROC was left out because it needs too much memory. */
    boolean isTooLarge() {
        return !ranked;
    }

    Scores scores(double loss) {
        return new Scores(
                loss,
                total == 0 ? Double.NaN : (double) right / total,
                probabilities.isEmpty()
                        ? Double.NaN
                        : RocAuc.of(probabilities.toArray(float[][]::new), labels.toArray()),
                predicted.cardinality());
    }
}
