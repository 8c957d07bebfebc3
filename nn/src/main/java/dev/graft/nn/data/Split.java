package dev.graft.nn.data;

import dev.graft.random.Draw;
import dev.graft.random.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Two disjoint sets of example indices, each ascending.
 *
 * @param train what to learn from
 * @param held what is held back, for validation or testing
 * @param notes what the user should know about them, such as a class that is on only one side; empty if all is well
 */
public record Split(int[] train, int[] held, List<String> notes) {
    private static final double NOTABLE_DEVIATION = 0.05;
    private static final Pattern CLASS_NUMBER = Pattern.compile("^class (\\d+) \\(");

    public Split {
        notes = List.copyOf(notes);
    }

    /**
     * Holds back the same share of every class. As in scikit-learn, {@code ceil(share * examples)} examples are held
     * back. A class of two or more examples still has at least one on each side, and a single example is trained on.
     *
     * @param heldFraction the share to hold back, in (0, 1)
     * @see <a
     *     href="https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.StratifiedShuffleSplit.html">StratifiedShuffleSplit</a>
     */
    public static Split stratified(int[] labels, double heldFraction, long seed) {
        check(labels.length, heldFraction);
        int[][] members = LabelGroups.byClass(labels);
        int[] counts = heldOfEachClass(
                Arrays.stream(members).mapToInt(m -> m.length).toArray(),
                heldFraction,
                RandomStream.of(seed, "split.stratified.counts"));
        boolean[] held = new boolean[labels.length];
        for (int c = 0; c < members.length; c++) {
            Draw.shuffle(members[c], RandomStream.of(seed, "split.stratified", c));
            for (int i = 0; i < counts[c]; i++) {
                held[members[c][i]] = true;
            }
        }
        return of(held, labels, heldFraction);
    }

    /**
     * What rounding down leaves over goes to the largest remainders, and ties are broken at random, as in scikit-learn.
     */
    private static int[] heldOfEachClass(int[] sizes, double heldFraction, RandomGenerator random) {
        int all = Arrays.stream(sizes).sum();
        long wanted = (long) Math.ceil(heldFraction * all);
        double[] exact = Arrays.stream(sizes)
                .mapToDouble(size -> (double) size / all * wanted)
                .toArray();
        int[] counts = new int[sizes.length];
        for (int c = 0; c < sizes.length; c++) {
            counts[c] = sizes[c] < 2 ? 0 : (int) Math.max(1, Math.min(sizes[c] - 1, Math.floor(exact[c])));
        }
        int[] order = IntStream.range(0, sizes.length).toArray();
        Draw.shuffle(order, random);
        List<Integer> byRemainder = new ArrayList<>(Arrays.stream(order).boxed().toList());
        long missing = wanted - Arrays.stream(counts).asLongStream().sum();
        while (missing != 0) {
            int step = missing > 0 ? 1 : -1;
            byRemainder.sort(Comparator.comparingDouble(c -> step * (counts[c] - exact[c])));
            long before = missing;
            for (int c : byRemainder) {
                boolean room = step > 0 ? counts[c] < sizes[c] - 1 : counts[c] > 1;
                if (missing != 0 && room) {
                    counts[c] += step;
                    missing -= step;
                }
            }
            if (missing == before) {
                break; // every class needs all that it has
            }
        }
        return counts;
    }

    /**
     * Keeps all examples of a group, such as one patient's images, on one side. Otherwise a network would be evaluated
     * on patients that it has seen. The groups are chosen so that the held share is as near as possible to
     * {@code heldFraction}.
     *
     * @param groups the group of each example, compared by {@code equals}
     */
    public static Split grouped(List<?> groups, double heldFraction, long seed) {
        return grouped(groups, new int[groups.size()], heldFraction, seed);
    }

    /**
     * As {@link #grouped(List, double, long)}, with the share of each class near {@code heldFraction} too, and every
     * class on both sides if its groups allow it. The division is found by a local search; {@code docs/splits.md} says
     * how, and how near it comes.
     *
     * @param labels the class of each example
     */
    public static Split grouped(List<?> groups, int[] labels, double heldFraction, long seed) {
        check(groups.size(), heldFraction);
        if (labels.length != groups.size()) {
            throw new IllegalArgumentException("split: " + groups.size() + " groups for " + labels.length + " labels");
        }
        int[][] members = LabelGroups.byValue(groups);
        if (members.length < 2) {
            throw new IllegalArgumentException("split: " + groups.size() + " examples form " + members.length
                    + " group, which cannot be on both sides. Hint: check the column that names the group.");
        }
        int[] partOf = new GroupParts(members, labels, new double[] {1 - heldFraction, heldFraction})
                .best(RandomStream.of(seed, "split.grouped"));
        boolean[] held = new boolean[labels.length];
        for (int g = 0; g < members.length; g++) {
            for (int i : members[g]) {
                held[i] = partOf[g] == 1;
            }
        }
        return of(held, labels, heldFraction);
    }

    private static void check(int size, double heldFraction) {
        if (!(heldFraction > 0 && heldFraction < 1)) {
            throw new IllegalArgumentException("split: the held fraction must be in (0, 1), was " + heldFraction);
        }
        if (size < 2) {
            throw new IllegalArgumentException("split: needs at least 2 examples, there are " + size);
        }
    }

    /**
     * The same split, whose {@link #notes} name classes instead of counting them: {@code class malignant (1 example) is
     * ...}.
     */
    public Split named(List<String> classes) {
        return new Split(train, held, named(notes, classes));
    }

    static List<String> named(List<String> notes, List<String> classes) {
        return notes.stream()
                .map(note -> CLASS_NUMBER
                        .matcher(note)
                        .replaceFirst(match -> Matcher.quoteReplacement(
                                "class " + classes.get(Integer.parseInt(match.group(1))) + " (")))
                .toList();
    }

    /** The same split without the {@link #notes} on classes, for labels that mean nothing to a reader. */
    public Split withoutClasses() {
        return new Split(train, held, withoutClasses(notes));
    }

    static List<String> withoutClasses(List<String> notes) {
        return notes.stream().filter(note -> !CLASS_NUMBER.matcher(note).find()).toList();
    }

    private static Split of(boolean[] held, int[] labels, double heldFraction) {
        List<Integer> train = new ArrayList<>();
        List<Integer> rest = new ArrayList<>();
        for (int i = 0; i < held.length; i++) {
            (held[i] ? rest : train).add(i);
        }
        return new Split(
                LabelGroups.toArray(train), LabelGroups.toArray(rest), notes(held, labels, rest.size(), heldFraction));
    }

    private static List<String> notes(boolean[] held, int[] labels, int heldCount, double heldFraction) {
        List<String> notes = new ArrayList<>();
        double share = (double) heldCount / held.length;
        if (Math.abs(share - heldFraction) > Math.max(NOTABLE_DEVIATION, 1.0 / held.length)) {
            notes.add(String.format(
                    Locale.ROOT,
                    "%d of %d examples are held back, %.0f %% rather than %.0f %%",
                    heldCount,
                    held.length,
                    100 * share,
                    100 * heldFraction));
        }
        for (int[] members : LabelGroups.byClass(labels)) {
            long heldMembers = Arrays.stream(members).filter(i -> held[i]).count();
            if (heldMembers == 0 || heldMembers == members.length) {
                notes.add("class " + labels[members[0]] + " (" + members.length
                        + (members.length == 1 ? " example) is only " : " examples) is only ")
                        + (heldMembers == 0 ? "trained on, none is held back" : "held back, none is trained on"));
            }
        }
        return notes;
    }
}
