package dev.graft.nn.data;

import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Examples that are in memory as whole tensors. It reads the tensors; closing them is left to their owner. */
public final class TensorDataset implements LabelledDataset {
    private final List<Tensor> inputs;
    private final List<Tensor> targets;

    /**
     * Examples of one input and one target.
     *
     * @param inputs {@code [N, ...]}
     * @param targets {@code [N]} I64 classes, or {@code [N, ...]} F32
     */
    public TensorDataset(Tensor inputs, Tensor targets) {
        this(List.of(inputs), List.of(targets));
    }

    /**
     * Examples of several inputs or targets, in the order of the network's inputs and the loss's targets.
     *
     * @param inputs at least one, each {@code [N, ...]}
     * @param targets any number, each {@code [N, ...]}
     */
    public TensorDataset(List<Tensor> inputs, List<Tensor> targets) {
        if (inputs.isEmpty()) {
            throw new IllegalArgumentException("tensor data set: there is no input");
        }
        List<Tensor> all = Stream.concat(inputs.stream(), targets.stream()).toList();
        Tensor first = inputs.get(0);
        if (all.stream().anyMatch(tensor -> tensor.rank() < 1 || tensor.dim(0) != first.dim(0))) {
            throw new IllegalArgumentException("tensor data set: the first dimensions must agree (inputs "
                    + Only.shapes(inputs) + ", targets " + Only.shapes(targets) + ")");
        }
        this.inputs = inputs.stream().map(Tensor::keep).toList();
        this.targets = targets.stream().map(Tensor::keep).toList();
    }

    @Override
    public int size() {
        return inputs.get(0).dim(0);
    }

    @Override
    public Example get(int index, RandomGenerator random) {
        return new Example(rows(inputs, index), rows(targets, index));
    }

    @Override
    public boolean loadsBatches() {
        return true;
    }

    @Override
    public Batch batch(int... indices) {
        try (Tensor rows = Tensor.of(indices, indices.length)) {
            return new Batch(
                    inputs.stream().map(tensor -> tensor.indexSelect(0, rows)).toList(),
                    targets.stream().map(tensor -> tensor.indexSelect(0, rows)).toList(),
                    indices);
        }
    }

    private static List<Tensor> rows(List<Tensor> tensors, int index) {
        return tensors.stream().map(tensor -> tensor.select(0, index)).toList();
    }

    /** @throws IllegalStateException unless there is one target, and it is a class */
    @Override
    public int[] labels() {
        return classTarget().toIntArray();
    }

    @Override
    public int label(int index) {
        try (Tensor target = classTarget().select(0, index)) {
            return Math.toIntExact(target.itemLong());
        }
    }

    private Tensor classTarget() {
        Tensor only = Only.of(targets, "tensor data set", "target", "Example.allTargets()");
        if (only.rank() != 1 || only.dtype() == DType.F32) {
            throw new IllegalStateException("tensor data set: targets " + only.dtype() + " " + only.shape()
                    + " are not classes. Hint: classes are an I64 tensor [N].");
        }
        return only;
    }

    /** The numbers from 0 to the largest label. */
    @Override
    public List<String> classes() {
        int largest = IntStream.of(labels()).max().orElse(-1);
        return IntStream.rangeClosed(0, largest).mapToObj(Integer::toString).toList();
    }
}
