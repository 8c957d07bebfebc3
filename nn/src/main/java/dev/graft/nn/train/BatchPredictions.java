package dev.graft.nn.train;

import dev.graft.nn.loss.Loss;
import dev.graft.nn.metric.Accuracy;
import dev.graft.nn.metric.MultiLabelScores;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * A batch's probabilities and true classes on the host, without the examples whose label does not count.
 *
 * @param labels the class of each; without values for several labels at once
 * @param rows the position of each in the batch
 * @param truths which labels each has, if it may have several; without rows otherwise
 */
record BatchPredictions(float[][] probabilities, int[] labels, int[] rows, boolean[][] truths) {
    /** A soft label counts as what is more likely. */
    private static final float YES = 0.5f;

    /** Of one class for each example. */
    BatchPredictions(float[][] probabilities, int[] labels, int[] rows) {
        this(probabilities, labels, rows, new boolean[0][]);
    }

    /** Empty if the loss is not for classification. */
    @SuppressWarnings("try")
    static Optional<BatchPredictions> of(Loss criterion, List<Tensor> outputs, List<Tensor> targets) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            return criterion
                    .classProbabilities(outputs, targets)
                    .map(p -> p.multiLabel()
                            ? decisions(p.probabilities(), p.labels())
                            : answers(p.probabilities(), p.labels(), p.ignoredLabel()));
        }
    }

    private static BatchPredictions decisions(Tensor probabilities, Tensor targets) {
        float[][] wanted = rows(targets.to(DType.F32));
        boolean[][] truths = new boolean[wanted.length][];
        for (int i = 0; i < wanted.length; i++) {
            truths[i] = new boolean[wanted[i].length];
            for (int c = 0; c < wanted[i].length; c++) {
                truths[i][c] = wanted[i][c] >= YES;
            }
        }
        return new BatchPredictions(
                rows(probabilities),
                new int[0],
                IntStream.range(0, wanted.length).toArray(),
                truths);
    }

    private static BatchPredictions answers(Tensor probabilities, Tensor labels, OptionalLong ignored) {
        boolean soft = labels.dtype() == DType.F32
                && labels.rank() == 2
                && labels.shape().equals(probabilities.shape());
        return counted(rows(probabilities), classes(labels, soft), soft ? OptionalLong.empty() : ignored);
    }

    private static BatchPredictions counted(float[][] probabilities, int[] labels, OptionalLong ignored) {
        int[] rows = IntStream.range(0, labels.length)
                .filter(i -> ignored.isEmpty() || labels[i] != ignored.getAsLong())
                .toArray();
        return new BatchPredictions(
                Arrays.stream(rows).mapToObj(i -> probabilities[i]).toArray(float[][]::new),
                Arrays.stream(rows).map(i -> labels[i]).toArray(),
                rows);
    }

    private static float[][] rows(Tensor probabilities) {
        float[] flat = probabilities.toFloatArray();
        int classes = probabilities.dim(1);
        float[][] rows = new float[probabilities.dim(0)][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(flat, i * classes, (i + 1) * classes);
        }
        return rows;
    }

    private static int[] classes(Tensor labels, boolean soft) {
        if (soft) {
            return labels.argmax(1).toIntArray(); // the most probable class of a soft label
        }
        int[] classes = new int[labels.numel()];
        if (labels.dtype() == DType.F32) {
            float[] values = labels.toFloatArray();
            for (int i = 0; i < classes.length; i++) {
                classes[i] = Math.round(values[i]);
            }
        } else {
            long[] values = labels.to(DType.I64).toLongArray();
            for (int i = 0; i < classes.length; i++) {
                classes[i] = Math.toIntExact(values[i]);
            }
        }
        return classes;
    }

    boolean isMultiLabel() {
        return truths.length > 0;
    }

    /** How many decisions {@link #right()} is out of. */
    int decisions() {
        return isMultiLabel() ? truths.length * truths[0].length : labels.length;
    }

    /** How many decisions are right: classes, or labels by {@link MultiLabelScores#THRESHOLD}. */
    int right() {
        int right = 0;
        for (int i = 0; i < truths.length; i++) {
            for (int c = 0; c < truths[i].length; c++) {
                right += probabilities[i][c] >= MultiLabelScores.THRESHOLD == truths[i][c] ? 1 : 0;
            }
        }
        if (isMultiLabel()) {
            return right;
        }
        int[] predictions = Accuracy.predictions(probabilities);
        for (int i = 0; i < labels.length; i++) {
            right += predictions[i] == labels[i] ? 1 : 0;
        }
        return right;
    }
}
