package dev.graft.nn.sequence;

import dev.graft.nn.data.DataException;
import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.metric.Score;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Interval;
import dev.graft.nn.metric.interval.TrainingsInterval;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
     * @param mean their mean, with an interval for the groups of near-identical sequences that judge, and for the seeds
     *     and what they draw ({@link TrainingsInterval})
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
     * @throws DataException if a class is only among those to train on, or only among those to judge by
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
            if (!Arrays.equals(split.test(), first.test())) {
                throw new IllegalArgumentException("sequence curve: the seeds hold other sequences back, so their"
                        + " scores have no common mean. Hint: draw from one split by SequenceSplit.drawn(seed).");
            }
        }
        bySeed.values().forEach(split -> sizes.forEach(split::checkClasses));
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
                        mean(all.stream().map(SequenceComparison.Answer::auroc).toList()));
                cells.add(cell);
                done.accept(cell);
            });
        }
        return new SequenceCurve(cells);
    }

    private static Estimate mean(List<Estimate> aurocs) {
        double[] scores =
                aurocs.stream().mapToDouble(auroc -> auroc.score().orNaN()).toArray();
        Interval[] each =
                aurocs.stream().flatMap(auroc -> auroc.interval().stream()).toArray(Interval[]::new);
        String name = "mean " + aurocs.get(0).name();
        for (Estimate auroc : aurocs) {
            if (!auroc.score().isDefined()) {
                return new Estimate(name, auroc.score(), Optional.empty(), Optional.empty());
            }
        }
        return new Estimate(
                name,
                Score.of(Arrays.stream(scores).sum() / scores.length),
                each.length < scores.length
                        ? Optional.empty()
                        : TrainingsInterval.of(scores, each)
                                .map(i -> new Interval(
                                        Math.max(0, i.low()), Math.min(1, i.high()), i.level(), i.method())),
                aurocs.stream().flatMap(auroc -> auroc.note().stream()).findFirst());
    }
}
