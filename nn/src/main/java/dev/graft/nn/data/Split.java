package dev.graft.nn.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Two disjoint sets of example indices, each ascending.
 *
 * @param train what to learn from
 * @param held  what is held back, for validation or testing
 */
public record Split(int[] train, int[] held) {

    /**
     * Holds back the same share of every class; a class of at least two examples has one on each side.
     *
     * @param heldFraction the share to hold back, in (0, 1)
     */
    public static Split stratified(int[] labels, double heldFraction, long seed) {
        check(labels.length, heldFraction);
        boolean[] held = new boolean[labels.length];
        int[][] groups = LabelGroups.byClass(labels);
        for (int c = 0; c < groups.length; c++) {
            int[] members = groups[c];
            Seeds.shuffle(members, Seeds.random(seed, c));
            long share = Math.round(members.length * heldFraction);
            long count = members.length < 2 ? 0 : Math.max(1, Math.min(members.length - 1, share));
            for (int i = 0; i < count; i++) {
                held[members[i]] = true;
            }
        }
        return of(held);
    }

    /**
     * Keeps all examples of a group, such as one patient's images, on one side: otherwise a network is judged on patients it has
     * seen. Whole groups are held back, in random order, until the share is reached.
     *
     * @param groups the group of each example, compared by {@code equals}
     */
    public static Split grouped(List<?> groups, double heldFraction, long seed) {
        check(groups.size(), heldFraction);
        Map<Object, List<Integer>> byGroup = new LinkedHashMap<>();
        for (int i = 0; i < groups.size(); i++) {
            byGroup.computeIfAbsent(groups.get(i), g -> new ArrayList<>()).add(i);
        }
        if (byGroup.size() < 2) {
            throw new IllegalArgumentException("split: " + groups.size() + " examples form " + byGroup.size()
                    + " group, which cannot be on both sides. Hint: check the column that names the group.");
        }
        List<List<Integer>> order = new ArrayList<>(byGroup.values());
        RandomGenerator random = Seeds.random(seed);
        for (int i = order.size() - 1; i > 0; i--) {
            Collections.swap(order, i, random.nextInt(i + 1));
        }
        boolean[] held = new boolean[groups.size()];
        long wanted = Math.max(1, Math.round(groups.size() * heldFraction));
        int taken = 0;
        for (List<Integer> members : order.subList(0, order.size() - 1)) {
            if (taken >= wanted) {
                break;
            }
            members.forEach(i -> held[i] = true);
            taken += members.size();
        }
        return of(held);
    }

    private static void check(int size, double heldFraction) {
        if (!(heldFraction > 0 && heldFraction < 1)) {
            throw new IllegalArgumentException("split: the held fraction must be in (0, 1), was " + heldFraction);
        }
        if (size < 2) {
            throw new IllegalArgumentException("split: needs at least 2 examples, there are " + size);
        }
    }

    private static Split of(boolean[] held) {
        List<Integer> train = new ArrayList<>();
        List<Integer> rest = new ArrayList<>();
        for (int i = 0; i < held.length; i++) {
            (held[i] ? rest : train).add(i);
        }
        return new Split(LabelGroups.toArray(train), LabelGroups.toArray(rest));
    }
}
