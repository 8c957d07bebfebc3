package dev.graft.nn.sequence;

import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.metric.interval.Estimate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/**
 * A {@link SequenceComparison} for several numbers of training sequences and several seeds: how many labels a
 * pretrained network saves, and whether it is worth it beside plain models.
 *
 * @param cells all sizes, and all ways of each size
 */
public record SequenceCurve(List<Cell> cells) {
    public SequenceCurve {
        cells = List.copyOf(cells);
    }

    /**
     * One way with one number of training sequences.
     *
     * @param aurocs the area under the ROC curve of each seed
     * @param mean their mean, with an interval by group of near-identical sequences
     */
    public record Cell(int size, String way, List<Double> aurocs, Estimate mean) {
        public Cell {
            aurocs = List.copyOf(aurocs);
        }
    }

    /** What to compare, given a split and a recipe. */
    @FunctionalInterface
    public interface Comparisons {
        SequenceComparison of(SequenceSplit split, SequenceTransfer recipe);
    }

    /**
     * Runs all sizes and seeds.
     *
     * @param splits of each seed: another order of the pool; all hold the same sequences back
     * @param sizes how many sequences of the pool to train on
     * @param seeds at least one
     * @param done told of each cell as soon as it is there
     * @throws IllegalArgumentException if two seeds hold other sequences back
     */
    public static SequenceCurve run(
            LongFunction<SequenceSplit> splits,
            Comparisons comparisons,
            SequenceClassifier.Head head,
            List<Integer> sizes,
            List<Long> seeds,
            Consumer<Cell> done) {
        Map<Long, SequenceSplit> bySeed = new LinkedHashMap<>();
        seeds.forEach(seed -> bySeed.put(seed, splits.apply(seed)));
        SequenceSplit first = Objects.requireNonNull(bySeed.get(seeds.get(0)));
        for (SequenceSplit split : bySeed.values()) {
            if (!java.util.Arrays.equals(split.test(), first.test())) {
                throw new IllegalArgumentException("sequence curve: the seeds hold other sequences back, so their"
                        + " scores have no common mean. Hint: draw from one split by SequenceSplit.drawn(seed).");
            }
        }
        List<Cell> cells = new ArrayList<>();
        for (int size : sizes) {
            Map<String, List<SequenceComparison.Answer>> answers = new LinkedHashMap<>();
            bySeed.forEach((seed, split) -> comparisons
                    .of(split, new SequenceTransfer(head, seed))
                    .run(size, (way, auroc) -> {})
                    .forEach((way, answer) -> answers.computeIfAbsent(way, key -> new ArrayList<>())
                            .add(answer)));
            answers.forEach((way, all) -> {
                Cell cell = new Cell(
                        Math.min(size, first.poolSize()),
                        way,
                        all.stream().map(a -> a.auroc().score().orNaN()).toList(),
                        SequenceComparison.auroc(
                                first,
                                all.stream()
                                        .map(SequenceComparison.Answer::probabilities)
                                        .toList()));
                cells.add(cell);
                done.accept(cell);
            });
        }
        return new SequenceCurve(cells);
    }
}
