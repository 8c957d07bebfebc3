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
     * Says before a training, as far as that can be known, that this score will never be defined.
     *
     * @param judge the loss by which the validation is judged
     * @throws TrainingException where this is AUROC and all examples whose label counts are of one class
     */
    public void check(Dataset<?> validation, Loss judge) {
        MonitorCheck.classes(this, validation, judge);
    }

    /** As in a sentence. */
    @Override
    public String toString() {
        return this == AUROC ? name() : name().toLowerCase(Locale.ROOT);
    }
}
