package dev.graft.nn.data;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Some examples of a data set, such as one side of a {@link Split}; the classes stay those of the whole, if it has any.
 */
public final class Subset implements LabelledDataset {
    private final Dataset<Example> whole;
    private final int[] indices;

    public Subset(Dataset<Example> whole, int[] indices) {
        for (int index : indices) {
            if (index < 0 || index >= whole.size()) {
                throw new IllegalArgumentException("subset: index " + index + " is not in [0, " + whole.size() + ")");
            }
        }
        this.whole = whole;
        this.indices = indices.clone();
    }

    @Override
    public int size() {
        return indices.length;
    }

    @Override
    public Example get(int index, RandomGenerator random) {
        return whole.get(indices[index], random);
    }

    @Override
    public boolean loadsBatches() {
        return whole.loadsBatches();
    }

    @Override
    public Batch batch(int... positions) {
        Batch batch = whole.batch(
                Arrays.stream(positions).map(index -> indices[index]).toArray());
        return new Batch(batch.allInputs(), batch.allTargets(), positions);
    }

    @Override
    public String describe(int index) {
        return whole.describe(indices[index]);
    }

    /** @throws IllegalStateException if the whole data set has no classes */
    @Override
    public int[] labels() {
        int[] labels = labelled().labels();
        return Arrays.stream(indices).map(index -> labels[index]).toArray();
    }

    @Override
    public int label(int index) {
        return labelled().label(indices[index]);
    }

    @Override
    public List<String> classes() {
        return labelled().classes();
    }

    @Override
    public boolean isMultiLabel() {
        return whole instanceof LabelledDataset data && data.isMultiLabel();
    }

    @Override
    public boolean[] has(int index) {
        return labelled().has(indices[index]);
    }

    private LabelledDataset labelled() {
        if (whole instanceof LabelledDataset data) {
            return data;
        }
        throw new IllegalStateException("subset: a " + whole.getClass().getSimpleName()
                + " has no classes. Hint: let the data set implement LabelledDataset.");
    }

    /** The position of an example in the whole data set. */
    public int original(int index) {
        return indices[index];
    }
}
