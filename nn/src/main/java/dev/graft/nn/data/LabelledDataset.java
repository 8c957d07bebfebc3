package dev.graft.nn.data;

import java.util.List;

/** Examples of known classes. Labels are known without loading: splits, class weights and samplers need them. */
public interface LabelledDataset extends Dataset<Example> {

    /** The class of every example, from 0; not to be modified. */
    int[] labels();

    /** Class names; a label is an index into it. */
    List<String> classes();
}
