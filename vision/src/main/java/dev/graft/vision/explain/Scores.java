package dev.graft.vision.explain;

import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The scores of chosen classes. */
final class Scores {
    private Scores() {}

    /** The class of each row. */
    static int[] classes(String what, Tensor scores, int[] classes) {
        if (scores.rank() != 2) {
            throw new IllegalArgumentException(what + ": the network's output is " + scores.shape()
                    + ", not [N, classes]. Hint: explain a network that classifies images.");
        }
        int rows = scores.dim(0);
        int count = scores.dim(1);
        if (classes.length == 0) {
            float[] values = scores.detach().toFloatArray();
            return IntStream.range(0, rows)
                    .map(row -> argmax(values, row * count, count))
                    .toArray();
        }
        if (classes.length != 1 && classes.length != rows) {
            throw new IllegalArgumentException(what + ": " + classes.length + " classes for " + rows
                    + " images. Hint: give one for all, or one for each.");
        }
        for (int index : classes) {
            if (index < 0 || index >= count) {
                throw new IllegalArgumentException(what + ": there is no class " + index + ", the network has " + count
                        + ". Hint: classes count from 0.");
            }
        }
        int[] all = new int[rows];
        for (int row = 0; row < rows; row++) {
            all[row] = classes[classes.length == 1 ? 0 : row];
        }
        return all;
    }

    private static int argmax(float[] values, int from, int count) {
        int best = 0;
        for (int i = 1; i < count; i++) {
            best = values[from + i] > values[from + best] ? i : best;
        }
        return best;
    }

    /** {@code [N, classes]} to {@code [N, 1]}. */
    static Tensor of(Tensor scores, int[] classes) {
        long[] columns = Arrays.stream(classes).asLongStream().toArray();
        return scores.gather(1, Tensor.of(columns, columns.length, 1).to(scores.device()));
    }
}
