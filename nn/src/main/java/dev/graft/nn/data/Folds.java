package dev.graft.nn.data;

import dev.graft.random.Draw;
import dev.graft.random.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * The parts of a k-fold cross-validation: every example is held back in exactly one fold, and trained on in all others.
 *
 * <pre>{@code
 * Folds folds = Folds.grouped(patients, labels, 5, seed);
 * for (int fold = 0; fold < folds.count(); fold++) {
 *     Split split = folds.split(fold);
 *     ...
 * }
 * }</pre>
 *
 * @param foldOf the fold, from 0, in which each example is held back
 * @param count how many folds, at least 2
 * @param notes what the user should know about them, such as a class that some folds lack; empty if all is well
 */
public record Folds(int[] foldOf, int count, List<String> notes) {
    private static final double NOTABLE_DEVIATION = 0.05;

    /** @throws IllegalArgumentException for fewer than two folds, a fold without examples, or a number that is none */
    public Folds {
        if (count < 2) {
            throw new IllegalArgumentException("folds: there must be at least 2, not " + count);
        }
        foldOf = foldOf.clone();
        boolean[] used = new boolean[count];
        for (int fold : foldOf) {
            if (fold < 0 || fold >= count) {
                throw new IllegalArgumentException("folds: fold " + fold + " is not in [0, " + count + ")");
            }
            used[fold] = true;
        }
        for (int fold = 0; fold < count; fold++) {
            if (!used[fold]) {
                throw new IllegalArgumentException("folds: fold " + fold + " of " + count + " holds no example back");
            }
        }
        notes = List.copyOf(notes);
    }

    @Override
    public int[] foldOf() {
        return foldOf.clone();
    }

    /**
     * Folds with the same share of every class. As in scikit-learn, the sizes of two folds differ by one at most, and
     * so do the numbers of each class in them.
     *
     * @param labels the class of each example
     * @param count how many folds, from 2 to the number of examples
     * @see <a
     *     href="https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.StratifiedKFold.html">StratifiedKFold</a>
     */
    public static Folds stratified(int[] labels, int count, long seed) {
        check(count, labels.length, "examples");
        int[][] members = LabelGroups.byClass(labels);
        int[] order = IntStream.range(0, members.length).toArray();
        Draw.shuffle(order, RandomStream.of(seed, "folds.stratified.order"));
        int[] foldOf = new int[labels.length];
        int dealt = 0;
        for (int c : order) {
            Draw.shuffle(members[c], RandomStream.of(seed, "folds.stratified", c));
            for (int i : members[c]) {
                foldOf[i] = dealt++ % count;
            }
        }
        return new Folds(foldOf, count, notes(foldOf, count, labels));
    }

    /** As {@link #grouped(List, int[], int, long)}, for examples without classes. */
    public static Folds grouped(List<?> groups, int count, long seed) {
        return grouped(groups, new int[groups.size()], count, seed);
    }

    /**
     * Folds that keep all examples of a group, such as one patient's images, together. Sizes, and the share of each
     * class, are as even as a local search can make them; {@code docs/splits.md} says how, and compares it with
     * scikit-learn's.
     *
     * @param groups the group of each example, compared by {@code equals}
     * @param labels the class of each example
     * @param count how many folds, from 2 to the number of groups
     * @throws IllegalArgumentException where there are fewer groups than folds
     * @see <a
     *     href="https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.StratifiedGroupKFold.html">StratifiedGroupKFold</a>
     */
    public static Folds grouped(List<?> groups, int[] labels, int count, long seed) {
        if (labels.length != groups.size()) {
            throw new IllegalArgumentException("folds: " + groups.size() + " groups for " + labels.length + " labels");
        }
        int[][] members = LabelGroups.byValue(groups);
        check(count, members.length, "groups");
        double[] shares = new double[count];
        Arrays.fill(shares, 1.0 / count);
        int[] partOf = new GroupParts(members, labels, shares).best(RandomStream.of(seed, "folds.grouped"));
        int[] foldOf = new int[labels.length];
        for (int g = 0; g < members.length; g++) {
            for (int i : members[g]) {
                foldOf[i] = partOf[g];
            }
        }
        return new Folds(foldOf, count, notes(foldOf, count, labels));
    }

    private static void check(int count, int available, String what) {
        if (count < 2) {
            throw new IllegalArgumentException("folds: there must be at least 2, not " + count);
        }
        if (available < count) {
            throw new IllegalArgumentException("folds: " + available + " " + what + " cannot be in " + count
                    + " folds, none of them empty. Hint: ask for at most " + available + " folds.");
        }
    }

    /**
     * One fold as a split: its examples are held back, and all others are trained on.
     *
     * @param fold from 0
     */
    public Split split(int fold) {
        if (fold < 0 || fold >= count) {
            throw new IllegalArgumentException("folds: fold " + fold + " is not in [0, " + count + ")");
        }
        int[] all = IntStream.range(0, foldOf.length).toArray();
        return new Split(
                Arrays.stream(all).filter(i -> foldOf[i] != fold).toArray(),
                Arrays.stream(all).filter(i -> foldOf[i] == fold).toArray(),
                List.of());
    }

    /** The same folds, whose {@link #notes} name classes instead of counting them. */
    public Folds named(List<String> classes) {
        return new Folds(foldOf, count, Split.named(notes, classes));
    }

    /** The same folds without the {@link #notes} on classes, for labels that mean nothing to a reader. */
    public Folds withoutClasses() {
        return new Folds(foldOf, count, Split.withoutClasses(notes));
    }

    private static List<String> notes(int[] foldOf, int count, int[] labels) {
        List<String> notes = new ArrayList<>();
        int[] sizes = new int[count];
        Arrays.stream(foldOf).forEach(fold -> sizes[fold]++);
        for (int fold = 0; fold < count; fold++) {
            double share = (double) sizes[fold] / foldOf.length;
            if (Math.abs(share - 1.0 / count) > Math.max(NOTABLE_DEVIATION, 1.0 / foldOf.length)) {
                notes.add(String.format(
                        Locale.ROOT,
                        "fold %d holds %d of %d examples back, %.0f %% rather than %.0f %%",
                        fold + 1,
                        sizes[fold],
                        foldOf.length,
                        100 * share,
                        100.0 / count));
            }
        }
        for (int[] members : LabelGroups.byClass(labels)) {
            long present = Arrays.stream(members).map(i -> foldOf[i]).distinct().count();
            if (present < count) {
                notes.add("class " + labels[members[0]] + " (" + members.length
                        + (members.length == 1 ? " example) is held back in " : " examples) is held back in ")
                        + (present == 1 ? "one fold only" : "only " + present + " of " + count + " folds"));
            }
        }
        return notes;
    }
}
