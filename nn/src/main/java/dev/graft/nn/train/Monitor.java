package dev.graft.nn.train;

import java.util.Locale;

/** The validation score that decides which epoch is the best. */
public enum Monitor {
    LOSS, ACCURACY, AUROC;

    double of(Scores scores) {
        return switch (this) {
            case LOSS -> scores.loss();
            case ACCURACY -> scores.accuracy();
            case AUROC -> scores.auroc();
        };
    }

    /** An undefined score, such as the AUROC of a single class, never beats a defined one. */
    boolean better(double candidate, double best) {
        return this == LOSS ? candidate < best : candidate > best;
    }

    /** As in a sentence. */
    @Override
    public String toString() {
        return this == AUROC ? name() : name().toLowerCase(Locale.ROOT);
    }
}
