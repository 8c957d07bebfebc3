package dev.graft.nn.data;

import dev.graft.random.Draw;
import java.util.Arrays;
import java.util.Comparator;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Divides whole groups among parts so that each part's share of all examples, and of each class, is near a wanted
 * share. The exact division is a knapsack problem. What is minimised is
 *
 * <pre>
 * sum over parts p:  ((examples(p) / examples - share(p))^2
 *                     + mean over classes c of (examples(c, p) / examples(c) - share(p))^2) / (parts * share(p))
 *                    + the number of classes that p lacks  (+ 2 + classes if p is empty)
 * </pre>
 *
 * by a local search from some starts. A start gives each group, the largest first or in random order, to the part where
 * it costs least. Since a part's deviations count in proportion to its share, as in Pearson's chi-square, a small part
 * gets large groups as well as a large part does; the plain squares would fill the large part first, and leave it the
 * only one with large groups. The search then moves single groups, and exchanges two groups of different parts, as long
 * as that costs less. Its time is linear in the number of examples.
 */
final class GroupParts {
    private static final int STARTS = 16;
    private static final int PASSES = 20;
    /** With how many others each group is compared for an exchange, once no single group can move. */
    private static final int PARTNERS = 8;
    /** What rounding may make of no difference. */
    private static final double NOTABLE = 1e-12;

    private static final int NOWHERE = -1;

    /** For each group: its classes, and how many examples of each. */
    private final int[][] classes;

    private final int[][] counts;
    private final int[] sizes;
    private final int examples;
    private final double[] shares;
    /** For each part; 1 for parts of equal shares. */
    private final double[] weights;

    /** What no deviation outweighs. */
    private final double heaviest;

    private final int[] classSizes;

    private int[] partOf = {};
    private int[] groupsIn = {};
    private int[] examplesIn = {};
    /** {@code [part][class]}. */
    private int[][] ofClassIn = {};

    /**
     * What to divide.
     *
     * @param members the examples of each group; as many groups as parts, or more
     * @param labels the class of each example
     * @param shares what each part shall have of all; their sum is 1
     */
    GroupParts(int[][] members, int[] labels, double[] shares) {
        int[] values = Arrays.stream(labels).distinct().sorted().toArray();
        this.examples = labels.length;
        this.shares = shares.clone();
        this.weights =
                Arrays.stream(shares).map(share -> 1.0 / shares.length / share).toArray();
        this.heaviest = Arrays.stream(weights).max().orElse(1);
        this.classSizes = new int[values.length];
        this.classes = new int[members.length][];
        this.counts = new int[members.length][];
        this.sizes = new int[members.length];
        for (int g = 0; g < members.length; g++) {
            TreeMap<Integer, Integer> ofClass = new TreeMap<>();
            for (int i : members[g]) {
                ofClass.merge(Arrays.binarySearch(values, labels[i]), 1, Integer::sum);
            }
            classes[g] = ofClass.keySet().stream().mapToInt(Integer::intValue).toArray();
            counts[g] = ofClass.values().stream().mapToInt(Integer::intValue).toArray();
            sizes[g] = members[g].length;
            ofClass.forEach((c, count) -> classSizes[c] += count);
        }
    }

    /** The part of each group; no part is empty. */
    int[] best(RandomGenerator random) {
        int[] best = {};
        double least = Double.POSITIVE_INFINITY;
        for (int start = 0; start < STARTS; start++) {
            search(random, start % 2 == 0);
            double cost = cost();
            if (cost < least - NOTABLE) {
                least = cost;
                best = partOf.clone();
            }
        }
        return best;
    }

    private void search(RandomGenerator random, boolean largestFirst) {
        partOf = new int[classes.length];
        Arrays.fill(partOf, NOWHERE);
        groupsIn = new int[shares.length];
        examplesIn = new int[shares.length];
        ofClassIn = new int[shares.length][classSizes.length];
        int[] order = IntStream.range(0, classes.length).toArray();
        Draw.shuffle(order, random);
        int[] first = largestFirst
                ? Arrays.stream(order)
                        .boxed()
                        .sorted(Comparator.comparingInt((Integer g) -> sizes[g]).reversed())
                        .mapToInt(Integer::intValue)
                        .toArray()
                : order;
        for (int g : first) {
            move(g, cheapest(g));
        }
        boolean better = true;
        for (int pass = 0; better && pass < PASSES; pass++) {
            better = false;
            for (int g : order) {
                int part = cheapest(g);
                if (part != partOf[g]) {
                    move(g, part);
                    better = true;
                }
            }
            for (int i = 0; !better && i < order.length * PARTNERS; i++) {
                better = exchange(order[i / PARTNERS], Draw.below(random, order.length));
            }
        }
    }

    /** The part where a group costs least; its own, where no other is better. */
    private int cheapest(int group) {
        int own = partOf[group];
        int best = own == NOWHERE ? 0 : own;
        double least = own == NOWHERE ? change(group, 0) : 0;
        for (int part = 0; part < shares.length; part++) {
            double change = part == best ? least : change(group, part);
            if (change < least - NOTABLE) {
                least = change;
                best = part;
            }
        }
        return best;
    }

    /** By how much the cost grows if a group moves. */
    private double change(int group, int part) {
        int own = partOf[group];
        double before = costOf(group, own) + costOf(group, part);
        move(group, part);
        double after = costOf(group, own) + costOf(group, part);
        move(group, own);
        return after - before;
    }

    private boolean exchange(int one, int other) {
        int here = partOf[one];
        int there = partOf[other];
        if (here == there) {
            return false;
        }
        double change = change(one, there);
        move(one, there);
        change += change(other, here);
        if (change < -NOTABLE) {
            move(other, here);
            return true;
        }
        move(one, here);
        return false;
    }

    private void move(int group, int part) {
        count(group, partOf[group], -1);
        count(group, part, 1);
        partOf[group] = part;
    }

    private void count(int group, int part, int step) {
        if (part == NOWHERE) {
            return;
        }
        groupsIn[part] += step;
        examplesIn[part] += step * sizes[group];
        for (int k = 0; k < classes[group].length; k++) {
            ofClassIn[part][classes[group][k]] += step * counts[group][k];
        }
    }

    private double cost() {
        double sum = 0;
        for (int part = 0; part < shares.length; part++) {
            sum += ofWhole(part);
            for (int c = 0; c < classSizes.length; c++) {
                sum += ofClass(part, c);
            }
        }
        return sum;
    }

    /** What of a part's cost a group may change. */
    private double costOf(int group, int part) {
        if (part == NOWHERE) {
            return 0;
        }
        double sum = ofWhole(part);
        for (int c : classes[group]) {
            sum += ofClass(part, c);
        }
        return sum;
    }

    private double ofWhole(int part) {
        double deviation = (double) examplesIn[part] / examples - shares[part];
        return deviation * deviation * weights[part] + (groupsIn[part] == 0 ? (2.0 + classSizes.length) * heaviest : 0);
    }

    private double ofClass(int part, int c) {
        double deviation = (double) ofClassIn[part][c] / classSizes[c] - shares[part];
        return deviation * deviation * weights[part] / classSizes.length + (ofClassIn[part][c] == 0 ? heaviest : 0);
    }
}
