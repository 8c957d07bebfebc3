package dev.graft.nn.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Sorts example indices by class, or by what else they belong to. */
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

    /** The examples of each value, in the order in which values first occur. */
    static int[][] byValue(List<?> values) {
        Map<Object, List<Integer>> groups = new LinkedHashMap<>();
        for (int i = 0; i < values.size(); i++) {
            groups.computeIfAbsent(values.get(i), g -> new ArrayList<>()).add(i);
        }
        return groups.values().stream().map(LabelGroups::toArray).toArray(int[][]::new);
    }

    static int[] toArray(List<Integer> values) {
        return values.stream().mapToInt(Integer::intValue).toArray();
    }
}
