package dev.graft.examples.cli;

import java.util.Locale;

/** Scores as people read them. */
final class ScoreText {
    private ScoreText() {}

    /** Four decimals; a score that is not defined, such as the AUROC of a single class, is "n/a" and never 0.0000. */
    static String of(double score) {
        return Double.isNaN(score) ? "n/a" : String.format(Locale.ROOT, "%.4f", score);
    }

    /** As {@link #of(double)}, of a score as it stands in a report. */
    static String of(Object score) {
        return score instanceof Number number ? of(number.doubleValue()) : "n/a";
    }
}
