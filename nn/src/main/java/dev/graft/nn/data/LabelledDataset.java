package dev.graft.nn.data;

import dev.graft.tensor.Tensor;
import java.util.List;

/** Examples of known classes. Labels are known without loading: splits, class weights and samplers need them. */
public interface LabelledDataset extends Dataset<Example> {

    /**
     * The class of every example, from 0, as a new array of the data set's length.
     *
     * @throws IllegalStateException if this {@link #isMultiLabel()}
     */
    int[] labels();

    /**
     * The class of one example. Override it if that costs less than computing all {@link #labels()}: an epoch calls
     * this once for each example.
     */
    default int label(int index) {
        return labels()[index];
    }

    /** Class names; a label is an index into it. */
    List<String> classes();

    /** Whether an example has any number of the classes instead of one. */
    default boolean isMultiLabel() {
        return false;
    }

    /** Whether an example has each of the {@link #classes()}. */
    default boolean[] has(int index) {
        boolean[] has = new boolean[classes().size()];
        has[label(index)] = true;
        return has;
    }

    /** What a loss compares with: the class, or for several labels 0 or 1 for each, F32 {@code [classes]}. */
    default Example example(Tensor input, int index) {
        if (!isMultiLabel()) {
            return Example.of(input, label(index));
        }
        boolean[] has = has(index);
        float[] target = new float[has.length];
        for (int c = 0; c < has.length; c++) {
            target[c] = has[c] ? 1 : 0;
        }
        return new Example(input, Tensor.of(target, target.length));
    }
}
