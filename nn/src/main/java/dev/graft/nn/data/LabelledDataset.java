package dev.graft.nn.data;

import java.util.List;

/** Examples of known classes. Labels are known without loading: splits, class weights and samplers need them. */
public interface LabelledDataset extends Dataset<Example> {

    /** The class of every example, from 0; a new array, as long as the data set. */
    int[] labels();

    /**
     * The class of one example. Override it where that costs less than all {@link #labels()}: an epoch asks once for
     * each example.
     */
    default int label(int index) {
        return labels()[index];
    }

    /** Class names; a label is an index into it. */
    List<String> classes();
}
