package dev.graft.nn.train;

import dev.graft.nn.data.Dataset;
import dev.graft.nn.loss.Loss;
import java.util.Locale;

/** The validation score that decides which epoch is the best. */
public enum Monitor {
    LOSS,
    ACCURACY,
    AUROC;

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

    /**
     * Checks before a training, as far as possible, that this score can be defined.
     *
     * @param judge the validation loss
     * @throws TrainingException if this is AUROC and all examples whose label counts are of one class
     */
    public void check(Dataset<?> validation, Loss judge) {
        MonitorCheck.classes(this, validation, judge);
    }

    /** The name within a sentence. */
    @Override
    public String toString() {
        return this == AUROC ? name() : name().toLowerCase(Locale.ROOT);
    }
}
