package dev.graft.nn.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Checks a whole training for signs that nothing was learnt although nothing failed. */
final class TrainingWarnings {
    /** A constant answer can reach half a point above guessing by ties and rounding. */
    private static final double GUESSING = 0.505;

    private static final double SAME_LOSS = 0.01;
    /** The accuracy on training data from which on its classes count as distinguished. */
    private static final double LEARNT = 0.9;

    private static final double GOOD_ACCURACY = 0.99;

    private TrainingWarnings() {}

    static List<String> of(History history) {
        List<String> warnings = new ArrayList<>();
        List<EpochResult> epochs = history.epochs();
        if (epochs.isEmpty()) {
            return warnings;
        }
        EpochResult last = epochs.get(epochs.size() - 1);
        EpochResult kept = history.best().orElse(last);
        kept.validation().ifPresent(scores -> {
            String where = " in epoch " + kept.epoch();
            if (scores.predictedClasses() == 1 && scores.accuracy() < 1) {
                warnings.add("every validation example was given the same class" + where
                        + String.format(
                                Locale.ROOT,
                                " (accuracy %.4f). Hint: %s, or weigh rare classes more.",
                                scores.accuracy(),
                                advice(epochs)));
            }
            if (scores.auroc() <= GUESSING) {
                warnings.add(String.format(
                        Locale.ROOT,
                        "the validation AUROC is %.4f%s, no better than guessing. Hint: check that labels and"
                                + " images belong together, and %s.",
                        scores.auroc(),
                        where,
                        advice(epochs)));
            }
        });
        double first = epochs.get(0).trainLoss();
        boolean moved = Math.abs(last.trainLoss() - first) > SAME_LOSS * Math.abs(first);
        if (epochs.size() > 1 && !moved && !(last.trainAccuracy() >= GOOD_ACCURACY)) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "the training loss did not move: %.4f in epoch %d, %.4f in epoch %d. Hint: use a learning rate"
                            + " ten times smaller or larger (%.3g), and check that the right parameters are trained.",
                    first,
                    epochs.get(0).epoch(),
                    last.trainLoss(),
                    last.epoch(),
                    rate(epochs)));
        }
        return List.copyOf(warnings);
    }

    /** What to try next: a smaller learning rate helps a training that is stuck, but not one that is still learning. */
    private static String advice(List<EpochResult> epochs) {
        EpochResult last = epochs.get(epochs.size() - 1);
        if (last.trainAccuracy() >= LEARNT) {
            return String.format(
                    Locale.ROOT,
                    "compare how validation and training examples are prepared and labelled, because the training examples"
                            + " are classified well (accuracy %.4f)",
                    last.trainAccuracy());
        }
        boolean falls = epochs.size() > 1
                && last.trainLoss()
                        < (1 - SAME_LOSS) * epochs.get(epochs.size() - 2).trainLoss();
        return String.format(
                Locale.ROOT,
                falls
                        ? "train for more epochs, because the training loss still falls, or use a larger learning rate than %.3g"
                        : "use a tenth of the learning rate (%.3g)",
                rate(epochs));
    }

    /** The highest rate, because a schedule's last one may be almost 0. */
    private static double rate(List<EpochResult> epochs) {
        return epochs.stream().mapToDouble(EpochResult::learningRate).max().orElse(Double.NaN);
    }
}
