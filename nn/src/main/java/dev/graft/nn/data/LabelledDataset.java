package dev.graft.nn.data;

import java.util.List;

/** Examples of known classes. Labels are known without loading: splits, class weights and samplers need them. */
public interface LabelledDataset extends Dataset<Example> {

    /** The class of every example, from 0, as a new array of the data set's length. */
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
}
