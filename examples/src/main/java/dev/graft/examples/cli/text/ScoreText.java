package dev.graft.examples.cli.text;

import java.util.Locale;

/** Scores as people read them. */
public final class ScoreText {
    private ScoreText() {}

    /** Four decimals; a score that is not defined, such as the AUROC of a single class, is "n/a" and never 0.0000. */
    public static String of(double score) {
        return Double.isNaN(score) ? "n/a" : String.format(Locale.ROOT, "%.4f", score);
    }

    /** As {@link #of(double)}, of a score as it stands in a report. */
    public static String of(Object score) {
        return score instanceof Number number ? of(number.doubleValue()) : "n/a";
    }
}
