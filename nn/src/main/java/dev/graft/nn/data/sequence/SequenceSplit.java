package dev.graft.nn.data.sequence;

import static dev.graft.message.Message.setting;

import dev.graft.nn.data.DataException;
import dev.graft.nn.data.Folds;
import dev.graft.random.Draw;
import dev.graft.random.RandomStream;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Labelled sequences, which of them are held back to judge, and the order in which the others are drawn for training.
 * Near-identical sequences ({@link SequenceGroups}) should be on one side; {@link #leaked()} counts those that are not.
 *
 * <pre>{@code
 * SequenceSplit split = SequenceSplit.grouped(LabelledSequences.read(Path.of("promoters.tsv")), 0);
 * int[] training = split.train(200);         // of the pool that is not held back
 * int[] judges = split.test();
 * }</pre>
 */
public final class SequenceSplit {
    private static final int FOLDS = 5;
    private static final int HELD_FOLDS = 2;
    private static final String POOL = "transfer.pool";

    private final LabelledSequences sequences;
    private final SequenceGroups groups;
    private final boolean[] held;
    private final int[] pool;

    private SequenceSplit(LabelledSequences sequences, SequenceGroups groups, boolean[] held, int[] pool) {
        this.sequences = sequences;
        this.groups = groups;
        this.held = held;
        this.pool = pool;
    }

    /**
     * Holds two fifths back, stratified by class, with near-identical sequences on one side.
     *
     * @throws DataException if there is only one class, if there are too few groups of near-identical sequences, or if
     *     all sequences of a class had to be on one side
     */
    public static SequenceSplit grouped(LabelledSequences sequences, long seed) {
        if (sequences.classes().size() < 2) {
            throw new DataException(
                    "sequences: all are of one class, " + sequences.classes().get(0)
                            + ", so there is nothing to tell apart. Hint: add sequences of another class.");
        }
        SequenceGroups groups = SequenceGroups.of(sequences.sequences());
        if (groups.count() < FOLDS) {
            throw new DataException("sequences: the " + sequences.size() + " are in " + groups.count()
                    + " groups of near-identical ones, and at least " + FOLDS
                    + " are needed to hold some back. Hint: add sequences that differ more.");
        }
        List<Integer> group = Arrays.stream(groups.groupOf()).boxed().toList();
        int[] fold = Folds.grouped(group, sequences.labels(), FOLDS, seed).foldOf();
        boolean[] held = new boolean[fold.length];
        for (int i = 0; i < fold.length; i++) {
            held[i] = fold[i] < HELD_FOLDS;
        }
        SequenceSplit split = shuffled(sequences, held, seed);
        split.checkClasses(split.poolSize());
        return split;
    }

    /**
     * A given split, whose pool is shuffled.
     *
     * @param held whether each sequence is held back
     */
    public static SequenceSplit shuffled(LabelledSequences sequences, boolean[] held, long seed) {
        return new SequenceSplit(
                sequences, SequenceGroups.of(sequences.sequences()), check(sequences, held), shuffled(held, seed));
    }

    /**
     * A given split and the order of its pool.
     *
     * @param held whether each sequence is held back
     * @param pool the sequences to draw, in this order; none is held back, and none is there twice
     */
    public static SequenceSplit ordered(LabelledSequences sequences, boolean[] held, int... pool) {
        for (int i : pool) {
            if (i < 0 || i >= held.length || held[i]) {
                throw new IllegalArgumentException("sequenceSplit: the pool has sequence " + i
                        + ", which is held back, or is none of the " + held.length);
            }
        }
        if (Arrays.stream(pool).distinct().count() < pool.length) {
            throw new IllegalArgumentException("sequenceSplit: the pool has a sequence twice");
        }
        return new SequenceSplit(
                sequences, SequenceGroups.of(sequences.sequences()), check(sequences, held), pool.clone());
    }

    private static boolean[] check(LabelledSequences sequences, boolean[] held) {
        if (held.length != sequences.size()) {
            throw new IllegalArgumentException("sequenceSplit: " + held.length + " sequences are said to be held or"
                    + " not, but there are " + sequences.size());
        }
        return held.clone();
    }

    private static int[] shuffled(boolean[] held, long seed) {
        int[] pool = IntStream.range(0, held.length).filter(i -> !held[i]).toArray();
        Draw.shuffle(pool, RandomStream.of(seed, POOL));
        return pool;
    }

    /** The same sequences held back, and those of the pool in an order that another seed decides. */
    public SequenceSplit drawn(long seed) {
        int[] others = pool.clone();
        Arrays.sort(others);
        Draw.shuffle(others, RandomStream.of(seed, POOL));
        return new SequenceSplit(sequences, groups, held, others);
    }

    /**
     * The same pool, and none to judge by whose letters, or those of a near-identical sequence, are known to somebody.
     *
     * @param isKnown asked about the letters of all sequences, in the pool or not
     */
    public SequenceSplit notJudging(Predicate<String> isKnown) {
        int[] groupOf = groups.groupOf();
        Set<Integer> known = IntStream.range(0, held.length)
                .filter(i -> isKnown.test(sequences.sequences().get(i)))
                .mapToObj(i -> groupOf[i])
                .collect(Collectors.toSet());
        boolean[] judges = held.clone();
        for (int i = 0; i < judges.length; i++) {
            judges[i] &= !known.contains(groupOf[i]);
        }
        return new SequenceSplit(sequences, groups, judges, pool);
    }

    /**
     * Refuses what cannot be learnt or judged: a class that is on one side only.
     *
     * @param size how many sequences of the pool to train on
     * @throws DataException naming the class and the side that lacks it
     */
    public void checkClasses(int size) {
        check(
                "the " + Math.min(size, pool.length) + " to train on",
                "train on more (" + setting("size") + ")",
                train(size));
        check("the " + test().length + " held back", "hold others back (" + setting("seed") + ")", test());
    }

    private void check(String side, String fix, int... rows) {
        Set<Integer> there = Arrays.stream(rows).mapToObj(sequences::label).collect(Collectors.toSet());
        List<String> missing = IntStream.range(0, sequences.classes().size())
                .filter(c -> !there.contains(c))
                .mapToObj(sequences.classes()::get)
                .toList();
        if (!missing.isEmpty()) {
            throw new DataException("sequences: none of " + side + " is of class " + String.join(", ", missing)
                    + ". Hint: " + fix + ", or add sequences of that class that differ from the others.");
        }
    }

    /** All sequences. */
    public LabelledSequences sequences() {
        return sequences;
    }

    /** Near-identical sequences. */
    public SequenceGroups groups() {
        return groups;
    }

    /** The sequences that are held back. */
    public int[] test() {
        return IntStream.range(0, held.length).filter(i -> held[i]).toArray();
    }

    /** The first sequences of the pool, or all. */
    public int[] train(int size) {
        return Arrays.copyOf(pool, Math.min(size, pool.length));
    }

    /** How many groups of near-identical sequences the first of the pool are in. */
    public int trainGroups(int size) {
        int[] groupOf = groups.groupOf();
        return (int) Arrays.stream(train(size)).map(i -> groupOf[i]).distinct().count();
    }

    /** How many sequences may be trained on. */
    public int poolSize() {
        return pool.length;
    }

    /** How many held sequences have a near-identical one in the pool: none, if the split was grouped likewise. */
    public int leaked() {
        return groups.leaked(held);
    }

    /** How many would have, had as many been held back at random. */
    public int leakedAtRandom(long seed) {
        int[] order = IntStream.range(0, held.length).toArray();
        Draw.shuffle(order, RandomStream.of(seed, "transfer.random"));
        boolean[] random = new boolean[held.length];
        for (int i = 0; i < test().length; i++) {
            random[order[i]] = true;
        }
        return groups.leaked(random);
    }
}
