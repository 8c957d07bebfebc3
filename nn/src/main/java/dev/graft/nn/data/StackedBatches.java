package dev.graft.nn.data;

import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Stacks examples, and pads the sequences among their inputs and targets at their ends to the longest of the batch. A
 * sequence {@code [length, ...]} becomes {@code [N, longest, ...]}. The lengths of each padded input, I64 {@code [N]},
 * come as one more input after all the others, in the order in which the padded inputs were named. Targets get no
 * lengths: pad them with a value that the loss ignores.
 *
 * <pre>{@code
 * DataLoader.of(sentences, 32).collate(Collate.padded(0).value(pad).targets(-100, 0))   // words, one label for each
 * }</pre>
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html">pad_sequence</a>
 */
public final class StackedBatches implements Collate {
    private static final String TARGET = "target";

    private final List<Integer> paddedInputs;
    private final double inputValue;
    private final List<Integer> paddedTargets;
    private final double targetValue;

    StackedBatches(List<Integer> paddedInputs, double inputValue, List<Integer> paddedTargets, double targetValue) {
        this.paddedInputs = paddedInputs;
        this.inputValue = inputValue;
        this.paddedTargets = paddedTargets;
        this.targetValue = targetValue;
    }

    static StackedBatches padding(int... inputs) {
        return new StackedBatches(positions("input", inputs), 0, List.of(), 0);
    }

    /** Whether it does nothing but stack. */
    boolean isPlain() {
        return paddedInputs.isEmpty() && paddedTargets.isEmpty();
    }

    private static List<Integer> positions(String what, int... positions) {
        List<Integer> list = Arrays.stream(positions).boxed().toList();
        if (list.isEmpty()
                || new HashSet<>(list).size() < list.size()
                || list.stream().anyMatch(i -> i < 0)) {
            throw new IllegalArgumentException("padding: name each " + what + " to pad once, from 0 (" + list + ")");
        }
        return list;
    }

    /** What padded inputs are filled with; 0 unless set. */
    public StackedBatches value(double padding) {
        return new StackedBatches(paddedInputs, padding, paddedTargets, targetValue);
    }

    /**
     * Also pads targets, such as one label for each element of a sequence.
     *
     * @param padding what they are filled with, such as -100, which {@code CrossEntropyLoss} ignores
     * @param targets which of the targets are sequences, from 0
     */
    public StackedBatches targets(double padding, int... targets) {
        return new StackedBatches(paddedInputs, inputValue, positions(TARGET, targets), padding);
    }

    @Override
    public Batch batch(List<Example> examples, int[] indices, RandomGenerator random) {
        List<List<Tensor>> inputs =
                columns(examples.stream().map(Example::allInputs).toList(), "inputs");
        List<List<Tensor>> targets =
                columns(examples.stream().map(Example::allTargets).toList(), "targets");
        List<Tensor> stacked = all(inputs, paddedInputs, inputValue, "input");
        for (int padded : paddedInputs) {
            long[] lengths =
                    inputs.get(padded).stream().mapToLong(t -> t.dim(0)).toArray();
            stacked.add(Tensor.of(lengths, lengths.length));
        }
        return new Batch(stacked, all(targets, paddedTargets, targetValue, TARGET), indices);
    }

    private static List<List<Tensor>> columns(List<List<Tensor>> rows, String what) {
        List<List<Tensor>> columns = new ArrayList<>();
        int count = rows.get(0).size();
        for (int row = 0; row < rows.size(); row++) {
            if (rows.get(row).size() != count) {
                throw new Misfit(
                        row,
                        "has " + rows.get(row).size() + " " + what,
                        "has " + count,
                        "give all examples the same " + what + ", in the same order");
            }
        }
        for (int column = 0; column < count; column++) {
            int c = column;
            columns.add(rows.stream().map(row -> row.get(c)).toList());
        }
        return columns;
    }

    private static List<Tensor> all(List<List<Tensor>> columns, List<Integer> padded, double value, String what) {
        for (int position : padded) {
            if (position >= columns.size()) {
                throw new IllegalArgumentException("padding: there is no " + what + " " + position + ", examples have "
                        + columns.size() + ". Hint: " + what + "s count from 0.");
            }
        }
        List<Tensor> all = new ArrayList<>();
        for (int column = 0; column < columns.size(); column++) {
            String which =
                    columns.size() > 1 ? "(" + what + " " + column + ") " : what.equals(TARGET) ? "(target) " : "";
            all.add(
                    padded.contains(column)
                            ? padded(columns.get(column), value, which)
                            : stacked(columns.get(column), which));
        }
        return all;
    }

    private static Tensor stacked(List<Tensor> tensors, String which) {
        Tensor first = tensors.get(0);
        for (int row = 0; row < tensors.size(); row++) {
            checkSame(
                    row,
                    first,
                    tensors.get(row),
                    first.shape().equals(tensors.get(row).shape()),
                    which);
        }
        if (first.rank() > 0 || first.dtype() != DType.I64) {
            return Tensor.stack(0, tensors);
        }
        long[] labels = tensors.stream().mapToLong(Tensor::itemLong).toArray();
        return Tensor.of(labels, labels.length);
    }

    private static void checkSame(int row, Tensor first, Tensor tensor, boolean sameShape, String which) {
        if (!sameShape) {
            throw new Misfit(
                    row,
                    which + "is " + tensor.shape(),
                    "is " + first.shape(),
                    tensor.rank() == 0 || !fitsPadded(first, tensor)
                            ? "resize or crop all examples to one shape"
                            : which.startsWith("(" + TARGET)
                                    ? "pad targets too, with Collate.padded(...).targets(...)"
                                    : "pad sequences with DataLoader.collate(Collate.padded(...)), or give all examples one shape");
        }
        if (tensor.dtype() != first.dtype()) {
            throw new Misfit(
                    row,
                    which + "is " + tensor.dtype() + " " + tensor.shape(),
                    "is " + first.dtype(),
                    "give all examples one element type");
        }
    }

    /** Whether they differ at most in their length. */
    private static boolean fitsPadded(Tensor first, Tensor tensor) {
        return first.rank() > 0 && first.shape().equals(tensor.shape().with(0, first.dim(0)));
    }

    private static Tensor padded(List<Tensor> tensors, double value, String which) {
        Tensor first = tensors.get(0);
        int longest = 0;
        for (int row = 0; row < tensors.size(); row++) {
            Tensor tensor = tensors.get(row);
            if (tensor.rank() < 1) {
                throw new Misfit(
                        row, which + "is " + tensor.shape(), "is " + first.shape(), "a sequence is [length, ...]");
            }
            checkSame(row, first, tensor, first.shape().equals(tensor.shape().with(0, first.dim(0))), which);
            longest = Math.max(longest, tensor.dim(0));
        }
        List<Tensor> full = new ArrayList<>();
        for (Tensor tensor : tensors) {
            Shape missing = tensor.shape().with(0, longest - tensor.dim(0));
            full.add(
                    missing.dim(0) == 0
                            ? tensor
                            : Tensor.concat(
                                    0,
                                    tensor,
                                    Tensor.zeros(first.device(), first.dtype(), missing)
                                            .fill(value)));
        }
        return Tensor.stack(0, full);
    }
}
