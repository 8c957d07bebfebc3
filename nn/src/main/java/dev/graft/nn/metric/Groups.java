package dev.graft.nn.metric;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Which cases belong together, such as the images of one patient. They are alike, so they say less than as many
 * patients would: intervals must draw or count whole groups.
 */
public final class Groups {
    private final int[] group;
    private final int count;

    private Groups(int[] group, int count) {
        this.group = group;
        this.count = count;
    }

    /**
     * Groups by their names. A blank name means that nothing is known: the case is then a group of its own.
     *
     * @param names one for each case
     */
    public static Groups of(List<String> names) {
        Map<String, Integer> numbers = new HashMap<>();
        int[] group = new int[names.size()];
        int count = 0;
        for (int i = 0; i < group.length; i++) {
            String name = names.get(i);
            Integer known = name.isBlank() ? null : numbers.get(name);
            group[i] = known == null ? count++ : known;
            if (known == null && !name.isBlank()) {
                numbers.put(name, group[i]);
            }
        }
        return new Groups(group, count);
    }

    /** Every case by itself. */
    public static Groups singletons(int cases) {
        return new Groups(IntStream.range(0, cases).toArray(), cases);
    }

    /** The number of cases. */
    public int cases() {
        return group.length;
    }

    /** The number of groups. */
    public int count() {
        return count;
    }

    /** The group of a case, in {@code [0, count)}, numbered in the order of their first cases. */
    public int of(int index) {
        return group[index];
    }

    /** Whether every case is a group of its own. */
    public boolean areSingletons() {
        return count == group.length;
    }

    /** The groups of some cases only, which are then cases 0, 1, ... */
    Groups only(int[] rows) {
        int[] number = new int[count];
        int[] few = new int[rows.length];
        int used = 0;
        for (int i = 0; i < rows.length; i++) {
            int old = group[rows[i]];
            if (number[old] == 0) {
                number[old] = ++used;
            }
            few[i] = number[old] - 1;
        }
        return new Groups(few, used);
    }

    /** Each case so many times in a row, in the same group. */
    Groups repeated(int times) {
        int[] many = new int[group.length * times];
        for (int i = 0; i < many.length; i++) {
            many[i] = group[i / times];
        }
        return new Groups(many, count);
    }

    boolean same(Groups other) {
        return Arrays.equals(group, other.group);
    }
}
