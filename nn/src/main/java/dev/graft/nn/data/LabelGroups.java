package dev.graft.nn.data;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** Sorts example indices by class. */
final class LabelGroups {
    private LabelGroups() {}

    /** The examples of each class that has any, in ascending order of classes. */
    static int[][] byClass(int[] labels) {
        TreeMap<Integer, List<Integer>> groups = new TreeMap<>();
        for (int i = 0; i < labels.length; i++) {
            groups.computeIfAbsent(labels[i], c -> new ArrayList<>()).add(i);
        }
        return groups.values().stream().map(LabelGroups::toArray).toArray(int[][]::new);
    }

    static int[] toArray(List<Integer> values) {
        return values.stream().mapToInt(Integer::intValue).toArray();
    }
}
