package dev.graft.nn.data;

import dev.graft.random.Draw;
import dev.graft.random.RandomStream;

/**
 * Shows every class equally often. Examples of rare classes are repeated, and each is seen once before any is seen
 * again. An epoch is as long as the data set.
 */
public final class BalancedSampler implements Sampler {
    private final int size;
    private final int[][] byClass;

    /** @param labels the class of every example, from 0; classes without examples are skipped */
    public BalancedSampler(int[] labels) {
        if (labels.length == 0) {
            throw new IllegalArgumentException("balanced sampler: there are no examples");
        }
        size = labels.length;
        byClass = LabelGroups.byClass(labels);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int[] order(long seed, int epoch) {
        int[] order = new int[size];
        int filled = 0;
        for (int c = 0; c < byClass.length; c++) {
            // if the division leaves a remainder, the classes that get one draw more change from epoch to epoch
            int share =
                    size / byClass.length + (Math.floorMod(c - epoch, byClass.length) < size % byClass.length ? 1 : 0);
            int[] members = byClass[c].clone();
            for (int drawn = 0; drawn < share; drawn++) {
                int position = drawn % members.length;
                if (position == 0) {
                    Draw.shuffle(members, RandomStream.of(seed, "data.balanced.class", epoch, c, drawn));
                }
                order[filled++] = members[position];
            }
        }
        Draw.shuffle(order, RandomStream.of(seed, "data.balanced.order", epoch));
        return order;
    }
}
