package dev.graft.nn.data;

import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** Examples that are in memory as one tensor. It reads the tensors; closing them is left to their owner. */
public final class TensorDataset implements LabelledDataset {
    private final Tensor inputs;
    private final Tensor targets;

    /**
     * @param inputs {@code [N, ...]}
     * @param targets {@code [N]} I64 classes, or {@code [N, ...]} F32
     */
    public TensorDataset(Tensor inputs, Tensor targets) {
        if (inputs.rank() < 1 || targets.rank() < 1 || inputs.dim(0) != targets.dim(0)) {
            throw new IllegalArgumentException("tensor data set: the first dimensions must agree (inputs "
                    + inputs.shape() + ", targets " + targets.shape() + ")");
        }
        this.inputs = inputs.keep();
        this.targets = targets.keep();
    }

    @Override
    public int size() {
        return inputs.dim(0);
    }

    @Override
    public Example get(int index, RandomGenerator random) {
        return new Example(inputs.select(0, index), targets.select(0, index));
    }

    /** @throws IllegalStateException if the targets are not classes */
    @Override
    public int[] labels() {
        checkClasses();
        return targets.toIntArray();
    }

    @Override
    public int label(int index) {
        checkClasses();
        try (Tensor target = targets.select(0, index)) {
            return Math.toIntExact(target.itemLong());
        }
    }

    private void checkClasses() {
        if (targets.rank() != 1 || targets.dtype() == DType.F32) {
            throw new IllegalStateException("tensor data set: targets " + targets.dtype() + " " + targets.shape()
                    + " are not classes. Hint: classes are an I64 tensor [N].");
        }
    }

    /** The numbers from 0 to the largest label. */
    @Override
    public List<String> classes() {
        int largest = IntStream.of(labels()).max().orElse(-1);
        return IntStream.rangeClosed(0, largest).mapToObj(Integer::toString).toList();
    }
}
