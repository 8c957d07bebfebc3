package dev.graft.vision;

import java.util.Optional;

/**
 * What became of one image of many: a prediction, or why there is none. Exactly one of the two is there.
 *
 * @param prediction what the classifier says
 * @param failure why the image could not be read; its message is one line with the image and the fix
 */
public record PredictionOutcome(Optional<Prediction> prediction, Optional<RuntimeException> failure) {
    static PredictionOutcome of(Prediction prediction) {
        return new PredictionOutcome(Optional.of(prediction), Optional.empty());
    }

    static PredictionOutcome of(RuntimeException failure) {
        return new PredictionOutcome(Optional.empty(), Optional.of(failure));
    }

    /** The prediction, or the failure thrown. */
    public Prediction orElseThrow() {
        return prediction.orElseThrow(failure::orElseThrow);
    }
}
