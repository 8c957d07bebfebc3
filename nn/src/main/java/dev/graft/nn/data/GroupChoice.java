package dev.graft.nn.data;

import dev.graft.random.Draw;
import java.util.Arrays;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Chooses whole groups to hold back so that the share of all examples, and of each class, is near a fraction. The exact
 * choice is a knapsack problem. A local search from random starts, which moves one group at a time, comes close in time
 * linear in the number of examples.
 */
final class GroupChoice {
    private static final int STARTS = 16;
    private static final int PASSES = 20;

    /** For each group: its classes, and how many examples of each. */
    private final int[][] classes;

    private final int[][] counts;
    private final int examples;
    private final double fraction;
    private final int[] classSizes;
    /** Whether a class occurs in two or more groups, so that both sides can have it. */
    private final boolean[] divisible;

    private boolean[] held = {};
    private int heldGroups;
    private int heldExamples;
    private int[] heldOfClass = {};

    /** @param members the examples of each group; two or more groups */
    GroupChoice(int[][] members, int[] labels, double fraction) {
        int[] values = Arrays.stream(labels).distinct().sorted().toArray();
        this.examples = labels.length;
        this.fraction = fraction;
        this.classSizes = new int[values.length];
        this.divisible = new boolean[values.length];
        this.classes = new int[members.length][];
        this.counts = new int[members.length][];
        for (int g = 0; g < members.length; g++) {
            TreeMap<Integer, Integer> ofClass = new TreeMap<>();
            for (int i : members[g]) {
                ofClass.merge(Arrays.binarySearch(values, labels[i]), 1, Integer::sum);
            }
            classes[g] = ofClass.keySet().stream().mapToInt(Integer::intValue).toArray();
            counts[g] = ofClass.values().stream().mapToInt(Integer::intValue).toArray();
            ofClass.forEach((c, count) -> {
                divisible[c] |= classSizes[c] > 0;
                classSizes[c] += count;
            });
        }
    }

    /** Which groups to hold back: at least one, and not all. */
    boolean[] best(RandomGenerator random) {
        boolean[] best = {};
        double least = Double.POSITIVE_INFINITY;
        for (int start = 0; start < STARTS; start++) {
            search(random);
            double cost = cost();
            if (cost < least) {
                least = cost;
                best = held;
            }
        }
        return best;
    }

    private void search(RandomGenerator random) {
        held = new boolean[classes.length];
        heldGroups = 0;
        heldExamples = 0;
        heldOfClass = new int[classSizes.length];
        int[] order = IntStream.range(0, classes.length).toArray();
        Draw.shuffle(order, random);
        boolean moved = true;
        for (int pass = 0; moved && pass < PASSES; pass++) {
            moved = false;
            for (int g : order) {
                moved |= improves(g);
            }
        }
    }

    /** Moves a group to the other side if that costs less. */
    private boolean improves(int group) {
        double before = cost(group);
        move(group);
        boolean better = cost(group) < before;
        if (!better) {
            move(group);
        }
        return better;
    }

    private void move(int group) {
        int step = held[group] ? -1 : 1;
        held[group] = !held[group];
        heldGroups += step;
        for (int k = 0; k < classes[group].length; k++) {
            heldExamples += step * counts[group][k];
            heldOfClass[classes[group][k]] += step * counts[group][k];
        }
    }

    private double cost() {
        double sum = ofWhole();
        for (int c = 0; c < classSizes.length; c++) {
            sum += ofClass(c);
        }
        return sum;
    }

    /** The part of the cost that moving this group may change. */
    private double cost(int group) {
        double sum = ofWhole();
        for (int c : classes[group]) {
            sum += ofClass(c);
        }
        return sum;
    }

    private double ofWhole() {
        double deviation = (double) heldExamples / examples - fraction;
        boolean oneSided = heldGroups == 0 || heldGroups == classes.length;
        return deviation * deviation + (oneSided ? 2.0 + classSizes.length : 0);
    }

    private double ofClass(int c) {
        double deviation = (double) heldOfClass[c] / classSizes[c] - fraction;
        boolean oneSided = divisible[c] && (heldOfClass[c] == 0 || heldOfClass[c] == classSizes[c]);
        return deviation * deviation / classSizes.length + (oneSided ? 1 : 0);
    }
}
