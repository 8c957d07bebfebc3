package dev.graft.nn.train;

import dev.graft.nn.loss.Loss;
import dev.graft.nn.metric.Accuracy;
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
 * @param rows the position of each in the batch
 */
record BatchPredictions(float[][] probabilities, int[] labels, int[] rows) {

    /** Empty if the loss is not for classification. */
    @SuppressWarnings("try")
    static Optional<BatchPredictions> of(Loss criterion, List<Tensor> outputs, List<Tensor> targets) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            return criterion
                    .probabilities(outputs)
                    .map(p -> answers(p, criterion.labels(outputs, targets), criterion.ignoredLabel()));
        }
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

    int right() {
        int right = 0;
        int[] predictions = Accuracy.predictions(probabilities);
        for (int i = 0; i < labels.length; i++) {
            right += predictions[i] == labels[i] ? 1 : 0;
        }
        return right;
    }
}
