package dev.graft.nn.train;

import java.util.List;
import java.util.OptionalInt;

/**
 * Decides which epoch is the best: the one with the best monitored score and, among equals, the lowest validation loss.
 * With small validation sets, many epochs have the same accuracy.
 */
final class BestEpoch {
    private BestEpoch() {}

    /**
     * Whether an epoch beats the best one so far. It uses only what a checkpoint keeps, so that a resumed run agrees.
     */
    static boolean isBeatenBy(Scores scores, Monitor monitor, TrainState state) {
        double score = monitor.of(scores);
        return state.bestEpoch.isEmpty()
                || monitor.better(score, state.bestScore)
                || (score == state.bestScore && scores.loss() < loss(state));
    }

    private static double loss(TrainState state) {
        return state.history.stream()
                .filter(result -> result.epoch() == state.bestEpoch.getAsInt())
                .flatMap(result -> result.validation().stream())
                .mapToDouble(Scores::loss)
                .findFirst()
                .orElse(Double.NEGATIVE_INFINITY);
    }

    /**
     * The last epoch whose monitored score itself was better than all before it. Early stopping counts from here: a
     * loss that slowly decreases under a constant accuracy would otherwise never let it stop.
     */
    static OptionalInt lastBetterScore(List<EpochResult> history, Monitor monitor) {
        OptionalInt last = OptionalInt.empty();
        double best = Double.NaN;
        for (EpochResult result : history) {
            double score = result.validation().map(monitor::of).orElse(Double.NaN);
            if (!Double.isNaN(score) && (last.isEmpty() || monitor.better(score, best))) {
                last = OptionalInt.of(result.epoch());
                best = score;
            }
        }
        return last;
    }
}
